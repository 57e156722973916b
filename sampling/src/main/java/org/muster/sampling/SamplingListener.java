package org.muster.sampling;

import java.util.UUID;

/**
 * Told what sampling finds out about guests and about itself.
 *
 * <p>Called on the thread {@code sampler}, one call at a time; must not block, or all sampling waits. What it throws is
 * logged and goes no further. A guest that is removed while frozen or unresponsive is not reported again.
 */
public interface SamplingListener {

    /**
     * The guest keeps a call of ours and is left out from now on; told again when the cause turns out to be another one. Whoever
     * knows its name logs it.
     */
    default void frozen(UUID domain, GuestStats.Frozen frozen) {}

    /**
     * A frozen guest has answered a call of its own and is sampled as before.
     *
     * @param frozenNanos for how long it kept one
     */
    default void thawed(UUID domain, long frozenNanos) {}

    /**
     * The guest's monitor-backed values got older than {@code sampling.unresponsive-after}.
     *
     * @param ageNanos their age now
     */
    default void unresponsive(UUID domain, long ageNanos) {}

    /** An unresponsive guest's monitor has answered. */
    default void responsive(UUID domain) {}

    /**
     * There are guests that cannot be asked, because one more hanging call would endanger the hypervisor; told again
     * with false when it is over. It has been logged.
     *
     * @param frozenCount guests known to be frozen
     */
    default void degraded(boolean degraded, int frozenCount) {}

    /** What keeps samples of all guests from coming has changed, or nothing does any more. */
    default void health(SamplerState.Health health) {}

    /** Where CPU times come from: told when it is found out, and when it is another source than before. */
    default void cpuAccount(CpuAccount account) {}

    /** What a call for several guests brought is about to be stored: whoever makes something of all values may begin to wait. */
    default void storing() {}

    /** It has been stored. */
    default void stored() {}

    /** A cycle has ended. */
    default void cycle(Tier tier, SamplerState.Cycle cycle) {}

    /** The number of calls that are late and have not returned has changed. */
    default void stuckCalls(int count) {}
}
