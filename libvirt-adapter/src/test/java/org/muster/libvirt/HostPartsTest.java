package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.HostParts.Network;

class HostPartsTest {
    private static final HostParts.Facts FACTS = new HostParts.Facts("Debian & Co", "12", "host-uuid");

    private static DomainXml domain(String body) throws HypervisorException {
        return DomainXml.parse(
                "<domain type='kvm' xmlns:o='http://ovirt.org/vm/1.0'><name>a</name>" + body + "</domain>");
    }

    private static List<Problem> problems(String body) throws HypervisorException {
        return HostParts.of(domain(body)).problems();
    }

    private static String payload(String disk) {
        return "<metadata><o:vm><o:device devtype='disk' name='sdc'><o:payload><o:volId>config-2</o:volId>"
                + "<o:file path='a'>eA==</o:file></o:payload></o:device></o:vm></metadata><devices>" + disk
                + "</devices>";
    }

    @Test
    void theHostsNamesAreFilledInWhereverTheyStand() throws Exception {
        DomainXml xml = domain("<sysinfo type='smbios'><system><entry name='product'>OS-NAME:</entry>"
                + "<entry name='version'> OS-VERSION: </entry><entry name='serial'>HOST-SERIAL:</entry>"
                + "<entry name='uuid'>u</entry></system></sysinfo>");
        HostParts parts = HostParts.of(xml);

        assertThat(parts.needsFacts()).isTrue();
        parts.fill(FACTS);

        assertThat(xml.toString())
                .contains("<entry name=\"product\">Debian &amp; Co</entry>")
                .contains("<entry name=\"version\">12</entry>")
                .contains("<entry name=\"serial\">host-uuid</entry>")
                .contains("<entry name=\"uuid\">u</entry>");
        assertThat(HostParts.of(xml).needsFacts()).isFalse();
    }

    @Test
    void leasesAndUnknownPlaceholdersAreRefusedWithPlaceAndValue() throws Exception {
        assertThat(problems("<devices><lease><key>k</key><lockspace>s</lockspace>"
                        + "<target offset='LEASE-OFFSET:k:s' path='LEASE-PATH:k:s'/></lease></devices>"))
                .extracting(Problem::field, Problem::value)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple(
                                "xml/domain/devices/lease/target/@offset", "LEASE-OFFSET:k:s"),
                        org.assertj.core.groups.Tuple.tuple("xml/domain/devices/lease/target/@path", "LEASE-PATH:k:s"));
        assertThat(problems("<sysinfo><system><entry name='x'>RACK-NUMBER:</entry></system></sysinfo>"))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.field()).isEqualTo("xml/domain/sysinfo/system/entry");
                    assertThat(problem.rule()).contains("cannot resolve");
                    assertThat(problem.value()).isEqualTo("RACK-NUMBER:");
                });
        assertThat(problems("<devices><disk><source file='PAYLOAD:other'/><target dev='sdc'/></disk></devices>"))
                .hasSize(1);
        assertThat(problems("<devices><disk><source file='/a'/><backingStore><source file='PAYLOAD:'/></backingStore>"
                        + "<target dev='sdc'/></disk><filesystem><source file='PAYLOAD:'/></filesystem></devices>"))
                .hasSize(2);
    }

    @Test
    void whatOnlyLooksLikeAPlaceholderIsNone() throws Exception {
        assertThat(problems("<title>LEASE-PATH:</title><description>PAYLOAD: to be decided. NOTE:</description>"
                        + "<metadata><o:vm><o:custom><o:note>TODO:</o:note></o:custom></o:vm></metadata>"
                        + "<devices><interface><mac address='56:6F:AA:BB:CC:DD'/></interface>"
                        + "<disk><serial>AB-CD:17</serial><source file='/x/DATA:/y'/></disk></devices>"))
                .isEmpty();
    }

    @Test
    void aPayloadNeedsItsDiskAndADiskItsPayload() throws Exception {
        String good = "<disk type='file' device='cdrom'><source file='PAYLOAD:' startupPolicy='optional'/>"
                + "<target dev='sdc'/></disk>";
        assertThat(problems(payload(good))).isEmpty();
        assertThat(problems(payload(good.replace("sdc", "sdd"))))
                .extracting(Problem::field)
                .containsExactlyInAnyOrder(
                        "xml/domain/devices/disk(sdd)/source/@file", "xml.metadata.device(sdc).payload");
        assertThat(problems(payload(good.replace("cdrom", "disk"))))
                .extracting(Problem::field)
                .containsExactly("xml/domain/devices/disk(sdc)/@device");
        assertThat(problems(payload(good.replace("'file'", "'block'"))))
                .extracting(Problem::field)
                .containsExactly("xml/domain/devices/disk(sdc)/@type");
        assertThat(problems(payload(good.replace("PAYLOAD:", "/some/file.iso"))))
                .extracting(Problem::field)
                .containsExactly("xml.metadata.device(sdc).payload");
        assertThat(problems(payload(good).replace("sdc", "../sdc")))
                .extracting(Problem::field)
                .containsExactly("xml/domain/devices/disk(../sdc)/target/@dev");
    }

    private static String disk(String values) {
        return "<metadata><o:vm><o:device devtype='disk' name='sda'>" + values + "</o:device></o:vm></metadata>"
                + "<devices><disk><source file='/a'/><target dev='sda'/></disk></devices>";
    }

    /** Started as if that were not said, the guest would write to a disk that it must only read, or the copy would lack what it writes. */
    @Test
    void aDiskThatIsNotToBeUsedAsItsSourceSaysIsRefused() throws Exception {
        assertThat(problems(disk("<o:imageID>i</o:imageID><o:shared>transient</o:shared>")))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.field()).isEqualTo("xml.metadata.device(sda).shared");
                    assertThat(problem.rule()).startsWith("must be false, shared or exclusive");
                    assertThat(problem.value()).isEqualTo("transient");
                });
        assertThat(problems(disk("<o:diskReplicate><o:volumeID>v</o:volumeID></o:diskReplicate>")))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.field()).isEqualTo("xml.metadata.device(sda).diskReplicate");
                    assertThat(problem.value()).isEqualTo("v");
                });
        assertThat(problems(disk("<o:diskReplicate>{}</o:diskReplicate>"))).hasSize(1);
        for (String usual : List.of("false", "shared", "exclusive", "")) {
            assertThat(problems(disk("<o:shared>" + usual + "</o:shared><o:diskReplicate/>")))
                    .as(usual)
                    .isEmpty();
        }
    }

    @Test
    void anImageTakesThePlaceOfItsPlaceholderAndNothingElse() throws Exception {
        DomainXml xml =
                domain(payload("<disk type='file' device='cdrom'><source file='PAYLOAD:' startupPolicy='optional'/>"
                        + "<target dev='sdc' bus='sata'/><readonly/><alias name='ua-1'/></disk>"
                        + "<disk type='file' device='disk'><source file='/a'/><target dev='sda'/></disk>"));
        HostParts parts = HostParts.of(xml);

        assertThat(parts.payloadDisks()).singleElement().satisfies(disk -> {
            assertThat(disk.target()).isEqualTo("sdc");
            assertThat(disk.floppy()).isFalse();
            assertThat(disk.payload().volumeLabel()).isEqualTo("config-2");
        });
        parts.image("sdc", Path.of("/images/sdc.img"));

        assertThat(xml.toString())
                .contains("<source file=\"/images/sdc.img\" startupPolicy=\"optional\"/>")
                .contains("<source file=\"/a\"/>")
                .contains("<alias name=\"ua-1\"/>")
                .contains("eA==");
        assertThat(parts.payloadDisks()).isEmpty();
    }

    @Test
    void libvirtMayGiveAnImageOfOursToQemusUser() throws Exception {
        DomainXml xml = domain(payload("<disk type='file' device='cdrom'><source file='PAYLOAD:'>"
                + "<seclabel model='dac' type='none' relabel='no'/><seclabel model='selinux' relabel='yes'/></source>"
                + "<target dev='sdc'/></disk>"));

        HostParts.of(xml).image("sdc", Path.of("/i"));

        assertThat(xml.toString()).doesNotContain("\"dac\"").contains("\"selinux\"");
    }

    @Test
    void networksThatOnlyTheHostKnowsAreNamedOnce() throws Exception {
        DomainXml xml = domain("<devices>"
                + "<interface type='bridge'><source bridge=';vdsmdummy;'/><link state='up'/></interface>"
                + "<interface type='bridge'><source bridge=';vdsmdummy;'/></interface>"
                + "<interface type='bridge'><source bridge='lan'/><link state='up'/></interface>"
                + "<graphics type='vnc'><listen type='network' network='vdsm-ovirtmgmt'/></graphics>"
                + "<graphics type='spice'><listen type='network' network='vdsm-ovirtmgmt'/></graphics>"
                + "<graphics type='vnc'><listen type='network' network='default'/></graphics></devices>");
        HostParts parts = HostParts.of(xml);

        assertThat(parts.networks())
                .containsExactly(
                        new Network(";vdsmdummy;", ";vdsmdummy;", true),
                        new Network("vdsm-ovirtmgmt", "ovirtmgmt", false));
        parts.unplug();
        assertThat(xml.toString().split("state=\"down\"", -1)).hasSize(3);
        assertThat(xml.toString()).contains("<source bridge=\"lan\"/><link state=\"up\"/>");
    }

    @Test
    void aRebootThatEndsTheVmIsTakenOverForTheEngineOnly() throws Exception {
        DomainXml engines = domain("<metadata><o:vm><o:clusterVersion>4.8</o:clusterVersion></o:vm></metadata>"
                + "<on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>");
        HostParts.of(engines).takeOverReboot();
        DomainXml again = DomainXml.parse(engines.toString());
        assertThat(again.toString()).doesNotContain("<on_reboot>").contains("<on_crash>destroy");
        assertThat(again.metadata().notes().destroyOnReboot()).isTrue();

        DomainXml restarting = domain("<metadata><o:vm/></metadata><on_reboot>restart</on_reboot>");
        HostParts.of(restarting).takeOverReboot();
        assertThat(restarting.toString()).contains("<on_reboot>restart");
        assertThat(restarting.metadata().notes().destroyOnReboot()).isFalse();

        DomainXml plain = domain("<on_reboot>destroy</on_reboot>");
        HostParts.of(plain).takeOverReboot();
        assertThat(plain.toString()).contains("<on_reboot>destroy");
    }

    @Test
    void theStartIsNotedOnceByTheEnginesName() throws Exception {
        DomainXml xml = domain("<metadata><o:vm><o:startTime type='float'>1.0</o:startTime></o:vm></metadata>");
        xml.mark(new DomainXml.Mark("b", "NORMAL"));
        HostParts.of(xml).noteStart(1_700_000_000.1234);

        DomainXml again = DomainXml.parse(xml.toString());
        assertThat(again.metadata().notes().startTimeSeconds()).hasValue(1_700_000_000.123);
        assertThat(xml.toString().split(":startTime ", -1)).hasSize(2);

        DomainXml own = domain("");
        own.mark(new DomainXml.Mark("b", "NORMAL"));
        HostParts.of(own).noteStart(2);
        assertThat(own.toString()).contains(">2.000</ovirt-vm:startTime>");
        assertThat(DomainXml.parse(own.toString()).mark()).contains(new DomainXml.Mark("b", "NORMAL"));
    }

    @Test
    void badMetadataRefuseACreate() throws Exception {
        assertThat(problems("<metadata><o:vm><o:cpuPolicy>greedy</o:cpuPolicy></o:vm></metadata>"))
                .extracting(Problem::field)
                .containsExactly("xml.metadata.cpuPolicy");
    }
}
