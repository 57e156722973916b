package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainDetails.Access;
import org.muster.libvirt.DomainDetails.Balloon;
import org.muster.libvirt.DomainDetails.Console;
import org.muster.libvirt.DomainDetails.Disk;
import org.muster.libvirt.DomainDetails.Machine;
import org.muster.libvirt.DomainDetails.Nic;
import org.muster.libvirt.DomainDetails.Notes;
import org.muster.libvirt.DomainDetails.Uplink;
import org.muster.libvirt.EngineMetadata.ResumeBehavior;

class DomainDetailsTest {
    private static final String XML = """
            <domain type="kvm" id="7"><name>a</name><memory unit="KiB">2048</memory>
            <vcpu placement="static" current="2">8</vcpu><os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
            <metadata><o:vm xmlns:o="http://ovirt.org/vm/1.0"><o:startTime type="float">1700000000.25</o:startTime>
              <o:ballooningEnabled>false</o:ballooningEnabled>
              <o:device devtype="disk" name="vda"><o:imageID>img-1</o:imageID></o:device></o:vm></metadata>
            <features><acpi/></features><clock offset="variable" adjustment="-60" basis="utc"/>
            <devices>
              <disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="none" discard="unmap"/>
                <source file="/d" index="3"/><target dev="vda" bus="virtio"/><serial>s-1</serial><alias name="ua-17"/>
                <iotune><read_bytes_sec>5</read_bytes_sec></iotune></disk>
              <disk><source dev="/dev/mapper/x"/><target dev="sda"/></disk>
              <interface type="bridge"><mac address="56:6f:00:00:00:01"/><target dev="vnet3"/><model type="virtio"/>
                <source bridge="br0"/><mtu size="9000"/><virtualport type="openvswitch"><parameters interfaceid="p-1"/></virtualport>
              </interface>
              <serial type="pty"><source path="/dev/pts/5"/></serial>
              <console type="pty" tty="/dev/pts/5"><source path="/dev/pts/5"/></console>
              <channel type="unix"><source mode="bind" path="/x/domain-7-a/org.qemu.guest_agent.0"/>
                <target type="virtio" name="org.qemu.guest_agent.0" state="connected"/></channel>
              <graphics type="vnc" port="5900" listen="10.0.0.2"><listen type="address" address="10.0.0.2"/></graphics>
              <graphics type="spice" tlsPort="5901"><listen type="network" address="10.0.0.3" network="n"/></graphics>
              <memballoon model="virtio"/>
            </devices></domain>""";

    private static DomainDetails parse(String xml) throws HypervisorException {
        return DomainDetails.parse(xml);
    }

    @Test
    void everythingIsReadAsItStands() throws Exception {
        DomainDetails details = parse(XML);

        assertThat(details.kvm()).isTrue();
        assertThat(details.acpi()).isTrue();
        assertThat(details.disks())
                .containsExactly(
                        new Disk(
                                "vda",
                                "disk",
                                "ua-17",
                                "/d",
                                "",
                                "s-1",
                                "img-1",
                                "",
                                false,
                                false,
                                new Access("file", "virtio", "", "qemu", "qcow2", "none", "unmap"),
                                Map.of("read_bytes_sec", "5")),
                        new Disk(
                                "sda",
                                "disk",
                                "",
                                "/dev/mapper/x",
                                "",
                                "",
                                "",
                                "",
                                false,
                                false,
                                new Access("", "", "", "", "", "", ""),
                                Map.of()));
        assertThat(details.nics())
                .containsExactly(
                        new Nic("vnet3", "56:6f:00:00:00:01", "virtio", new Uplink("bridge", "br0", "9000", "p-1")));
        assertThat(details.machine()).isEqualTo(new Machine("hvm", "x86_64", "pc-q35-7.2", OptionalLong.of(8)));
        assertThat(details.consoles())
                .containsExactly(
                        new Console("vnc", "5900", "-1", "10.0.0.2"), new Console("spice", "-1", "5901", "10.0.0.3"));
        assertThat(details.agentChannel()).contains(new DomainDetails.AgentChannel(true));
        assertThat(details.timeOffsetSeconds()).isEqualTo(OptionalLong.of(-60));
        assertThat(details.balloon()).isEqualTo(new Balloon(true, false, OptionalLong.of(2048), OptionalLong.empty()));
        assertThat(details.startedAtMillis()).isEqualTo(OptionalLong.of(1_700_000_000_250L));
        assertThat(details.notes())
                .isEqualTo(
                        new Notes(true, ResumeBehavior.AUTO_RESUME, OptionalDouble.empty(), Map.of(), Optional.of("")));
    }

    private static String noted(String xml, String notes) {
        return xml.replace("<o:ballooningEnabled>", notes + "<o:ballooningEnabled>");
    }

    @Test
    void whatAnotherAgentNotedIsRead() throws Exception {
        DomainDetails details = parse(noted(
                        XML,
                        "<o:resumeBehavior>kill</o:resumeBehavior><o:pauseTime type='float'>12.5</o:pauseTime>"
                                + "<o:memGuaranteedSize type='int'>1</o:memGuaranteedSize>"
                                + "<o:balloonTarget type='int'>1024</o:balloonTarget><o:jobs>{\"j\":{}}</o:jobs>")
                .replace("<o:imageID>", "<o:guestName>/dev/vda</o:guestName><o:imageID>"));

        assertThat(details.notes())
                .isEqualTo(new Notes(
                        true,
                        ResumeBehavior.KILL,
                        OptionalDouble.of(12.5),
                        Map.of("vda", "/dev/vda"),
                        Optional.of("{\"j\":{}}")));
        assertThat(details.balloon()).isEqualTo(new Balloon(true, false, OptionalLong.of(1024), OptionalLong.of(1024)));
    }

    @Test
    void whatTheEngineGuaranteesGoesBeforeWhatAPolicyNoted() throws Exception {
        String both = "<o:minGuaranteedMemoryMb type='int'>2</o:minGuaranteedMemoryMb>"
                + "<o:memGuaranteedSize type='int'>1</o:memGuaranteedSize>";

        assertThat(parse(noted(XML, both)).balloon().minimumKib()).isEqualTo(OptionalLong.of(2048));
    }

    @Test
    void noGuestIsGuaranteedMoreThanItHasOrLessThanNothing() throws Exception {
        for (String name : List.of("minGuaranteedMemoryMb", "memGuaranteedSize")) {
            String guaranteed = "<o:" + name + " type='int'>%s</o:" + name + ">";
            for (String much : List.of("2", "3", "1099511627776")) {
                assertThat(parse(noted(XML, guaranteed.formatted(much)))
                                .balloon()
                                .minimumKib())
                        .as(much)
                        .isEqualTo(OptionalLong.of(2048));
            }
            for (String odd : List.of("-1", "9999999999999999", "999999999999999999")) {
                assertThat(parse(noted(XML, guaranteed.formatted(odd)))
                                .balloon()
                                .minimumKib())
                        .as(odd)
                        .isEmpty();
            }
        }
    }

    @Test
    void theHashFollowsTheGuestsNamesOfItsDisks() throws Exception {
        String named = XML.replace("<o:imageID>", "<o:guestName>/dev/vda</o:guestName><o:imageID>");

        assertThat(parse(named).hash()).isNotEqualTo(parse(XML).hash());
        assertThat(parse(named.replace("/dev/vda", "/dev/sda")).hash())
                .isNotEqualTo(parse(named).hash());
    }

    @Test
    void aQuotaThatLimitsNothingIsNone() throws Exception {
        String tuned = "<domain><cputune><period>%s</period><quota>%s</quota></cputune></domain>";
        DomainDetails limited = parse(tuned.formatted("100000", "50000"));
        assertThat(limited.cpuPeriodMicros()).hasValue(100_000);
        assertThat(limited.cpuQuotaMicros()).hasValue(50_000);
        for (String unlimited : List.of("-1", "0", "-9223372036854775")) {
            DomainDetails details = parse(tuned.formatted("0", unlimited));
            assertThat(details.cpuQuotaMicros()).as(unlimited).isEmpty();
            assertThat(details.cpuPeriodMicros()).isEmpty();
        }
    }

    @Test
    void whatIsMissingOrOddIsEmptyAndHarmsNothingElse() throws Exception {
        DomainDetails details = parse("<domain><clock offset='variable' adjustment='reset'/><cputune><quota>x</quota>"
                + "</cputune><devices><disk/><interface/><graphics/><channel/></devices></domain>");

        assertThat(details.timeOffsetSeconds()).isEmpty();
        assertThat(details.cpuQuotaMicros()).isEmpty();
        assertThat(details.disks()).hasSize(1);
        assertThat(details.consoles()).containsExactly(new Console("", "-1", "-1", ""));
        assertThat(parse("<domain/>").balloon().device()).isFalse();
        assertThat(parse("<domain/>").hash()).isNotEmpty();
    }

    @Test
    void theHashFollowsTheDevices() throws Exception {
        String hash = parse(XML).hash();

        assertThat(parse(XML).hash()).isEqualTo(hash);
        assertThat(parse(XML.replace("vnet3", "vnet4")).hash())
                .as("the engine reads the tap's name")
                .isNotEqualTo(hash);
        assertThat(parse(XML.replace("<memballoon", "<rng model='virtio'/><memballoon"))
                        .hash())
                .isNotEqualTo(hash);
        assertThat(parse(XML.replace("file=\"/d\"", "file=\"/e\"")).hash()).isNotEqualTo(hash);
    }

    @Test
    void theHashDoesNotFollowTheRun() throws Exception {
        String hash = parse(XML).hash();

        assertThat(parse(XML.replace("state=\"connected\"", "state=\"disconnected\""))
                        .hash())
                .isEqualTo(hash);
        assertThat(parse(XML.replace("/dev/pts/5", "/dev/pts/9")).hash()).isEqualTo(hash);
        assertThat(parse(XML.replace("id=\"7\"", "id=\"8\"").replace("domain-7-a", "domain-8-a"))
                        .hash())
                .isEqualTo(hash);
        assertThat(parse(XML.replace("5900", "5907")).hash()).isEqualTo(hash);
        assertThat(parse(XML.replace("index=\"3\"", "index=\"1\"")).hash()).isEqualTo(hash);
    }

    @Test
    void theHashFollowsTheEnginesNamesOfDevicesAndNotLibvirts() throws Exception {
        String without = "<domain><devices><controller type='usb' model='none'/></devices></domain>";
        String libvirts = without.replace("'none'/>", "'none'><alias name='usb'/></controller>");
        String engines = libvirts.replace("'usb'/></c", "'ua-usb'/></c");

        assertThat(parse(libvirts).hash()).isNotEqualTo(parse(engines).hash());
        assertThat(parse(libvirts).hash())
                .isEqualTo(parse(libvirts.replace("'usb'/></c", "'usb0'/></c")).hash());
        assertThat(parse(libvirts).hash())
                .as("a libvirtd that was restarted gives it none")
                .isEqualTo(parse(without).hash());
    }

    @Test
    void theHashDoesNotFollowTheXmlsForm() throws Exception {
        String one = "<domain><devices><rng model='virtio' id='7'/></devices></domain>";
        String same = "<domain>\n <devices>\n  <rng id=\"7\" model=\"virtio\"></rng>\n </devices>\n</domain>";
        String other = "<domain><devices><rng model='virtio'/><id>7</id></devices></domain>";

        assertThat(parse(same).hash()).isEqualTo(parse(one).hash());
        assertThat(parse(other).hash()).isNotEqualTo(parse(one).hash());
    }

    @Test
    void anXmlThatCannotBeReadHasAHashOfItsText() {
        assertThat(DomainDetails.unreadable("<domain").hash())
                .isNotEqualTo(DomainDetails.unreadable("<domai").hash());
    }

    @Test
    void onlyARawFileIsAsLongAsItsDisk() throws HypervisorException {
        assertThat(isRawFile("<disk type='file'><driver type='raw'/><source file='/d'/><target dev='vda'/></disk>"))
                .isTrue();
        assertThat(isRawFile("<disk type='file'><driver type='qcow2'/><source file='/d'/><target dev='vda'/></disk>"))
                .isFalse();
        assertThat(isRawFile("<disk type='block'><driver type='raw'/><source dev='/d'/><target dev='vda'/></disk>"))
                .isFalse();
    }

    private static boolean isRawFile(String disk) throws HypervisorException {
        return parse("<domain><name>n</name><devices>" + disk + "</devices></domain>")
                .disks()
                .get(0)
                .rawFile();
    }
}
