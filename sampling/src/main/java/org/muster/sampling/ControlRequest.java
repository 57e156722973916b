package org.muster.sampling;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
        /** Who keeps the calls that are late, of those only that stand still by the kernel's word; if none does, nobody is asked. */
        STANDING,
        /** Who keeps the calls that are late. */
        CULPRITS,
        /** Which frozen guests are back, and who else has been frozen meanwhile. */
        FROZEN
    }

    /**
     * What came of it.
     *
     * @param states null if it failed; may lack some that there was no time for
     * @param standing those whose emulators stand still; empty if that cannot be told, or was not asked
     * @param failure null if it succeeded
     */
    record Answer(Map<UUID, ControlState> states, Optional<Set<UUID>> standing, Throwable failure) {
        static Answer of(Map<UUID, ControlState> states) {
            return new Answer(states, Optional.empty(), null);
        }

        static Answer failed(Throwable failure) {
            return new Answer(null, Optional.empty(), failure);
        }

        boolean connectionLost() {
            return StatsUnavailableException.is(failure, StatsUnavailableException.Why.CONNECTION_LOST);
        }
    }
}
