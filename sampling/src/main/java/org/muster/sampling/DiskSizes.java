package org.muster.sampling;

import java.util.OptionalLong;

/**
 * A disk's sizes as block info told them, brought forward by every bulk record as long as that is enough.
 *
 * <p>A bulk record has sizes too, but not the same: of a file it has what the file occupies and not how long it is, and
 * does not say whether the disk is a file. So block info is asked for once, and what it told is compared with the record. If it
 * told the same numbers under other names, as for raw files and devices, the record does from then on. Else (a qcow2 file)
 * block info is asked for again when the record shows that the disk was written. Immutable.
 *
 * @param takenAtNanos since when nothing is known to have changed
 * @param stale true if the disk was written since and the record does not tell enough: block info has to be asked for
 */
public record DiskSizes(
        long takenAtNanos,
        long capacityBytes,
        long allocationBytes,
        long physicalBytes,
        boolean stale,
        DomainSample.Disk basis) {

    /**
     * What block info told of a disk whose latest record is this.
     *
     * @param recordNewer the record was taken after block info was asked for, so that its writes may not be in the sizes
     */
    static DiskSizes of(BlockInfo info, long takenAtNanos, DomainSample.Disk record, boolean recordNewer) {
        return new DiskSizes(
                takenAtNanos, info.capacityBytes(), info.allocationBytes(), info.physicalBytes(), recordNewer, record);
    }

    /** The sizes at the time of a later record of the same disk. */
    DiskSizes at(DomainSample.Disk record, long atNanos) {
        if (!stale && unchanged(record)) {
            return new DiskSizes(atNanos, capacityBytes, allocationBytes, physicalBytes, false, basis);
        }
        OptionalLong allocation = inRecord(allocationBytes, basis.onHostBytes(), record.onHostBytes());
        if (allocation.isEmpty() && fillsItsDevice()) {
            allocation = inRecord(allocationBytes, basis.highestBytes(), record.highestBytes());
        }
        OptionalLong physical = inRecord(physicalBytes, basis.capacityBytes(), record.capacityBytes());
        if (physical.isEmpty()) {
            physical = inRecord(physicalBytes, basis.onHostBytes(), record.onHostBytes());
        }
        if (stale
                || allocation.isEmpty()
                || physical.isEmpty()
                || record.capacityBytes().isEmpty()) {
            return new DiskSizes(takenAtNanos, capacityBytes, allocationBytes, physicalBytes, true, basis);
        }
        return new DiskSizes(
                atNanos,
                record.capacityBytes().getAsLong(),
                allocation.getAsLong(),
                physical.getAsLong(),
                false,
                record);
    }

    /** On a device, where the host cannot say how much is in use; of a file it can, and the same number elsewhere is chance. */
    private boolean fillsItsDevice() {
        return basis.onHostBytes().isPresent() && basis.onHostBytes().getAsLong() == physicalBytes;
    }

    /** The record's value now, if it was the wanted one when both were known. */
    private static OptionalLong inRecord(long told, OptionalLong then, OptionalLong now) {
        return then.isPresent() && then.getAsLong() == told ? now : OptionalLong.empty();
    }

    private boolean unchanged(DomainSample.Disk record) {
        return basis.highestBytes().equals(record.highestBytes())
                && basis.capacityBytes().equals(record.capacityBytes())
                && basis.onHostBytes().equals(record.onHostBytes())
                && written(basis) == written(record);
    }

    private static long written(DomainSample.Disk record) {
        return record.counters().isPresent() ? record.counters().get().writeRequests() : -1;
    }
}
