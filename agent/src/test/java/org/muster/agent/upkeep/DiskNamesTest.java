package org.muster.agent.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainDetails.Access;
import org.muster.libvirt.DomainDetails.Disk;
import org.muster.libvirt.GuestReport.GuestDisk;

class DiskNamesTest {
    private static final String IMAGE = "6d1b2d0c-1111-4000-8000-000000000001";

    private static Disk disk(String target, String serial, String image, String lun) {
        return new Disk(
                target,
                "disk",
                "ua-" + target,
                "/d",
                "",
                serial,
                image,
                lun,
                false,
                false,
                new Access("", "", "", "", "", "", ""),
                Map.of());
    }

    @Test
    void libvirtsWordGoesFirst() {
        assertThat(DiskNames.of(
                        List.of(disk("vda", "", IMAGE, "")),
                        List.of(new GuestDisk("", IMAGE, "/dev/wrong"), new GuestDisk("vda", "", "/dev/vda"))))
                .containsExactly(Map.entry("vda", "/dev/vda"));
    }

    @Test
    void elseTheFirstCharactersOfASerialNumberDo() {
        List<GuestDisk> seen = List.of(
                new GuestDisk("", "0QEMU_QEMU_HARDDISK_6d1b2d0c-1111-4000-8", "/dev/sda"),
                new GuestDisk("", "36001405abcdefabcdefabcdef", "/dev/sdb"),
                new GuestDisk("", "mine", "/dev/sdc"));

        assertThat(DiskNames.of(
                        List.of(
                                disk("sda", "", IMAGE, ""),
                                disk("sdb", "", "", "36001405abcdefabcdef00000000000"),
                                disk("sdc", "mine", "another-image", "")),
                        seen))
                .isEqualTo(Map.of("sda", "/dev/sda", "sdb", "/dev/sdb", "sdc", "/dev/sdc"));
    }

    @Test
    void whatTheEngineDoesNotKnowByAnImageIsLeftOut() {
        assertThat(DiskNames.of(
                        List.of(disk("vda", "mine", "", ""), disk("vdb", "", IMAGE, "")),
                        List.of(new GuestDisk("vda", "mine", "/dev/vda"))))
                .isEmpty();
    }
}
