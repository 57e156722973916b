package org.muster.sampling;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** One disk's rates and sizes; the same disk is the one with the same target and source. */
final class DiskMerge {
    private DiskMerge() {}

    static GuestStats.Disk merge(DomainSample.Disk disk, long takenAtNanos, List<GuestStats.Disk> before, Rates rates) {
        for (int i = 0; i < before.size(); i++) {
            GuestStats.Disk earlier = before.get(i);
            if (same(earlier.sample(), disk)) {
                Optional<DiskSizes> sizes = earlier.sizes().isEmpty()
                        ? Optional.empty()
                        : Optional.of(earlier.sizes().get().at(disk, takenAtNanos));
                return rated(disk, sizes, earlier.sample(), rates);
            }
        }
        return unrated(disk, Optional.empty());
    }

    /** True if block info has to be asked for: there is a medium, and its sizes are not known (any more). */
    static boolean needsInfo(GuestStats.Disk disk) {
        return disk.sample().capacityBytes().isPresent()
                && (disk.sizes().isEmpty() || disk.sizes().get().stale());
    }

    /** The disk with what block info told, if that is newer than what is known and about the same medium. */
    static GuestStats.Disk withInfo(
            GuestStats.Disk disk, BlockInfoLane.Disk asked, BlockInfo info, long takenAtNanos, boolean recordNewer) {
        DomainSample.Disk sample = disk.sample();
        boolean same = sample.name().equals(asked.name()) && sample.path().equals(asked.path());
        boolean older =
                disk.sizes().filter(s -> s.takenAtNanos() - takenAtNanos >= 0).isPresent();
        if (!same || older) {
            return disk;
        }
        return new GuestStats.Disk(
                sample,
                Optional.of(DiskSizes.of(info, takenAtNanos, sample, recordNewer)),
                disk.readBytesPerSecond(),
                disk.writeBytesPerSecond(),
                disk.readLatencyNanos(),
                disk.writeLatencyNanos(),
                disk.flushLatencyNanos());
    }

    private static boolean same(DomainSample.Disk a, DomainSample.Disk b) {
        return a.name().equals(b.name()) && a.path().equals(b.path());
    }

    private static GuestStats.Disk rated(
            DomainSample.Disk disk, Optional<DiskSizes> sizes, DomainSample.Disk earlier, Rates rates) {
        Optional<DomainSample.DiskCounters> now = disk.counters();
        Optional<DomainSample.DiskCounters> then = earlier.counters();
        if (now.isEmpty() || then.isEmpty() || wentBack(then.get(), now.get())) {
            return unrated(disk, sizes);
        }
        DomainSample.DiskCounters a = then.get();
        DomainSample.DiskCounters b = now.get();
        return new GuestStats.Disk(
                disk,
                sizes,
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

    private static GuestStats.Disk unrated(DomainSample.Disk disk, Optional<DiskSizes> sizes) {
        return new GuestStats.Disk(
                disk,
                sizes,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());
    }
}
