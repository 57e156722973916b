package org.muster.agent.domain;

/** What a VM is doing. Source: engine-contract 5.1; the wire's words are in agent.verbs. */
public enum VmStatus {
    /** Accepted, its libvirt call has not begun. */
    WAIT_FOR_LAUNCH,
    /** The libvirt call that starts it has begun. */
    POWERING_UP,
    UP,
    PAUSED,
    POWERING_DOWN,
    /** It does not run, and no call of ours can still start it. */
    DOWN;

    /** True when QEMU runs and libvirt has finished starting it. */
    public boolean running() {
        return this == UP || this == PAUSED || this == POWERING_DOWN;
    }
}
