package org.muster.sampling;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** One disk's rates and sizes; the same disk is the one with the same target and source. */
final class DiskMerge {
    private DiskMerge() {}

    static GuestStats.Disk merge(DomainSample.Disk disk, List<GuestStats.Disk> before, Rates rates) {
        for (GuestStats.Disk earlier : before) {
            if (same(earlier.sample(), disk)) {
                return rated(withSizes(disk, earlier.sample()), earlier.sample(), rates);
            }
        }
        return unrated(disk);
    }

    /** Sizes as block info told them, on a disk that is already known. */
    static GuestStats.Disk withInfo(GuestStats.Disk disk, BlockInfo info) {
        DomainSample.Disk sample = disk.sample();
        return new GuestStats.Disk(
                new DomainSample.Disk(
                        sample.name(),
                        sample.path(),
                        sample.counters(),
                        OptionalLong.of(info.allocationBytes()),
                        OptionalLong.of(info.capacityBytes()),
                        OptionalLong.of(info.physicalBytes())),
                disk.readBytesPerSecond(),
                disk.writeBytesPerSecond(),
                disk.readLatencyNanos(),
                disk.writeLatencyNanos(),
                disk.flushLatencyNanos());
    }

    /** True if block info has to be asked for: the disk has a source, and the record did not tell its sizes. */
    static boolean lacksSizes(DomainSample.Disk disk) {
        return !disk.path().isEmpty()
                && (disk.allocationBytes().isEmpty()
                        || disk.capacityBytes().isEmpty()
                        || disk.physicalBytes().isEmpty());
    }

    private static boolean same(DomainSample.Disk a, DomainSample.Disk b) {
        return a.name().equals(b.name()) && a.path().equals(b.path());
    }

    /** Sizes that the record lacks stay as block info told them, until it tells them anew. */
    private static DomainSample.Disk withSizes(DomainSample.Disk disk, DomainSample.Disk earlier) {
        if (!lacksSizes(disk)) {
            return disk;
        }
        return new DomainSample.Disk(
                disk.name(),
                disk.path(),
                disk.counters(),
                or(disk.allocationBytes(), earlier.allocationBytes()),
                or(disk.capacityBytes(), earlier.capacityBytes()),
                or(disk.physicalBytes(), earlier.physicalBytes()));
    }

    private static OptionalLong or(OptionalLong first, OptionalLong second) {
        return first.isPresent() ? first : second;
    }

    private static GuestStats.Disk rated(DomainSample.Disk disk, DomainSample.Disk earlier, Rates rates) {
        Optional<DomainSample.DiskCounters> now = disk.counters();
        Optional<DomainSample.DiskCounters> then = earlier.counters();
        if (now.isEmpty() || then.isEmpty() || wentBack(then.get(), now.get())) {
            return unrated(disk);
        }
        DomainSample.DiskCounters a = then.get();
        DomainSample.DiskCounters b = now.get();
        return new GuestStats.Disk(
                disk,
                rates.perSecond(a.readBytes(), b.readBytes()),
                rates.perSecond(a.writeBytes(), b.writeBytes()),
                rates.latency(a.readNanos(), b.readNanos(), a.readRequests(), b.readRequests()),
                rates.latency(a.writeNanos(), b.writeNanos(), a.writeRequests(), b.writeRequests()),
                rates.latency(a.flushNanos(), b.flushNanos(), a.flushRequests(), b.flushRequests()));
    }

    private static boolean wentBack(DomainSample.DiskCounters a, DomainSample.DiskCounters b) {
        return b.readRequests() < a.readRequests()
                || b.readBytes() < a.readBytes()
                || b.writeRequests() < a.writeRequests()
                || b.writeBytes() < a.writeBytes();
    }

    private static GuestStats.Disk unrated(DomainSample.Disk disk) {
        return new GuestStats.Disk(
                disk,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());
    }
}
