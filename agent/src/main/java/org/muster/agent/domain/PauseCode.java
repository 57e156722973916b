package org.muster.agent.domain;

import java.util.Optional;
import org.muster.libvirt.GuestEvent;

/** Why a guest is paused, in the engine's words. Source: engine-contract 5.2, virDomainPausedReason. */
public enum PauseCode {
    NOERR,
    EOTHER,
    EIO,
    ENOSPC,
    EPERM,
    POSTCOPY;

    /** virDomainPausedReason of a guest whose disk failed. */
    static final int IO_ERROR = 5;

    /** virDomainPausedReason of a guest that panicked. */
    static final int PANICKED = 10;

    /**
     * @param reason libvirt's number
     * @param failure of a disk, told since the guest last ran
     */
    static PauseCode of(int reason, Optional<GuestEvent.DiskFailed> failure) {
        return switch (reason) {
            case IO_ERROR -> failure.map(f -> of(f.reason())).orElse(EOTHER);
            case PANICKED, 13, 14 -> EOTHER; // 13, 14: POSTCOPY_FAILED, API_ERROR
            case 12 -> POSTCOPY;
            default -> NOERR;
        };
    }

    private static PauseCode of(String reason) {
        return switch (reason) {
            case "enospc" -> ENOSPC;
            case "eio" -> EIO;
            case "eperm" -> EPERM;
            default -> EOTHER;
        };
    }
}
