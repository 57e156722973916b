package org.muster.sampling;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A question about the monitors of some guests.
 *
 * @param purpose what the answer is used for
 * @param domains if there is no time for all of them, the first are asked
 * @param patience how long the source may take
 * @param epoch the connection it was asked on
 */
record ControlRequest(Purpose purpose, List<UUID> domains, Duration patience, long startedAtNanos, int epoch) {
    enum Purpose {
        /** Who keeps the calls that are late. */
        CULPRITS,
        /** Which frozen guests are back, and who else has been frozen meanwhile. */
        FROZEN
    }

    /**
     * What came of it.
     *
     * @param states null if it failed; may lack some that there was no time for
     * @param failure null if it succeeded
     */
    record Answer(Map<UUID, ControlState> states, Throwable failure) {
        boolean connectionLost() {
            return StatsUnavailableException.is(failure, StatsUnavailableException.Why.CONNECTION_LOST);
        }
    }
}
