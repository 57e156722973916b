package org.muster.libvirt;

import java.util.UUID;

/**
 * A domain as libvirtd had it when asked.
 *
 * @param reason libvirt's number for why it is in that state; its meaning depends on the state
 * @param askedAtNanos {@link System#nanoTime()} before the question
 */
public record DomainRecord(UUID domain, String name, State state, int reason, long askedAtNanos) {

    private static final int PAUSED_STARTING_UP = 11; // virDomainPausedReason

    /** virDomainState, in libvirt's order. */
    public enum State {
        NOSTATE,
        RUNNING,
        BLOCKED,
        PAUSED,
        SHUTDOWN,
        SHUTOFF,
        CRASHED,
        PMSUSPENDED;

        static State of(int number) {
            return number >= 0 && number < values().length ? values()[number] : NOSTATE;
        }

        /** True while a QEMU process exists for it. */
        public boolean active() {
            return this != SHUTOFF && this != CRASHED && this != NOSTATE;
        }
    }

    /** Why a domain is shut off: virDomainShutoffReason, in libvirt's order. */
    public enum ShutoffReason {
        UNKNOWN,
        SHUTDOWN,
        DESTROYED,
        CRASHED,
        MIGRATED,
        SAVED,
        FAILED,
        FROM_SNAPSHOT,
        DAEMON
    }

    /** True while libvirt is not done with starting it: QEMU is there, the call that starts it has not returned. */
    public boolean startingUp() {
        return state == State.PAUSED && reason == PAUSED_STARTING_UP;
    }

    /** Only for a shut-off domain. */
    public ShutoffReason shutoffReason() {
        ShutoffReason[] all = ShutoffReason.values();
        return reason >= 0 && reason < all.length ? all[reason] : ShutoffReason.UNKNOWN;
    }
}
