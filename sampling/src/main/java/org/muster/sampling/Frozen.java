package org.muster.sampling;

import java.util.OptionalLong;

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
    private ControlState state; // what the hypervisor says of it
    private boolean saidOnThisConnection = true;
    private long occupiedSinceNanos; // as of the last answer
    private boolean passedOver; // when it was probed somebody else's call had it
    private boolean stopped; // its emulator, when that was last known

    /** It was a call about disks that found it so. */
    private final boolean foundByDisks;

    /** The call that it keeps; null once that returned or belongs to a connection that is gone. */
    Call sensor;

    /** False since the connection is another one: that its monitor is free then only means that nobody asked it. */
    boolean askedOnThisConnection = true;

    Release release = Release.NONE;

    private long probeAtNanos;
    private long pauseNanos;

    Frozen(long sinceNanos, ControlState state, Call sensor, long nowNanos) {
        this.sinceNanos = sinceNanos;
        this.occupiedSinceNanos = nowNanos - state.since().toNanos();
        this.probeAtNanos = sinceNanos;
        this.stopped = state.stopped().orElse(false);
        this.state = state;
        this.sensor = sensor;
        this.foundByDisks = sensor != null && sensor.tier == Tier.BLOCK && sensor.reachesMonitor();
    }

    ControlState.Kind reason() {
        return state.kind();
    }

    void state(ControlState now, long nowNanos) {
        stopped = now.stopped().orElse(stopped);
        state = now;
        saidOnThisConnection = true;
        occupiedSinceNanos = nowNanos - now.since().toNanos();
    }

    /** The connection is another one: the guest may still be frozen, but no call tells us. */
    void forgetCalls() {
        sensor = null;
        askedOnThisConnection = false;
        saidOnThisConnection = false;
        passedOver = false;
        release = Release.NONE;
    }

    /**
     * Its monitor is occupied, by no call of ours: one of a connection before this one, or of an agent before us, or somebody else's.
     *
     * @param linkLostNanos when the last link was lost: a libvirtd that was started since occupies it by itself, with none of its
     *     workers
     */
    boolean keepsCallOfOthers(OptionalLong linkLostNanos) {
        return sensor == null && (release == Release.NONE ? occupied(linkLostNanos) : passedOver);
    }

    /** The same, but it was in a call of ours that is late, so that it may keep that one. */
    boolean keepsSomeCall(OptionalLong linkLostNanos) {
        return sensor != null && occupied(linkLostNanos);
    }

    private boolean occupied(OptionalLong linkLostNanos) {
        boolean before = linkLostNanos.isEmpty() || occupiedSinceNanos - linkLostNanos.getAsLong() < 0;
        return saidOnThisConnection && state.kind() == ControlState.Kind.OCCUPIED && before;
    }

    /** An emulator that was stopped waits for no disk: it was only by chance that a call about disks met it first. */
    GuestStats.Cause cause() {
        if (foundByDisks && !stopped) {
            return GuestStats.Cause.STORAGE;
        }
        return state.kind() == ControlState.Kind.OCCUPIED ? GuestStats.Cause.MONITOR : GuestStats.Cause.BUSY;
    }

    /** Not before that is it asked whether it is back. */
    long probeAtNanos() {
        return probeAtNanos;
    }

    void probeNoLaterThan(long nanos) {
        probeAtNanos = nanos - probeAtNanos < 0 ? nanos : probeAtNanos;
    }

    /** It was busy with somebody else's call: it is probed again a little later, then less and less often. */
    void probeLater(long now, long firstPauseNanos, long longestPauseNanos) {
        passedOver = true;
        pauseNanos = Math.min(longestPauseNanos, Math.max(firstPauseNanos, 2 * pauseNanos));
        probeAtNanos = now + pauseNanos;
    }
}
