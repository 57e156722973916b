package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Which of a record's numbers are taken for a disk's sizes. */
class DiskSizesTest {
    private static final long LENGTH = 1 << 20;

    private static DomainSample.Disk record(long writes, long highest, long onHost) {
        return new DomainSample.Disk(
                "vda",
                "/d",
                Optional.of(new DomainSample.DiskCounters(0, 0, 0, writes, writes * 512, 0, 0, 0)),
                OptionalLong.of(highest),
                OptionalLong.of(LENGTH),
                OptionalLong.of(onHost));
    }

    @Test
    void ofASparseFileTheHighestSectorIsNeverTakenForWhatIsOccupied() {
        BlockInfo info = new BlockInfo(LENGTH, 8192, LENGTH);
        DiskSizes sizes = DiskSizes.of(info, 10, record(16, 8192, 4096), false); // by chance the same, when it was read

        assertThat(sizes.at(record(17, 8704, 12_288), 20).stale())
                .as("it has to be asked for")
                .isTrue();
    }

    @Test
    void ofADeviceTheHighestSectorIsWhatIsInUse() {
        BlockInfo info = new BlockInfo(LENGTH, 8192, 4 * LENGTH);
        DiskSizes sizes =
                DiskSizes.of(info, 10, record(16, 8192, 4 * LENGTH), false).at(record(17, 8704, 4 * LENGTH), 20);

        assertThat(sizes.stale()).isFalse();
        assertThat(sizes.allocationBytes()).isEqualTo(8704);
        assertThat(sizes.physicalBytes()).isEqualTo(4 * LENGTH);
    }

    @Test
    void sizesThatWereAskedForBeforeTheRecordWasTakenAreAskedForAgain() {
        BlockInfo info = new BlockInfo(LENGTH, 4096, LENGTH);
        DomainSample.Disk newer = record(17, 8704, 12_288);
        DiskSizes sizes = DiskSizes.of(info, 10, newer, true);

        assertThat(sizes.stale()).isTrue();
        assertThat(sizes.at(newer, 20).stale())
                .as("although nothing was written since")
                .isTrue();
    }
}
