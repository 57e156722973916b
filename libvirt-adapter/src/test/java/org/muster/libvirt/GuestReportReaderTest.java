package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.GuestReport.Address;
import org.muster.libvirt.GuestReport.FileSystem;
import org.muster.libvirt.GuestReport.GuestDisk;
import org.muster.libvirt.GuestReport.Nic;
import org.muster.libvirt.GuestReport.Zone;

class GuestReportReaderTest {
    private static Map<String, Object> params() {
        Map<String, Object> params = new HashMap<>();
        params.put("user.count", 3L);
        params.put("user.0.name", "root");
        params.put("user.1.name", "anna");
        params.put("user.2.name", "root");
        params.put("os.id", "debian");
        params.put("os.kernel-release", "6.1");
        params.put("os.kernel-version", "#1 SMP");
        params.put("timezone.name", "CET");
        params.put("timezone.offset", 3600L);
        params.put("hostname", "web");
        params.put("fs.count", 1L);
        params.put("fs.0.mountpoint", "/");
        params.put("fs.0.fstype", "ext4");
        params.put("fs.0.total-bytes", 100L);
        params.put("if.count", 1L);
        params.put("if.0.name", "eth0");
        params.put("if.0.hwaddr", "52:54:00:00:00:01");
        params.put("if.0.addr.count", 2L);
        params.put("if.0.addr.0.type", "ipv4");
        params.put("if.0.addr.0.addr", "10.0.0.5");
        params.put("if.0.addr.1.type", "ipv6");
        params.put("if.0.addr.1.addr", "fe80::1");
        params.put("disk.count", 2L);
        params.put("disk.0.name", "/dev/vda");
        params.put("disk.0.alias", "vda");
        params.put("disk.0.serial", "s-1");
        params.put("disk.1.name", "/dev/vda1");
        return params;
    }

    @Test
    void everyPartIsReadAsItStands() {
        GuestReport report = GuestReportReader.read(params());

        assertThat(report.users().orElseThrow()).as("each once").containsExactly("root", "anna");
        assertThat(report.os().orElseThrow().kernel()).isEqualTo("6.1");
        assertThat(report.os().orElseThrow().kernelVersion()).isEqualTo("#1 SMP");
        assertThat(report.zone()).contains(new Zone("CET", 3600));
        assertThat(report.hostname()).contains("web");
        assertThat(report.fileSystems().orElseThrow())
                .containsExactly(new FileSystem("/", "ext4", OptionalLong.of(100), OptionalLong.empty()));
        assertThat(report.nics().orElseThrow())
                .containsExactly(new Nic(
                        "eth0",
                        "52:54:00:00:00:01",
                        List.of(new Address(false, "10.0.0.5"), new Address(true, "fe80::1"))));
        assertThat(report.disks()).containsExactly(new GuestDisk("vda", "s-1", "/dev/vda"));
    }

    @Test
    void anAgentThatListsNoDisksTellsThoseOfItsFileSystems() {
        Map<String, Object> params = new HashMap<>();
        params.put("fs.count", 3L);
        for (int i = 0; i < 3; i++) {
            params.put("fs." + i + ".disk.count", 1L);
            params.put("fs." + i + ".disk.0.serial", i < 2 ? "s-1" : "s-2");
        }
        params.put("fs.0.disk.0.device", "/dev/sda1");
        params.put("fs.1.disk.0.device", "/dev/sda5");
        params.put("fs.2.disk.0.device", "/dev/nvme0n1p2");

        assertThat(GuestReportReader.read(params).disks())
                .containsExactly(new GuestDisk("", "s-1", "/dev/sda"), new GuestDisk("", "s-2", "/dev/nvme0n1"));
    }

    @Test
    void aUserOfADomainIsToldWithIt() {
        Map<String, Object> params = Map.of("user.count", 1L, "user.0.name", "anna", "user.0.domain", "CORP");

        assertThat(GuestReportReader.read(params).users().orElseThrow()).containsExactly("anna@CORP");
    }

    @Test
    void whatIsNotToldIsEmptyAndNotNone() {
        assertThat(GuestReportReader.read(Map.of())).isEqualTo(GuestReport.NOTHING);
        assertThat(GuestReportReader.read(Map.of("user.count", 0L)).users()).contains(List.of());
    }

    @Test
    void aGuestThatTellsOfTooMuchIsNotBelieved() {
        assertThat(GuestReportReader.read(Map.of("fs.count", 4_000_000_000L))
                        .fileSystems()
                        .orElseThrow())
                .hasSize(1000);
    }

    @Test
    void aTextThatNoHonestGuestTellsIsCut() {
        String endless = "x".repeat(3_000_000);
        Map<String, Object> params = params();
        params.replaceAll((name, value) -> value instanceof String && !name.endsWith(".type") ? endless : value);

        GuestReport report = GuestReportReader.read(params);

        assertThat(report.hostname().orElseThrow()).hasSize(255);
        assertThat(report.os().orElseThrow().kernel()).hasSize(255);
        assertThat(report.zone().orElseThrow().name()).hasSize(255);
        assertThat(report.users().orElseThrow())
                .allSatisfy(user -> assertThat(user).hasSize(255));
        Nic nic = report.nics().orElseThrow().get(0);
        assertThat(nic.name()).hasSize(255);
        assertThat(nic.mac()).hasSize(64);
        assertThat(nic.addresses().get(0).address()).hasSize(64);
        FileSystem fs = report.fileSystems().orElseThrow().get(0);
        assertThat(fs.path()).hasSize(1024);
        assertThat(fs.type()).hasSize(64);
        assertThat(report.disks().get(0).name()).hasSize(1024);
        assertThat(GuestReportReader.read(Map.of("hostname", "x".repeat(254) + "\ud83d\ude00"))
                        .hostname()
                        .orElseThrow())
                .as("no half of a character")
                .isEqualTo("x".repeat(254));
    }

    @Test
    void aReportIsNotLongerThanAnHonestGuestsHoweverManyListsItHas() {
        Map<String, Object> params = new HashMap<>();
        params.put("if.count", 1000L);
        params.put("fs.count", 1000L);
        for (int i = 0; i < 1000; i++) {
            params.put("if." + i + ".addr.count", 1000L);
            params.put("fs." + i + ".disk.count", 1000L);
        }
        GuestReport empty = GuestReportReader.read(params);
        for (int i = 0; i < 1000; i++) {
            params.put("if." + i + ".name", "eth" + i);
            params.put("fs." + i + ".mountpoint", "/x".repeat(500));
            for (int j = 0; j < 3; j++) {
                params.put("if." + i + ".addr." + j + ".addr", "fe80::" + i + ":" + j);
            }
        }
        GuestReport full = GuestReportReader.read(params);

        for (GuestReport report : List.of(empty, full)) {
            int addresses = report.nics().orElseThrow().stream()
                    .mapToInt(nic -> nic.addresses().size())
                    .sum();
            assertThat(addresses).isBetween(1, 128 * 1024 / 32);
            assertThat(report.toString().length()).isLessThan(1_000_000);
        }
    }

    @Test
    void aHostOfManyContainersIsToldInFull() {
        Map<String, Object> params = new HashMap<>();
        params.put("if.count", 300L);
        params.put("fs.count", 300L);
        for (int i = 0; i < 300; i++) {
            params.put("if." + i + ".name", "veth00000" + i);
            params.put("if." + i + ".hwaddr", "52:54:00:00:00:01");
            params.put("if." + i + ".addr.count", 1L);
            params.put("if." + i + ".addr.0.type", "ipv6");
            params.put("if." + i + ".addr.0.addr", "fe80::5054:ff:fe00:1");
            params.put("fs." + i + ".mountpoint", "/var/lib/docker/overlay2/" + "0".repeat(64) + "/merged");
            params.put("fs." + i + ".fstype", "overlay");
        }

        GuestReport report = GuestReportReader.read(params);

        assertThat(report.nics().orElseThrow()).hasSize(300);
        assertThat(report.nics().orElseThrow().get(299).addresses()).hasSize(1);
        assertThat(report.fileSystems().orElseThrow()).hasSize(300);
        assertThat(report.fileSystems().orElseThrow().get(299).type()).isEqualTo("overlay");
    }

    /** The engine wants name and offset, and loses the statistics of all VMs when one has no offset. */
    @Test
    void aZoneThatCannotBeTrueIsNotToldAtAll() {
        for (Object odd : List.of(12_345_678L, 999_999L, 86_401L, -86_401L, Long.MAX_VALUE, "", "east", "1.5")) {
            Map<String, Object> params = Map.of("timezone.name", "X", "timezone.offset", odd);
            assertThat(GuestReportReader.read(params).zone()).as("%s", odd).isEmpty();
        }
        assertThat(GuestReportReader.read(Map.of("timezone.name", "X")).zone()).isEmpty();
        assertThat(GuestReportReader.read(Map.of("timezone.offset", 60L)).zone())
                .isEmpty();
        for (int most : List.of(86_400, -86_400)) {
            Map<String, Object> params = Map.of("timezone.name", "X", "timezone.offset", most);
            assertThat(GuestReportReader.read(params).zone()).contains(new Zone("X", most));
        }
    }

    @Test
    void partsAskedForOneByOneAddUp() {
        GuestReport name = GuestReportReader.read(Map.of("hostname", "web"));
        GuestReport zone = GuestReportReader.read(Map.of("timezone.name", "X", "timezone.offset", -60L));

        GuestReport both = name.with(zone);

        assertThat(both.hostname()).contains("web");
        assertThat(both.zone()).contains(new Zone("X", -60));
    }
}
