package org.muster.agent.create;

import java.util.Optional;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;

/** How far the calls came of a launch whose outcome is unknown: what may yet come of them, and whether its guest may have run. */
enum Furthest {
    /** No call that changes anything: nothing can come of it. */
    LOOK_UP,
    /** A define, which may come through late. It starts nothing. */
    DEFINE,
    /** A start, of which nobody has been told anything: libvirtd knows whether the guest has run. */
    START,
    /**
     * A former life of ours wrote down that it was about to make the call. It may have told that the guest runs, and libvirtd may have
     * been restarted since, after which it knows nothing of guests that ended before.
     */
    START_BEFORE;

    /** Something of it may come through late in libvirtd. */
    boolean mayComeThrough() {
        return this != LOOK_UP;
    }

    /**
     * Without proof of the contrary it may have, and is not started again.
     *
     * @param now its domain, which does not run; empty if there is none
     */
    boolean mayHaveRun(Optional<DomainRecord> now) {
        return switch (this) {
            case LOOK_UP, DEFINE -> false;
            // No domain: somebody has deleted it, for a reason.
            case START ->
                now.map(DomainRecord::shutoffReason).filter(Furthest::neverRan).isEmpty();
            case START_BEFORE -> true;
        };
    }

    private static boolean neverRan(ShutoffReason reason) {
        return switch (reason) {
            case UNKNOWN, FAILED -> true;
            // A new libvirtd ends a QEMU whose CPUs the former one had not let go yet; one whose CPUs run it takes
            // over.
            case DAEMON -> true;
            case SHUTDOWN, DESTROYED, CRASHED, MIGRATED, SAVED, FROM_SNAPSHOT -> false;
        };
    }
}
