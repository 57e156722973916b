package org.muster.libvirt;

import java.util.OptionalLong;

/**
 * CPU time of a domain, as libvirt tells it without asking the monitor.
 *
 * @param nanos of the guest and its emulator
 * @param userNanos part of it spent in user mode; with {@code systemNanos} only there where a control group accounts for it
 * @param controlGroup whether that has counted it, rather than the kernel for the process
 */
public record CpuTime(long nanos, OptionalLong userNanos, OptionalLong systemNanos, boolean controlGroup) {}
