package org.muster.sampling;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * What one call told about one domain.
 *
 * <p>Counters are since the guest's start. A value that the hypervisor did not give is empty or its list lacks the
 * entry, never zero: a busy guest asked with {@code skipBusy} comes back with part of its fields.
 *
 * @param takenAtNanos {@link System#nanoTime()} before the call was made, the same for all samples of a call
 * @param state libvirt's virDomainState
 * @param cpuTimeNanos CPU time used by the guest and its emulator
 * @param cpuUserNanos part of it spent in user mode
 * @param cpuSystemNanos part of it spent in the kernel
 * @param vcpuCount vCPUs online; may be known although {@code vcpus} is not
 */
public record DomainSample(
        UUID domain,
        long takenAtNanos,
        OptionalInt state,
        OptionalLong cpuTimeNanos,
        OptionalLong cpuUserNanos,
        OptionalLong cpuSystemNanos,
        OptionalInt vcpuCount,
        List<Vcpu> vcpus,
        Balloon balloon,
        List<Nic> nics,
        List<Disk> disks) {

    public DomainSample {
        vcpus = Few.copyOf(vcpus);
        nics = Few.copyOf(nics);
        disks = Few.copyOf(disks);
    }

    /**
     * A virtual CPU; times are those of its thread on the host.
     *
     * @param timeNanos it ran
     * @param delayNanos it could have run, and waited in a host CPU's queue: what the guest sees as stolen
     * @param waitNanos much the same by the scheduler's own statistics, which not every kernel keeps
     */
    public record Vcpu(int index, int state, OptionalLong timeNanos, OptionalLong delayNanos, OptionalLong waitNanos) {
        /** One of which only the first is told. */
        public Vcpu(int index, int state, OptionalLong timeNanos) {
            this(index, state, timeNanos, OptionalLong.empty(), OptionalLong.empty());
        }
    }

    /** All in KiB but the fault and swap counters' unit, which is what virtio-balloon reports (KiB swapped, faults). */
    public record Balloon(
            OptionalLong currentKib,
            OptionalLong maximumKib,
            OptionalLong unusedKib,
            OptionalLong availableKib,
            OptionalLong usableKib,
            OptionalLong diskCachesKib,
            OptionalLong rssKib,
            OptionalLong swapInKib,
            OptionalLong swapOutKib,
            OptionalLong majorFaults,
            OptionalLong minorFaults) {
        /** A guest of which nothing was told about its balloon. */
        public static final Balloon UNKNOWN = new Balloon(
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());

        boolean unknown() {
            return currentKib.isEmpty()
                    && equals(UNKNOWN); // comparing records is slow, and it hardly ever comes to that
        }
    }

    /** @param name the host's interface (tap) */
    public record Nic(
            String name,
            long rxBytes,
            long rxPackets,
            long rxErrors,
            long rxDropped,
            long txBytes,
            long txPackets,
            long txErrors,
            long txDropped) {}

    /**
     * @param name target (vda)
     * @param path the source's path, empty for an empty drive or a network disk
     * @param counters empty when the monitor was not asked or did not answer
     * @param highestBytes end of the highest sector written since the guest's start; libvirt's block.N.allocation
     * @param capacityBytes what the guest sees; empty for an empty drive
     * @param onHostBytes libvirt's block.N.physical: what QEMU calls the image's actual size, so of a file what it occupies and
     *     not how long it is; of a device its size
     */
    public record Disk(
            String name,
            String path,
            Optional<DiskCounters> counters,
            OptionalLong highestBytes,
            OptionalLong capacityBytes,
            OptionalLong onHostBytes) {}

    /** Requests, bytes and nanoseconds spent in them, since the guest's start. */
    public record DiskCounters(
            long readRequests,
            long readBytes,
            long readNanos,
            long writeRequests,
            long writeBytes,
            long writeNanos,
            long flushRequests,
            long flushNanos) {}
}
