package org.muster.agent.create;

import org.muster.libvirt.HypervisorException;

/** What the end of a create says about the host. */
enum Outcome {
    /** The guest was started. */
    STARTED,
    /** Nothing: it was not tried, or what failed does not depend on how many run at once. */
    NOTHING,
    /** The host, or its libvirtd, has too much to do. */
    OVERLOADED;

    private static final int NO_MEMORY = 2; // VIR_ERR_NO_MEMORY: libvirtd's own

    static Outcome of(HypervisorException failure) {
        return switch (failure.kind()) {
            case NO_SUCH_DOMAIN, ALREADY_EXISTS, INVALID_SPEC, WRONG_STATE, DENIED, UNSUPPORTED -> NOTHING;
            case BUSY, TIMED_OUT, DISCONNECTED -> OVERLOADED; // nobody had a worker, a connection or the time for it
            case FAILED -> failure.number() == NO_MEMORY ? OVERLOADED : NOTHING; // a missing disk comes like this, too
        };
    }
}
