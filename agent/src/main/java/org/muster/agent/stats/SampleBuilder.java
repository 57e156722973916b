package org.muster.agent.stats;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.muster.libvirt.CpuTime;
import org.muster.libvirt.StatsField;
import org.muster.libvirt.StatsRecord;
import org.muster.sampling.DomainSample;

/**
 * Turns records of libvirt's fields into samples, one after the other. Relies on libvirt giving the fields of one vCPU, NIC
 * or disk one after another. Confined to one call.
 */
final class SampleBuilder {
    private final FieldValues whole = new FieldValues(); // fields of the whole domain
    private final List<DomainSample.Vcpu> vcpus = new ArrayList<>(4);
    private final List<DomainSample.Nic> nics = new ArrayList<>(2);
    private final List<DomainSample.Disk> disks = new ArrayList<>(2);
    private final FieldValues part = new FieldValues(); // fields of the part being read
    private String partName = "";
    private String partPath = "";

    DomainSample build(StatsRecord record) {
        return build(record, null, record.askedAtNanos());
    }

    /**
     * @param time read beside the record; null if it was not
     * @param takenAtNanos before all that is in the sample was read
     */
    DomainSample build(StatsRecord record, CpuTime time, long takenAtNanos) {
        whole.clear();
        vcpus.clear();
        nics.clear();
        disks.clear();
        if (time != null) {
            whole.put(StatsField.CPU_TIME, time.nanos());
            time.userNanos().ifPresent(nanos -> whole.put(StatsField.CPU_USER, nanos));
            time.systemNanos().ifPresent(nanos -> whole.put(StatsField.CPU_SYSTEM, nanos));
        }
        readParts(record);
        return new DomainSample(
                record.domain(),
                takenAtNanos,
                whole.integer(StatsField.STATE),
                whole.number(StatsField.CPU_TIME),
                whole.number(StatsField.CPU_USER),
                whole.number(StatsField.CPU_SYSTEM),
                whole.integer(StatsField.VCPU_CURRENT),
                vcpus,
                balloon(),
                nics,
                disks);
    }

    private void readParts(StatsRecord record) {
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
    }

    private static char kind(StatsField field) {
        return field.name().charAt(0); // V(CPU), N(ET), B(LOCK)
    }

    private void endPart(char kind, int index) {
        switch (kind) {
            case 'V' ->
                vcpus.add(new DomainSample.Vcpu(
                        index,
                        (int) part.orZero(StatsField.VCPU_STATE),
                        part.number(StatsField.VCPU_TIME),
                        part.number(StatsField.VCPU_DELAY),
                        part.number(StatsField.VCPU_WAIT)));
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
        if (part.has(StatsField.NET_RX_BYTES)) { // a NIC without a host interface has a name only
            nics.add(new DomainSample.Nic(
                    partName,
                    part.orZero(StatsField.NET_RX_BYTES),
                    part.orZero(StatsField.NET_RX_PACKETS),
                    part.orZero(StatsField.NET_RX_ERRORS),
                    part.orZero(StatsField.NET_RX_DROPPED),
                    part.orZero(StatsField.NET_TX_BYTES),
                    part.orZero(StatsField.NET_TX_PACKETS),
                    part.orZero(StatsField.NET_TX_ERRORS),
                    part.orZero(StatsField.NET_TX_DROPPED)));
        }
    }

    private void endDisk() {
        Optional<DomainSample.DiskCounters> counters = part.has(StatsField.BLOCK_READ_REQUESTS)
                ? Optional.of(new DomainSample.DiskCounters(
                        part.orZero(StatsField.BLOCK_READ_REQUESTS),
                        part.orZero(StatsField.BLOCK_READ_BYTES),
                        part.orZero(StatsField.BLOCK_READ_NANOS),
                        part.orZero(StatsField.BLOCK_WRITE_REQUESTS),
                        part.orZero(StatsField.BLOCK_WRITE_BYTES),
                        part.orZero(StatsField.BLOCK_WRITE_NANOS),
                        part.orZero(StatsField.BLOCK_FLUSH_REQUESTS),
                        part.orZero(StatsField.BLOCK_FLUSH_NANOS)))
                : Optional.empty();
        disks.add(new DomainSample.Disk(
                partName,
                partPath,
                counters,
                part.number(StatsField.BLOCK_ALLOCATION),
                part.number(StatsField.BLOCK_CAPACITY),
                part.number(StatsField.BLOCK_PHYSICAL)));
    }

    private DomainSample.Balloon balloon() {
        if (!whole.has(StatsField.BALLOON_CURRENT)) {
            return DomainSample.Balloon.UNKNOWN;
        }
        return new DomainSample.Balloon(
                whole.number(StatsField.BALLOON_CURRENT),
                whole.number(StatsField.BALLOON_MAXIMUM),
                whole.number(StatsField.BALLOON_UNUSED),
                whole.number(StatsField.BALLOON_AVAILABLE),
                whole.number(StatsField.BALLOON_USABLE),
                whole.number(StatsField.BALLOON_DISK_CACHES),
                whole.number(StatsField.BALLOON_RSS),
                whole.number(StatsField.BALLOON_SWAP_IN),
                whole.number(StatsField.BALLOON_SWAP_OUT),
                whole.number(StatsField.BALLOON_MAJOR_FAULT),
                whole.number(StatsField.BALLOON_MINOR_FAULT));
    }
}
