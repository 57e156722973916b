package org.muster.agent.domain;

import java.util.Optional;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;

/**
 * Why a VM is Down.
 *
 * @param error exitCode 1 on the wire
 * @param reason engine-contract 5.2
 */
public record ExitInfo(boolean error, int reason, String message) {
    private static final int GENERIC_ERROR = 1;
    private static final int LOST_QEMU = 2;
    private static final int START_FAILED = 3;
    private static final int MIGRATED = 4;
    private static final int SAVED = 5;
    private static final int ADMIN_SHUTDOWN = 6;
    private static final int USER_SHUTDOWN = 7;
    private static final int NOT_FOUND = 9;
    private static final int DESTROYED_DURING_STARTUP = 10;
    private static final int TERMINATED_ON_HOST = 11;
    private static final int REBOOTED = 13;
    private static final int PAUSED_TOO_LONG = 14;

    /** A create that failed. */
    public static ExitInfo startFailed(String message) {
        return new ExitInfo(true, GENERIC_ERROR, message);
    }

    /** Destroyed on request while it ran. */
    public static ExitInfo destroyed() {
        return new ExitInfo(false, ADMIN_SHUTDOWN, "Admin shut down from the engine");
    }

    /** Destroyed on request before it ran. */
    public static ExitInfo destroyedDuringStartup() {
        return new ExitInfo(false, DESTROYED_DURING_STARTUP, "VM destroyed during the startup");
    }

    /** Taken out of the queue on request, so that it never ran. */
    public static ExitInfo cancelled() {
        return new ExitInfo(false, DESTROYED_DURING_STARTUP, "Cancelled before it was started");
    }

    /** Powered off because the guest was reset and the engine wants to start it anew then. */
    public static ExitInfo rebooted() {
        return new ExitInfo(false, REBOOTED, "Down as a part of the reboot process");
    }

    /** Powered off because a disk of its failed and did not come back in time. */
    public static ExitInfo pausedTooLong() {
        return new ExitInfo(true, PAUSED_TOO_LONG, "Down because paused for too long");
    }

    /** libvirtd has no such domain any more. */
    public static ExitInfo notFound() {
        return new ExitInfo(true, NOT_FOUND, "Failed to find the libvirt domain");
    }

    /**
     * It does not run, by what libvirtd says of it.
     *
     * @param record empty if libvirtd has no such domain: of a transient one only the event told why it ended
     */
    static ExitInfo of(Optional<DomainRecord> record, Run run) {
        return record.map(DomainRecord::shutoffReason)
                .or(run::endedAs)
                .map(reason -> of(reason, run.endedByHost()))
                .orElseGet(ExitInfo::notFound);
    }

    /** The domain is shut off, for the reason that libvirt gives. */
    public static ExitInfo of(ShutoffReason reason) {
        return of(reason, false);
    }

    /**
     * The domain is shut off, for the reason that libvirt gives.
     *
     * @param byHost its shutdown was told to come from outside the guest
     */
    public static ExitInfo of(ShutoffReason reason, boolean byHost) {
        return switch (reason) {
            case SHUTDOWN ->
                byHost
                        ? of(ShutoffReason.DESTROYED, true)
                        : new ExitInfo(false, USER_SHUTDOWN, "User shut down from within the guest");
            case DESTROYED -> new ExitInfo(true, TERMINATED_ON_HOST, "VM has been terminated on the host");
            case CRASHED, DAEMON -> new ExitInfo(true, LOST_QEMU, "Lost connection with qemu process");
            case MIGRATED -> new ExitInfo(false, MIGRATED, "Migration succeeded");
            case SAVED -> new ExitInfo(false, SAVED, "SaveState succeeded");
            case FAILED -> new ExitInfo(true, START_FAILED, "failed to start libvirt vm");
            case FROM_SNAPSHOT, UNKNOWN -> new ExitInfo(true, GENERIC_ERROR, "VM terminated with error");
        };
    }
}
