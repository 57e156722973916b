package org.muster.agent.stats;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.muster.libvirt.StatsField;
import org.muster.libvirt.StatsRecord;
import org.muster.sampling.DomainSample;

/**
 * Turns one record of libvirt's fields into a sample. Relies on libvirt giving the fields of one vCPU, NIC or disk one
 * after another.
 */
final class SampleBuilder {
    private final StatsRecord record;
    private final Map<StatsField, Long> whole = new EnumMap<>(StatsField.class); // fields of the whole domain
    private final List<DomainSample.Vcpu> vcpus = new ArrayList<>(4);
    private final List<DomainSample.Nic> nics = new ArrayList<>(2);
    private final List<DomainSample.Disk> disks = new ArrayList<>(2);
    private final Map<StatsField, Long> part = new EnumMap<>(StatsField.class); // fields of the part being read
    private String partName = "";
    private String partPath = "";

    SampleBuilder(StatsRecord record) {
        this.record = record;
    }

    DomainSample build() {
        int partIndex = -1;
        char partKind = ' ';
        for (int i = 0; i < record.size(); i++) {
            StatsField field = record.field(i);
            int index = record.index(i);
            char kind = index < 0 ? ' ' : kind(field);
            if (kind != partKind || index != partIndex) {
                endPart(partKind, partIndex);
                partKind = kind;
                partIndex = index;
            }
            if (index < 0) {
                whole.put(field, record.number(i));
            } else if (field == StatsField.NET_NAME || field == StatsField.BLOCK_NAME) {
                partName = record.text(i);
            } else if (field == StatsField.BLOCK_PATH) {
                partPath = record.text(i);
            } else {
                part.put(field, record.number(i));
            }
        }
        endPart(partKind, partIndex);
        return new DomainSample(
                record.domain(),
                record.askedAtNanos(),
                integer(whole.get(StatsField.STATE)),
                number(whole.get(StatsField.CPU_TIME)),
                number(whole.get(StatsField.CPU_USER)),
                number(whole.get(StatsField.CPU_SYSTEM)),
                integer(whole.get(StatsField.VCPU_CURRENT)),
                vcpus,
                balloon(),
                nics,
                disks);
    }

    private static char kind(StatsField field) {
        return field.name().charAt(0); // V(CPU), N(ET), B(LOCK)
    }

    private void endPart(char kind, int index) {
        switch (kind) {
            case 'V' ->
                vcpus.add(new DomainSample.Vcpu(
                        index, (int) value(StatsField.VCPU_STATE), number(part.get(StatsField.VCPU_TIME))));
            case 'N' -> endNic();
            case 'B' -> endDisk();
            default -> {
                return;
            }
        }
        part.clear();
        partName = "";
        partPath = "";
    }

    private void endNic() {
        if (part.containsKey(StatsField.NET_RX_BYTES)) { // a NIC without a host interface has a name only
            nics.add(new DomainSample.Nic(
                    partName,
                    value(StatsField.NET_RX_BYTES),
                    value(StatsField.NET_RX_PACKETS),
                    value(StatsField.NET_RX_ERRORS),
                    value(StatsField.NET_RX_DROPPED),
                    value(StatsField.NET_TX_BYTES),
                    value(StatsField.NET_TX_PACKETS),
                    value(StatsField.NET_TX_ERRORS),
                    value(StatsField.NET_TX_DROPPED)));
        }
    }

    private void endDisk() {
        Optional<DomainSample.DiskCounters> counters = part.containsKey(StatsField.BLOCK_READ_REQUESTS)
                ? Optional.of(new DomainSample.DiskCounters(
                        value(StatsField.BLOCK_READ_REQUESTS),
                        value(StatsField.BLOCK_READ_BYTES),
                        value(StatsField.BLOCK_READ_NANOS),
                        value(StatsField.BLOCK_WRITE_REQUESTS),
                        value(StatsField.BLOCK_WRITE_BYTES),
                        value(StatsField.BLOCK_WRITE_NANOS),
                        value(StatsField.BLOCK_FLUSH_REQUESTS),
                        value(StatsField.BLOCK_FLUSH_NANOS)))
                : Optional.empty();
        disks.add(new DomainSample.Disk(
                partName,
                partPath,
                counters,
                number(part.get(StatsField.BLOCK_ALLOCATION)),
                number(part.get(StatsField.BLOCK_CAPACITY)),
                number(part.get(StatsField.BLOCK_PHYSICAL))));
    }

    private DomainSample.Balloon balloon() {
        if (!whole.containsKey(StatsField.BALLOON_CURRENT)) {
            return DomainSample.Balloon.UNKNOWN;
        }
        return new DomainSample.Balloon(
                number(whole.get(StatsField.BALLOON_CURRENT)),
                number(whole.get(StatsField.BALLOON_MAXIMUM)),
                number(whole.get(StatsField.BALLOON_UNUSED)),
                number(whole.get(StatsField.BALLOON_AVAILABLE)),
                number(whole.get(StatsField.BALLOON_USABLE)),
                number(whole.get(StatsField.BALLOON_DISK_CACHES)),
                number(whole.get(StatsField.BALLOON_RSS)),
                number(whole.get(StatsField.BALLOON_SWAP_IN)),
                number(whole.get(StatsField.BALLOON_SWAP_OUT)),
                number(whole.get(StatsField.BALLOON_MAJOR_FAULT)),
                number(whole.get(StatsField.BALLOON_MINOR_FAULT)));
    }

    private long value(StatsField field) {
        Long value = part.get(field);
        return value == null ? 0 : value;
    }

    private static OptionalLong number(Long value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    private static OptionalInt integer(Long value) {
        return value == null ? OptionalInt.empty() : OptionalInt.of(value.intValue());
    }
}
