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
    private static final int NO_QEMU = -1; // libvirt's id of a domain that is not active

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

        /** True while a QEMU process exists for it: CRASHED is a guest that panicked, whose QEMU may be kept for a look at it. */
        public boolean active() {
            return this != SHUTOFF && this != NOSTATE;
        }
    }

    /**
     * Of libvirt's numbers.
     *
     * @param runId the domain's id, which only an active one has
     */
    static DomainRecord of(UUID domain, String name, int state, int reason, int runId, long askedAtNanos) {
        State told = State.of(state);
        return told == State.CRASHED && runId == NO_QEMU
                ? new DomainRecord(domain, name, State.SHUTOFF, ShutoffReason.CRASHED.ordinal(), askedAtNanos)
                : new DomainRecord(domain, name, told, reason, askedAtNanos);
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

    /** UNKNOWN also of a domain that is not shut off. */
    public ShutoffReason shutoffReason() {
        ShutoffReason[] all = ShutoffReason.values();
        return state == State.SHUTOFF && reason >= 0 && reason < all.length ? all[reason] : ShutoffReason.UNKNOWN;
    }
}
