package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.muster.libvirt.DomainNeeds.Source;

class DomainNeedsTest {
    private static DomainNeeds needs(String inside) throws HypervisorException {
        return DomainNeeds.of(DomainXml.parse("<domain><name>n</name>" + inside + "</domain>"));
    }

    @ParameterizedTest
    @CsvSource({
        "65536,'',65536",
        "65536,KiB,65536",
        "64,MiB,65536",
        "64,M,65536",
        "1,g,1048576",
        "1,GB,976563",
        "1500,b,2",
        "1,TiB,1073741824",
        "3,KB,3",
        "7,furlongs,",
        "many,MiB,",
        "-1,MiB,",
        "99999999999999,TiB,"
    })
    void memoryInEveryUnitOfLibvirts(String amount, String unit, Long kib) throws Exception {
        OptionalLong wanted = kib == null ? OptionalLong.empty() : OptionalLong.of(kib);

        assertThat(needs("<memory unit='" + unit + "'>" + amount + "</memory>").memoryKib())
                .isEqualTo(wanted);
    }

    @Test
    void theGuaranteedMemoryCountsElseWhatTheGuestStartsWith() throws Exception {
        String both = "<memory unit='GiB'>4</memory><currentMemory unit='GiB'>2</currentMemory>";
        String guaranteed = "<metadata xmlns:o='http://ovirt.org/vm/1.0'><o:vm><o:minGuaranteedMemoryMb type='int'>512"
                + "</o:minGuaranteedMemoryMb></o:vm></metadata>";

        assertThat(needs("<memory unit='GiB'>4</memory>").memoryKib()).hasValue(4L << 20);
        assertThat(needs(both).memoryKib()).hasValue(2L << 20);
        assertThat(needs(both + guaranteed).memoryKib()).hasValue(512L << 10);
        assertThat(needs("").memoryKib()).isEmpty();
    }

    /** What a guest needs is taken from what others may have: less than nothing would give them memory that is not there. */
    @Test
    void aGuaranteeThatCannotBeMakesNoRoomForOthers() throws Exception {
        String metadata = "<memory unit='GiB'>4</memory><metadata xmlns:o='http://ovirt.org/vm/1.0'><o:vm>"
                + "<o:minGuaranteedMemoryMb type='int'>%s</o:minGuaranteedMemoryMb></o:vm></metadata>";

        for (String odd : List.of("9999999999999999", "999999999999999999", "-9000")) {
            assertThat(needs(metadata.formatted(odd)).memoryKib()).as(odd).hasValue(4L << 20);
        }
    }

    @Test
    void hugePagesOfTheDefaultSizeOfOneAndByCells() throws Exception {
        String memory = "<memory unit='GiB'>4</memory>";
        String cells = "<cpu><numa><cell id='0' cpus='0' memory='1' unit='GiB'/><cell id='1' memory='1' unit='GiB'/>"
                + "<cell id='2' memory='2' unit='GiB'/></numa></cpu>";

        assertThat(needs(memory + backing("")).hugePagesKib()).isEqualTo(Map.of(DomainNeeds.DEFAULT_PAGES, 4L << 20));
        assertThat(needs(memory + backing("")).memoryKib()).hasValue(0);
        assertThat(needs(memory + backing("<page size='1' unit='G'/>")).hugePagesKib())
                .isEqualTo(Map.of(1L << 20, 4L << 20));
        assertThat(needs(memory + cells + backing("<page size='2048'/><page size='1' unit='GiB' nodeset='1-2'/>"))
                        .hugePagesKib())
                .isEqualTo(Map.of(2048L, 1L << 20, 1L << 20, 3L << 20));
        assertThat(needs(memory + cells + backing("<page size='1' unit='GiB' nodeset='0-2,^1'/>"))
                        .hugePagesKib())
                .isEqualTo(Map.of(1L << 20, 3L << 20));
    }

    private static String backing(String pages) {
        return "<memoryBacking><hugepages>" + pages + "</hugepages></memoryBacking>";
    }

    @Test
    void whatCannotBeToldOfHugePagesIsNotGuessed() throws Exception {
        String memory = "<memory unit='GiB'>4</memory>";

        assertThat(needs(memory + backing("<page size='x'/>")).hugePagesKib()).isEmpty();
        assertThat(needs(memory + backing("<page size='2048' nodeset='0'/>")).hugePagesKib())
                .isEmpty();
        assertThat(needs(memory + backing("<page size='2048' nodeset='a-b'/>")).hugePagesKib())
                .isEmpty();
        assertThat(needs(backing("")).hugePagesKib()).isEmpty();
        assertThat(needs(memory + backing("<page size='4'/>")).hugePagesKib())
                .as("small pages")
                .isEmpty();
    }

    @Test
    void disksInFilesAndDevicesWithWhoMayHaveThem() throws Exception {
        DomainNeeds needs = needs("<devices>"
                + "<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
                + "<disk type='block'><source dev='/dev/b'/><target dev='vdb'/><shareable/></disk>"
                + "<disk type='file' device='cdrom'><source file='/c' startupPolicy='optional'/><target dev='sda'/></disk>"
                + "<disk type='file'><source file='/d'/><target dev='vdd'/><readonly/></disk>"
                + "<disk type='file'><source file='/e'/><target dev='vde'/><transient shareBacking='yes'/></disk>"
                + "<disk type='file' device='cdrom'><target dev='sdb'/></disk>"
                + "<disk type='file' device='cdrom'><source file='PAYLOAD:'/><target dev='sdc'/></disk>"
                + "<disk type='network'><source protocol='rbd' name='pool/x'/><target dev='vdf'/></disk>"
                + "</devices>");

        assertThat(needs.disks())
                .containsExactly(
                        new Source("xml/domain/devices/disk(vda)/source/@file", "/a", false, false),
                        new Source("xml/domain/devices/disk(vdb)/source/@dev", "/dev/b", true, false),
                        new Source("xml/domain/devices/disk(sda)/source/@file", "/c", true, true),
                        new Source("xml/domain/devices/disk(vdd)/source/@file", "/d", true, false),
                        new Source("xml/domain/devices/disk(vde)/source/@file", "/e", true, false),
                        new Source("xml/domain/devices/disk(vdf)/source", "rbd:///pool/x", false, false));
        assertThat(needs.disks().get(5).onHost()).isFalse();
        assertThat(needs.disks().get(0).onHost()).isTrue();
    }

    private static String network(String source) throws Exception {
        String devices = "<devices><disk type='network'>" + source + "</disk></devices>";
        return needs(devices).disks().stream().map(Source::path).findFirst().orElse("");
    }

    @Test
    void aDiskOnTheNetworkIsTheSameHoweverItsHostsAreWritten() throws Exception {
        assertThat(network("<source protocol='rbd' name='p/x'><host name='b' port='6789'/><host name='a'/></source>"))
                .isEqualTo(network("<source protocol='rbd' name='p/x'><host name='a'/><host name='b'/></source>"))
                .isNotEqualTo(network("<source protocol='rbd' name='p/x'><host name='a'/></source>"))
                .isNotEqualTo(network("<source protocol='rbd' name='p/y'><host name='a'/><host name='b'/></source>"));
        assertThat(network("<source protocol='nbd'><host name='h' port='10810'/></source>"))
                .isEqualTo("nbd://h:10810/");
        assertThat(network("<source protocol='nbd'><host transport='unix' socket='/s'/></source>"))
                .isEqualTo("nbd:///s/");
        assertThat(network("<source protocol='iscsi' name='iqn.x/1'><host name='h' port='3260'/></source>"))
                .isEqualTo("iscsi://h/iqn.x/1");
        assertThat(network("<source protocol='nbd'/>")).isEmpty();
    }

    @Test
    void addressesAreComparedWithoutRegardToCase() throws Exception {
        assertThat(needs("<devices><interface type='bridge'><mac address='52:54:00:AA:bb:CC'/></interface>"
                                + "<interface type='user'/></devices>")
                        .macs())
                .containsExactly("52:54:00:aa:bb:cc");
    }

    @Test
    void anAddressIsTheSameHoweverManyDigitsItIsWrittenWith() throws Exception {
        assertThat(needs("<devices><interface type='bridge'><mac address='52:54:0:A:b:1'/></interface></devices>")
                        .macs())
                .containsExactly("52:54:00:0a:0b:01");
        assertThat(needs("<devices><interface type='bridge'><mac address='no:address'/></interface></devices>")
                        .macs())
                .containsExactly("no:address");
    }

    @Test
    void anAddressIsToldAsOftenAsItIsThereButThatOfAStandInOnce() throws Exception {
        String nic = "<interface type='bridge'><mac address='52:54:00:00:00:01'/></interface>";
        String standIn = nic.replace("</int", "<teaming type='transient' persistent='ua-1'/></int");

        assertThat(needs("<devices>" + nic + nic + "</devices>").macs())
                .containsExactly("52:54:00:00:00:01", "52:54:00:00:00:01");
        assertThat(needs("<devices>" + standIn + nic + "</devices>").macs()).containsExactly("52:54:00:00:00:01");
        assertThat(needs("<devices>" + standIn + "</devices>").macs()).containsExactly("52:54:00:00:00:01");
    }

    @Test
    void theMachineTypeOfTheHostsOwnEmulator() throws Exception {
        String os = "<os><type arch='x86_64' machine='pc'>hvm</type></os>";

        assertThat(needs(os).machine()).contains(new DomainNeeds.Machine("x86_64", "pc"));
        assertThat(needs("<os><type machine='q35'>hvm</type></os>").machine())
                .contains(new DomainNeeds.Machine("", "q35"));
        assertThat(needs("<os><type>hvm</type></os>").machine()).isEmpty();
        assertThat(needs(os + "<devices><emulator>/opt/qemu</emulator></devices>")
                        .machine())
                .isEmpty();
    }
}
