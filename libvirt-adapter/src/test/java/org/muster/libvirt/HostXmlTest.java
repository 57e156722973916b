package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.libvirt.NodeInfo;

/** What is read in libvirt's XML about the host; written here after libvirt's own documentation of the format. */
class HostXmlTest {
    private static final String CAPABILITIES = """
            <capabilities>
              <host>
                <uuid>aaaaaaaa-0000-0000-0000-000000000001</uuid>
                <cpu>
                  <arch>x86_64</arch><model>Haswell</model><vendor>Intel</vendor>
                  <counter name='tsc' frequency='2100000000' scaling='no'/>
                  <feature name='vmx'/>
                </cpu>
                <topology><cells num='2'>
                  <cell id='0'>
                    <memory unit='KiB'>1000</memory>
                    <pages unit='KiB' size='4'>100</pages><pages unit='KiB' size='2048'>7</pages>
                    <distances><sibling id='0' value='10'/><sibling id='1' value='21'/></distances>
                    <cpus num='2'>
                      <cpu id='0' socket_id='0' die_id='1' core_id='5' siblings='0'/>
                      <cpu id='1'/>
                    </cpus>
                  </cell>
                  <cell id='1'><memory unit='KiB'>2000</memory><cpus num='0'/></cell>
                </cells></topology>
              </host>
              <guest><arch name='i686'><machine>isapc</machine><domain type='kvm'/></arch></guest>
              <guest><arch name='x86_64'>
                <machine canonical='pc-q35-9.1'>q35</machine>
                <domain type='qemu'/>
                <domain type='kvm'><machine>pc-kvm-only</machine></domain>
              </arch></guest>
            </capabilities>
            """;
    private static final String GUESTS = """
            <domainCapabilities>
              <domain>kvm</domain>
              <cpu>
                <mode name='host-passthrough' supported='yes'/>
                <mode name='host-model' supported='yes'>
                  <model fallback='forbid'>Haswell</model>
                  <feature policy='require' name='md-clear'/><feature policy='disable' name='hle'/>
                </mode>
                <mode name='custom' supported='yes'>
                  <model usable='no' vendor='Intel'>Icelake-Server</model>
                  <model usable='yes' vendor='Intel'>Haswell</model>
                  <model usable='unknown'>kvm64</model>
                  <model usable='yes'>Nehalem</model>
                </mode>
              </cpu>
            </domainCapabilities>
            """;

    private static HostFacts parse(String capabilities, String guests, String sysinfo) throws Exception {
        return HostFactsReader.parse(
                new HostFactsReader.Answers(capabilities, guests, sysinfo, new NodeInfo(), 9_000_000, 7_002_000, "h"));
    }

    @Test
    void modelsThatGuestsCanHaveFeaturesMachinesAndTheClock() throws Exception {
        HostFacts facts = parse(CAPABILITIES, GUESTS, "");

        assertThat(facts.usableModels()).containsExactly("Haswell", "Nehalem");
        assertThat(facts.guestFeatures()).containsExactly("md-clear");
        assertThat(facts.cpuFeatures()).containsExactly("vmx");
        assertThat(facts.machines()).containsExactly("q35", "pc-q35-9.1", "pc-kvm-only");
        assertThat(facts.kvm()).isTrue();
        assertThat(facts.tscHz()).isEqualTo(OptionalLong.of(2_100_000_000L));
        assertThat(facts.tscScaling()).contains(false);
    }

    @Test
    void cellsWithTheirPagesDistancesAndOfflineCpus() throws Exception {
        HostFacts facts = parse(CAPABILITIES, "", "");

        HostFacts.Cell cell = facts.numaCells().get(0);
        assertThat(cell.pages()).isEqualTo(Map.of(4L, 100L, 2048L, 7L));
        assertThat(cell.distances()).isEqualTo(Map.of(0, 10, 1, 21));
        assertThat(cell.cpus()).containsExactly(new HostFacts.Cpu(0, 0, 1, 5), new HostFacts.Cpu(1, -1, -1, -1));
        assertThat(facts.numaCells().get(1).distances()).isEmpty();
        assertThat(facts.usableModels())
                .as("a driver without domain capabilities")
                .isEmpty();
    }

    @Test
    void kvmOfAnotherArchitectureIsNotOurs() throws Exception {
        HostFacts facts =
                parse(CAPABILITIES.replace("<domain type='kvm'><machine>pc-kvm-only</machine></domain>", ""), "", "");

        assertThat(facts.kvm()).isFalse();
    }

    @Test
    void theTableOfTheHardware() throws Exception {
        HostFacts facts = parse(
                CAPABILITIES,
                "",
                "<sysinfo type='smbios'><bios><entry name='vendor'>B</entry></bios>"
                        + "<system><entry name='manufacturer'> Fake &amp; Sons </entry></system></sysinfo>");

        assertThat(facts.smbios()).isEqualTo(Map.of("manufacturer", "Fake & Sons"));
    }

    @Test
    void aVirtualFunction() throws Exception {
        HostDevice device = HostDeviceXml.parse("""
                <device>
                  <name>pci_0000_42_10_1</name>
                  <path>/sys/devices/x</path>
                  <parent>pci_0000_40_01_0</parent>
                  <driver><name>igbvf</name></driver>
                  <capability type='pci'>
                    <class>0x020000</class>
                    <domain>0</domain><bus>66</bus><slot>16</slot><function>1</function>
                    <product id='0x10ca'>82576 Virtual Function</product>
                    <vendor id='0x8086'>Intel Corporation</vendor>
                    <capability type='phys_function'>
                      <address domain='0x0000' bus='0x42' slot='0x00' function='0x1'/>
                    </capability>
                    <iommuGroup number='15'><address domain='0x0000' bus='0x42' slot='0x10' function='0x1'/></iommuGroup>
                    <numa node='1'/>
                  </capability>
                </device>
                """);

        assertThat(device.parent()).contains("pci_0000_40_01_0");
        assertThat(device.values())
                .containsEntry("product", "82576 Virtual Function")
                .containsEntry("product_id", "0x10ca")
                .containsEntry("vendor_id", "0x8086")
                .containsEntry("physfn", "pci_0000_42_00_1")
                .containsEntry("iommu_group", "15")
                .containsEntry("numa_node", "1")
                .containsEntry("driver", "igbvf");
        assertThat(device.address()).isEqualTo(Map.of("domain", "0", "bus", "66", "slot", "16", "function", "1"));
        assertThat(device.bridge()).isFalse();
    }

    @Test
    void aDeviceThatCanBeSplitAndOneThatOnlyConnects() throws Exception {
        HostDevice gpu = HostDeviceXml.parse("""
                <device><name>pci_0000_06_00_0</name><parent>computer</parent><capability type='pci'>
                  <class>0x030200</class>
                  <capability type='virt_functions' maxCount='8'/>
                  <capability type='mdev_types'>
                    <type id='nvidia-11'><name>GRID M60-0B</name><deviceAPI>vfio-pci</deviceAPI>
                      <availableInstances>16</availableInstances></type>
                  </capability>
                </capability></device>
                """);
        HostDevice bridge = HostDeviceXml.parse(
                "<device><name>p</name><parent>computer</parent><capability type='pci'><class>0x060400</class>"
                        + "<capability type='pci-bridge'/></capability></device>");
        HostDevice computer = HostDeviceXml.parse("<device><name>computer</name><capability type='system'/></device>");

        assertThat(gpu.maxVirtualFunctions()).isEqualTo(OptionalInt.of(8));
        assertThat(gpu.mdevTypes()).isEqualTo(Map.of("nvidia-11", new HostDevice.MdevType("GRID M60-0B", "16")));
        assertThat(bridge.bridge()).isTrue();
        assertThat(computer.parent()).isEqualTo(Optional.empty());
        assertThat(computer.capability()).isEqualTo("system");
    }

    @Test
    void aDeviceWhoseXmlIsNoneIsLeftOutAlone() {
        HostDevices devices = new HostDevices(() -> {});
        List<HostDevice> list = new ArrayList<>();
        devices.add("<device><name>computer</name><capability type='system'/></device>", list);
        devices.add(
                "<device><name>usb_1</name><capability type='usb_device'><product>\u0001</product></capability>", list);
        devices.add("", list);
        devices.add(
                "<device><name>usb_2</name><parent>computer</parent><capability type='usb_device'/></device>", list);

        assertThat(list).extracting(HostDevice::name).containsExactly("computer", "usb_2");
    }
}
