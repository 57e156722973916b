package org.muster.sampling;

/** The groups of statistics that one bulk call can be asked for; each costs something else (see docs/architecture.md). */
public enum Group {
    /** Run state; never reaches QEMU. */
    STATE,
    /** Network counters, read by libvirtd from the host's kernel; never reaches QEMU. */
    INTERFACE,
    /** CPU time of the whole guest; reaches the monitor since libvirt 8. */
    CPU_TOTAL,
    /** Time and state of each vCPU; reaches the monitor. */
    VCPU,
    /** Memory balloon; reaches the monitor. */
    BALLOON,
    /** Disk counters and sizes; reaches the monitor, and the disk's file or device itself. */
    BLOCK
}
