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

    static Outcome of(HypervisorException failure) {
        return switch (failure.kind()) {
            // FAILED: a missing disk, or a monitor that did not show up, in which nearly always QEMU itself did not
            case NO_SUCH_DOMAIN, ALREADY_EXISTS, INVALID_SPEC, WRONG_STATE, DENIED, UNSUPPORTED, FAILED -> NOTHING;
            // nobody had a worker, a connection, the time, a process or a file for it
            case BUSY, TIMED_OUT, DISCONNECTED, EXHAUSTED -> OVERLOADED;
        };
    }
}
