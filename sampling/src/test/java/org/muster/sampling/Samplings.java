package org.muster.sampling;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;

/** Samples as a source gives them, for tests. */
final class Samplings {
    /** What block info tells of every disk: of a raw file the same as the record. */
    static final BlockInfo INFO = new BlockInfo(1 << 30, 1 << 30, 1 << 30);

    private static final long MIB = 1 << 20;

    private Samplings() {}

    /** All that the groups ask for; the guest burns half a CPU, and reads and writes 1 MiB a second. */
    static DomainSample full(SimulatedHost.SimulatedGuest guest, long takenAt, long readAt, Set<Group> groups) {
        long lived = guest.lived(readAt);
        boolean cpu = groups.contains(Group.CPU_TOTAL);
        return new DomainSample(
                guest.id,
                takenAt,
                groups.contains(Group.STATE) ? OptionalInt.of(1) : OptionalInt.empty(),
                cpu ? OptionalLong.of(lived / 2) : OptionalLong.empty(),
                cpu ? OptionalLong.of(lived / 20) : OptionalLong.empty(),
                cpu ? OptionalLong.of(lived / 20) : OptionalLong.empty(),
                cpu ? OptionalInt.of(guest.vcpus) : OptionalInt.empty(),
                groups.contains(Group.VCPU)
                        ? IntStream.range(0, guest.vcpus)
                                .mapToObj(i -> new DomainSample.Vcpu(i, 1, OptionalLong.of(lived / 4)))
                                .toList()
                        : List.of(),
                groups.contains(Group.BALLOON) ? balloon(true) : DomainSample.Balloon.UNKNOWN,
                groups.contains(Group.INTERFACE) ? List.of(nic("vnet0", lived / 1000)) : List.of(),
                groups.contains(Group.BLOCK) ? List.of(disk("vda", lived, guest.lacksSizes)) : List.of());
    }

    /** What comes of a guest whose job somebody else holds. */
    static DomainSample busy(UUID id, long takenAt, Set<Group> groups, long lived) {
        boolean cpu = groups.contains(Group.CPU_TOTAL);
        return new DomainSample(
                id,
                takenAt,
                groups.contains(Group.STATE) ? OptionalInt.of(1) : OptionalInt.empty(),
                cpu ? OptionalLong.of(lived / 2) : OptionalLong.empty(),
                cpu ? OptionalLong.of(lived / 20) : OptionalLong.empty(),
                cpu ? OptionalLong.of(lived / 20) : OptionalLong.empty(),
                OptionalInt.empty(),
                List.of(),
                groups.contains(Group.BALLOON) ? balloon(false) : DomainSample.Balloon.UNKNOWN,
                groups.contains(Group.INTERFACE) ? List.of(nic("vnet0", lived / 1000)) : List.of(),
                groups.contains(Group.BLOCK)
                        ? List.of(new DomainSample.Disk(
                                "vda",
                                "/vda",
                                Optional.empty(),
                                OptionalLong.empty(),
                                OptionalLong.empty(),
                                OptionalLong.empty()))
                        : List.of());
    }

    static DomainSample withoutDisks(DomainSample sample) {
        return new DomainSample(
                sample.domain(),
                sample.takenAtNanos(),
                sample.state(),
                sample.cpuTimeNanos(),
                sample.cpuUserNanos(),
                sample.cpuSystemNanos(),
                sample.vcpuCount(),
                sample.vcpus(),
                sample.balloon(),
                sample.nics(),
                List.of());
    }

    static DomainSample withoutMonitor(UUID id, long takenAt, long lived) {
        return busy(id, takenAt, Tier.NEVER_BLOCKS, lived);
    }

    static DomainSample.Balloon balloon(boolean details) {
        OptionalLong none = OptionalLong.empty();
        OptionalLong some = details ? OptionalLong.of(1000) : none;
        return new DomainSample.Balloon(
                OptionalLong.of(4096), OptionalLong.of(4096), none, none, none, none, some, none, none, none, none);
    }

    static DomainSample.Nic nic(String name, long bytes) {
        return new DomainSample.Nic(name, bytes, bytes / 100, 0, 0, bytes, bytes / 100, 0, 0);
    }

    static DomainSample.Disk disk(String name, long lived, boolean lacksSizes) {
        long bytes = lived / 1000 * MIB / 1_000_000;
        long requests = bytes / 4096;
        OptionalLong size = OptionalLong.of(lacksSizes ? bytes : INFO.capacityBytes());
        return new DomainSample.Disk(
                name,
                "/" + name,
                Optional.of(new DomainSample.DiskCounters(
                        requests, bytes, requests * 1000, requests, bytes, requests * 2000, 0, 0)),
                size,
                OptionalLong.of(INFO.capacityBytes()),
                size);
    }
}
