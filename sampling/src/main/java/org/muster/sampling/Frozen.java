package org.muster.sampling;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Why a guest is left out, and what tells that it is back. Confined to the thread {@code sampler}.
 */
final class Frozen {
    /** How a frozen guest comes back. */
    enum Release {
        /** Nothing has been heard of it. */
        NONE,
        /** Its call has returned, or its monitor is free after having been occupied: it will answer. */
        PROVEN,
        /** It looks free, but was not asked anything since libvirtd restarted: it may hang again. */
        UNPROVEN
    }

    final long sinceNanos;
    ControlState.Kind reason;

    private static final int STILL_WINDOWS = 2; // in a row, each as long as an interval
    private static final double BUSY_PERCENT = 1; // several clock ticks in a second

    /** It was a call about disks that found it so. */
    private boolean foundByDisks;

    private final double percentBefore; // of a CPU, while it was still sampled
    private int stillWindows;

    /** The call that it keeps; null once that returned or belongs to a connection that is gone. */
    Call sensor;

    /** False since the connection is another one: that its monitor is free then only means that nobody asked it. */
    boolean askedOnThisConnection = true;

    Release release = Release.NONE;

    private long probeAtNanos;
    private long pauseNanos;

    Frozen(long sinceNanos, ControlState.Kind reason, Call sensor, Optional<GuestStats.Cpu> cpuBefore) {
        this.sinceNanos = sinceNanos;
        this.probeAtNanos = sinceNanos;
        this.reason = reason;
        this.sensor = sensor;
        this.percentBefore =
                cpuBefore.map(Frozen::percent).orElse(OptionalDouble.empty()).orElse(0);
        this.foundByDisks = sensor != null && sensor.tier == Tier.BLOCK && sensor.reachesMonitor();
    }

    GuestStats.Cause cause() {
        if (foundByDisks) {
            return GuestStats.Cause.STORAGE;
        }
        return reason == ControlState.Kind.OCCUPIED ? GuestStats.Cause.MONITOR : GuestStats.Cause.BUSY;
    }

    /**
     * Takes what its CPU time is now. A guest that used CPU time and uses none at all any more does not wait for a disk: its
     * emulator has been stopped, and it was only by chance that a call about disks met it first.
     *
     * @return true if that has just been found out
     */
    boolean standsStill(Optional<GuestStats.Cpu> cpu) {
        OptionalDouble percent = cpu.map(Frozen::percent).orElse(OptionalDouble.empty());
        if (!foundByDisks || percent.isEmpty() || percentBefore < BUSY_PERCENT) {
            return false;
        }
        stillWindows = percent.getAsDouble() == 0 ? stillWindows + 1 : 0;
        foundByDisks = stillWindows < STILL_WINDOWS;
        return !foundByDisks;
    }

    private static OptionalDouble percent(GuestStats.Cpu cpu) {
        return cpu.userPercent().isPresent() && cpu.systemPercent().isPresent()
                ? OptionalDouble.of(
                        cpu.userPercent().getAsDouble() + cpu.systemPercent().getAsDouble())
                : OptionalDouble.empty();
    }

    /** Not before that is it asked whether it is back. */
    long probeAtNanos() {
        return probeAtNanos;
    }

    /** It was busy with somebody else's call: it is probed again a little later, then less and less often. */
    void probeLater(long now, long firstPauseNanos, long longestPauseNanos) {
        pauseNanos = Math.min(longestPauseNanos, Math.max(firstPauseNanos, 2 * pauseNanos));
        probeAtNanos = now + pauseNanos;
    }
}
