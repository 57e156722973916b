package org.muster.sampling;

import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What sampling was doing at one moment.
 *
 * @param frozen guests left out, the longest frozen first
 * @param suspects guests that were in a call which hung on another one and have not answered since
 * @param stuckCalls calls of the present connection that are late and have not returned
 * @param degraded true while suspects cannot be asked for want of budget
 * @param connected false while the hypervisor itself does not answer
 * @param busyWorkers threads in a call, {@code workers} is how many there are
 * @param waiting parts of a cycle that wait for a thread or for budget
 * @param lastCycles absent until the tier's first cycle has ended
 */
public record SamplerState(
        List<FrozenGuest> frozen,
        int suspects,
        int stuckCalls,
        boolean degraded,
        boolean connected,
        int busyWorkers,
        int workers,
        int waiting,
        Map<Tier, Cycle> lastCycles) {

    public SamplerState {
        frozen = List.copyOf(frozen);
        lastCycles = Map.copyOf(lastCycles);
    }

    /** @param sinceNanos when the call that it keeps was made, on the sampler's clock */
    public record FrozenGuest(UUID domain, ControlState.Kind reason, long sinceNanos) {}

    /**
     * One finished cycle.
     *
     * @param durationNanos from its first call until its last answer
     * @param calls bulk calls it took
     * @param late how many of them were late
     */
    public record Cycle(long startedAtNanos, long durationNanos, int calls, int late) {}
}
