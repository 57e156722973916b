package org.muster.sampling;

import java.time.Duration;
import java.util.Optional;

/**
 * What the hypervisor says about a domain's monitor, without asking the monitor (virDomainGetControlInfo).
 *
 * @param since how long it has been in this state, zero when the hypervisor does not say; without answer, how long ago it was asked
 * @param stopped the emulator does not run at all (SIGSTOP, a debugger), by the kernel's word; empty if that is not known
 */
public record ControlState(Kind kind, Duration since, Optional<Boolean> stopped) {

    /** Of an emulator of which the kernel was not asked. */
    public ControlState(Kind kind, Duration since) {
        this(kind, since, Optional.empty());
    }

    /** The states of virDomainControlState, and the one that libvirt has no word for. */
    public enum Kind {
        /** Ready for a command. */
        OK,
        /** A job holds the domain, outside the monitor; also what a libvirtd looks like that waits for a dead disk. */
        JOB,
        /** A monitor command is under way and has not been answered. */
        OCCUPIED,
        /** The monitor is broken. */
        ERROR,
        /** The question itself was not answered in time: somebody holds the domain's lock. */
        NO_ANSWER
    }
}
