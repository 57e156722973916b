package org.muster.sampling;

import java.util.OptionalLong;

/**
 * Where the hypervisor's CPU times of guests come from, as found out with one of them.
 *
 * @param totalNanos CPU time of the guest and its emulator
 * @param byHostCpusNanos the same as the sum over the host's CPUs, read right after; only a control group of
 *     version 1 tells it
 * @param hostCpus how many of them were told, 0 if none was
 */
public record CpuAccount(Source source, long totalNanos, OptionalLong byHostCpusNanos, int hostCpus) {

    /** Who counts. */
    public enum Source {
        /** The CPU controller of the guest's control group: in nanoseconds, with all that runs for the guest. */
        CGROUP,
        /** /proc, of the emulator's process: in clock ticks. */
        PROC
    }
}
