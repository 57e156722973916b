package org.muster.sampling;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What sampling was doing at one moment.
 *
 * @param frozen guests left out, the longest frozen first
 * @param suspects guests that were in a call which hung on another one and have not answered since
 * @param stuckCalls calls of the present connection that are late and have not returned
 * @param health what keeps samples of all guests from coming; OK if nothing does
 * @param degraded true while suspects cannot be asked for want of budget
 * @param connected false while the hypervisor itself does not answer
 * @param busyWorkers threads in a call, {@code workers} is how many there are
 * @param waiting parts of a cycle that wait for a thread or for budget
 * @param lastCycles absent until the tier's first cycle has ended
 * @param cpuAccount empty until it was found out with a guest
 */
public record SamplerState(
        List<FrozenGuest> frozen,
        int suspects,
        int stuckCalls,
        Health health,
        boolean degraded,
        boolean connected,
        int busyWorkers,
        int workers,
        int waiting,
        Map<Tier, Cycle> lastCycles,
        Optional<CpuAccount> cpuAccount) {

    public SamplerState {
        frozen = List.copyOf(frozen);
        lastCycles = Map.copyOf(lastCycles);
    }

    /** What keeps samples of guests from coming that are not to blame for it, the worst of what is so. */
    public enum Health {
        OK,
        /** Other guests that hang keep so many calls that no more may be risked. */
        DEGRADED,
        /** The hypervisor answers, but our calls do not get through it: none is free, or its workers are used up. */
        SATURATED,
        /** There is no connection to the hypervisor, or it does not answer at all. */
        DOWN
    }

    /**
     * A guest that is left out.
     *
     * @param sinceNanos when the call that it keeps was made, on the sampler's clock
     * @param thread that waits for that call; empty if no call of ours is known to be kept
     */
    public record FrozenGuest(
            UUID domain, ControlState.Kind reason, GuestStats.Cause cause, long sinceNanos, Optional<String> thread) {}

    /**
     * One finished cycle.
     *
     * @param durationNanos from its first call until its last answer
     * @param calls bulk calls it took
     * @param late how many of them were late
     * @param missed how many turns of the tier had passed when it ended: the cycles that were not made, since cycles never
     *     overlap
     */
    public record Cycle(long startedAtNanos, long durationNanos, int calls, int late, int missed) {}
}
