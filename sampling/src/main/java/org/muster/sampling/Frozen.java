package org.muster.sampling;

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

    /** The call that it keeps; null once that returned or belongs to a connection that is gone. */
    Call sensor;

    /** False since the connection is another one: that its monitor is free then only means that nobody asked it. */
    boolean askedOnThisConnection = true;

    Release release = Release.NONE;

    Frozen(long sinceNanos, ControlState.Kind reason, Call sensor) {
        this.sinceNanos = sinceNanos;
        this.reason = reason;
        this.sensor = sensor;
    }
}
