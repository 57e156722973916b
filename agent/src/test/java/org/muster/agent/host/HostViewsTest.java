package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.libvirt.EngineNetwork;
import org.muster.libvirt.HostParts;
import org.muster.netlink.Link;
import org.muster.netlink.NetworkDump;

/** What is made of a big host's files: each view on its own, without threads. */
class HostViewsTest {
    @TempDir
    private Path directory;

    private FakeTree tree;
    private HostRoot root;

    @BeforeEach
    void write() {
        tree = BigHost.write(new FakeTree(directory));
        root = tree.root();
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(item -> texts.add(item.asText()));
        return texts;
    }

    @Test
    void percentagesAreRightFromTheFirstAnswerOn() {
        CpuUsage usage = new CpuUsage();
        usage.add(TimeUnit.SECONDS.toNanos(1000), CpuTimes.parse(root.lines("proc/stat")));
        ObjectNode first = object();
        usage.put(first, Map.of(127, 3));

        assertThat(first.get("cpuUser").textValue()).as("since boot").isEqualTo("30.00");
        assertThat(first.get("cpuSys").textValue()).isEqualTo("20.00");
        assertThat(first.get("cpuIdle").textValue()).isEqualTo("50.00");
        assertThat(first.get("cpuStatistics")).hasSize(BigHost.CPUS);
        assertThat(first.at("/cpuStatistics/127/nodeIndex").intValue()).isEqualTo(3);
    }

    @Test
    void theWindowIsAsLongAsTheEnginesPeriod() {
        CpuUsage usage = new CpuUsage();
        long busy = 0;
        long idle = 0;
        List<String> seen = new ArrayList<>();
        for (int second = 0; second <= 40; second += 5) {
            usage.add(TimeUnit.SECONDS.toNanos(second), times(busy, idle));
            ObjectNode stats = object();
            usage.put(stats, Map.of());
            seen.add(stats.get("cpuUser").textValue());
            busy += second < 20 ? 500 : 0; // busy for 20 s, then idle
            idle += second < 20 ? 0 : 500;
        }

        assertThat(seen)
                .containsExactly("0.00", "100.00", "100.00", "100.00", "100.00", "66.67", "33.33", "0.00", "0.00");
    }

    private static CpuTimes times(long busy, long idle) {
        return CpuTimes.parse(List.of("cpu  " + busy + " 0 0 " + idle + " 0 0 0 0 0 0"));
    }

    @Test
    void aCpuThatCameOnlineOrWhoseCounterWentBackSpoilsNothing() {
        CpuUsage usage = new CpuUsage();
        usage.add(0, CpuTimes.parse(List.of("cpu 100 0 0 100 50 0 0 0", "cpu0 100 0 0 100 50 0 0 0")));
        usage.add(1, CpuTimes.parse(List.of("cpu 150 0 0 100 20 0 0 0", "cpu0 100 0 0 100 20 0 0 0", "cpu1 50 0 0 0")));
        ObjectNode stats = object();
        usage.put(stats, Map.of());

        assertThat(stats.get("cpuUser").textValue()).isEqualTo("100.00");
        assertThat(stats.at("/cpuStatistics/1/cpuUser").textValue()).isEqualTo("100.00");
        assertThat(stats.at("/cpuStatistics/0").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("nodeIndex", "cpuUser", "cpuSys", "cpuIdle");
    }

    @Test
    void aCellIsAsBusyAsItsCpusTogether() {
        CpuUsage usage = new CpuUsage();
        usage.add(0, CpuTimes.parse(List.of("cpu 0 0 0 0", "cpu0 0 0 0 0", "cpu1 0 0 0 0", "cpu2 7 0 0 0")));
        usage.add(1, CpuTimes.parse(List.of("cpu 80 0 20 200", "cpu0 80 0 20 0", "cpu1 0 0 0 100", "cpu2 7 0 0 100")));
        ObjectNode stats = object();
        usage.put(stats, Map.of(0, 0, 1, 0, 2, 1));

        assertThat(stats.at("/numaNodeCpu/0/cpuUser").textValue()).isEqualTo("40.00");
        assertThat(stats.at("/numaNodeCpu/0/cpuSys").textValue()).isEqualTo("10.00");
        assertThat(stats.at("/numaNodeCpu/0/cpuIdle").textValue()).isEqualTo("50.00");
        assertThat(stats.at("/numaNodeCpu/1/cpuIdle").textValue()).isEqualTo("100.00");
        assertThat(stats.get("numaNodeCpu")).hasSize(2);
    }

    @Test
    void memoryOfTheHostAndOfEachCell() {
        ObjectNode stats = object();
        new MemoryStats(root, OptionalLong.of(4096)).put(stats);

        assertThat(stats.get("memFree").textValue()).isEqualTo("102403");
        assertThat(stats.get("memUsed").textValue()).isEqualTo("81");
        assertThat(stats.get("swapFree").longValue()).isEqualTo(4095);
        assertThat(stats.get("anonHugePages").textValue()).isEqualTo("2048");
        assertThat(stats.get("memShared").longValue())
                .as("262144 pages of 4 KiB")
                .isEqualTo(1024);
        assertThat(stats.get("ksmState").booleanValue()).isTrue();
        assertThat(stats.get("thpState").textValue()).isEqualTo("madvise");
        assertThat(stats.at("/hugepages/2048/vm.free_hugepages").intValue()).isEqualTo(200);
        assertThat(stats.at("/hugepages/2048/nr_hugepages").intValue()).isEqualTo(512);
        assertThat(stats.at("/hugepages/1048576/vm.free_hugepages").intValue()).isEqualTo(8);
        assertThat(names(stats.get("numaNodeMemFree"))).containsExactly("0", "1", "2", "3");
        assertThat(stats.at("/numaNodeMemFree/3/memFree").textValue()).isEqualTo("32768");
        assertThat(stats.at("/numaNodeMemFree/3/memPercent").intValue()).isEqualTo(75);
        assertThat(stats.at("/numaNodeMemFree/2/hugepages/2048/freePages").intValue())
                .isEqualTo(75);
    }

    @Test
    void whatTheKernelDoesNotTellIsAbsentNotInvented(@TempDir Path empty) {
        ObjectNode stats = object();
        new MemoryStats(new FakeTree(empty).root(), OptionalLong.of(4096)).put(stats);
        ObjectNode caps = object();
        new KernelFacts(new FakeTree(empty).root()).put(caps);

        assertThat(stats.has("thpState")).isFalse();
        assertThat(stats.get("hugepages").isObject()).as("must be there").isTrue();
        assertThat(stats.has("memAvailable")).isFalse();
        assertThat(caps.has("ISCSIInitiatorName")).isFalse();
        assertThat(caps.has("vncEncrypted")).isFalse();
        assertThat(caps.get("kdumpStatus").intValue()).isEqualTo(-1);
        assertThat(caps.at("/selinux/mode").textValue()).isEqualTo("-1");
        assertThat(caps.get("autoNumaBalancing").intValue()).isEqualTo(2);
        assertThat(caps.at("/HBAInventory/FC").isArray()).isTrue();
        tree.file("sys/kernel/mm/transparent_hugepage/enabled", "[sometimes] never");
        new MemoryStats(root, OptionalLong.of(4096)).put(stats);
        assertThat(stats.has("thpState")).as("the engine knows no such state").isFalse();
    }

    @Test
    void trafficOfWhatTheCapabilitiesHaveWithTheTimeOfTheSample() {
        ObjectNode stats = object();
        NetworkState network = NetworkFacts.of(BigHost.dump(), root);
        NicCounters.put(
                stats,
                root.text("proc/net/dev").orElseThrow(),
                TimeUnit.MILLISECONDS.toNanos(12_345_678_900L),
                network.nics());

        assertThat(names(stats.get("network"))).containsExactly("eno1", "eno2", "ovirtmgmt");
        JsonNode nic = stats.at("/network/eno1");
        assertThat(nic.get("rx").textValue()).isEqualTo("18446744073709551615");
        assertThat(nic.get("tx").textValue()).isEqualTo("3000000000");
        assertThat(List.of(
                        nic.get("rxErrors").textValue(),
                        nic.get("rxDropped").textValue(),
                        nic.get("txErrors").textValue(),
                        nic.get("txDropped").textValue()))
                .containsExactly("1", "2", "3", "4");
        assertThat(nic.get("speed").intValue()).isEqualTo(25000);
        assertThat(nic.get("state").textValue()).isEqualTo("up");
        assertThat(nic.get("sampleTime").toString()).as("plain, with a point").isEqualTo("12345678.90");
    }

    @Test
    void aBondWithVlansAndBridgesOnIt() {
        NetworkState state = NetworkFacts.of(BigHost.dump(), root);
        ObjectNode caps = state.capabilities().deepCopy();
        caps.set("networks", state.networks(List.of()));

        assertThat(names(caps.get("nics"))).containsExactly("eno1", "eno2", "eno3", "veth_lab");
        assertThat(caps.at("/nics/eno1/hwaddr").textValue()).isEqualTo("02:00:00:00:00:05");
        assertThat(caps.at("/nics/eno1/permhwaddr").textValue()).isEqualTo("02:00:00:00:00:01");
        assertThat(caps.at("/nics/eno2/permhwaddr").textValue()).isEqualTo("02:00:00:00:00:02");
        assertThat(caps.at("/nics/eno3/permhwaddr").textValue()).isEqualTo("02:00:00:00:00:04");
        assertThat(caps.at("/nics/eno1/ad_aggregator_id").textValue()).isEqualTo("1");
        assertThat(caps.at("/nics/eno2").has("ad_aggregator_id"))
                .as("empty would lose the reply")
                .isFalse();
        assertThat(caps.at("/nics/eno3/speed").intValue())
                .as("-1 is nobody knows")
                .isZero();
        assertThat(caps.at("/bondings/bond0/slaves").toString()).isEqualTo("[\"eno1\",\"eno2\"]");
        assertThat(caps.at("/bondings/bond0/opts").toString()).isEqualTo("{\"mode\":\"4\",\"xmit_hash_policy\":\"2\"}");
        assertThat(caps.at("/bondings/bond0/ad_partner_mac").textValue()).isEqualTo("aa:bb:cc:dd:ee:ff");
        assertThat(names(caps.get("vlans"))).containsExactly("bond0.100");
        assertThat(caps.at("/vlans/bond0.100/iface").textValue()).isEqualTo("bond0");
        assertThat(caps.at("/vlans/bond0.100/vlanid").intValue()).isEqualTo(100);
        assertThat(texts(caps.at("/bridges/ovirtmgmt/ports"))).containsExactly("bond0", "vnet0");
        assertThat(caps.at("/bridges/ovirtmgmt/opts").toString())
                .isEqualTo("{\"forward_delay\":\"0\",\"stp_state\":\"0\"}");
        for (String group : List.of("bridges", "networks")) { // the engine reads some in one, some in the other
            JsonNode network = caps.at("/" + group + "/ovirtmgmt");
            assertThat(network.get("addr").textValue()).isEqualTo("10.1.2.2");
            assertThat(network.get("netmask").textValue()).isEqualTo("255.255.252.0");
            assertThat(network.get("gateway").textValue()).isEqualTo("10.1.0.1");
            assertThat(network.get("ipv4defaultroute").booleanValue()).isTrue();
            assertThat(network.get("dhcpv4").booleanValue())
                    .as("its lifetime is limited")
                    .isTrue();
            assertThat(network.get("dhcpv6").booleanValue()).isFalse();
            assertThat(network.get("ipv6autoconf").booleanValue()).isTrue();
            assertThat(texts(network.get("ipv6addrs"))).containsExactly("fd00::2/64");
            assertThat(network.get("mtu").textValue()).isEqualTo("1500");
        }
        assertThat(caps.at("/networks/ovirtmgmt/switch").textValue()).isEqualTo("legacy");
        assertThat(caps.at("/networks/ovirtmgmt/bridged").booleanValue()).isTrue();
        assertThat(caps.at("/networks/red/dhcpv6").booleanValue()).isTrue();
        assertThat(caps.at("/networks/red/ipv6gateway").textValue()).isEqualTo("fe80::1");
        assertThat(caps.at("/networks/red/ipv4defaultroute").booleanValue()).isFalse();
    }

    @Test
    void networksHaveTheNamesThatLibvirtHasForThem() {
        NetworkState state = NetworkFacts.of(BigHost.dump(), root);

        ObjectNode networks = state.networks(List.of(
                new EngineNetwork("blue", "red", true), // a bridge that is called otherwise
                new EngineNetwork("storage", "bond0.100", false),
                new EngineNetwork("also", "bond0.100", false),
                new EngineNetwork("absent", "eth9", false),
                new EngineNetwork("wrong", "bond0", true)));

        assertThat(names(networks)).containsExactlyInAnyOrder("also", "blue", "ovirtmgmt", "storage");
        assertThat(networks.at("/blue/iface").textValue()).isEqualTo("red");
        assertThat(networks.at("/blue/bridged").booleanValue()).isTrue();
        JsonNode storage = networks.get("storage");
        assertThat(storage.get("iface").textValue()).isEqualTo("bond0.100");
        assertThat(storage.get("bridged").booleanValue()).isFalse();
        assertThat(storage.get("switch").textValue()).isEqualTo("legacy");
        assertThat(storage.get("mtu").isTextual()).isTrue();
        assertThat(storage.get("addr").isTextual()).isTrue();
    }

    private static Link renamed(Link link, String name) {
        return new Link(
                link.index(),
                name,
                link.type(),
                link.flags(),
                link.operState(),
                link.mtu(),
                link.mac(),
                link.permanentMac(),
                link.master(),
                link.parent(),
                link.kind(),
                link.vlanId());
    }

    @Test
    void aBridgeWithoutAWayOutIsANetworkOnlyIfLibvirtSaysSo() {
        NetworkDump dump = BigHost.dump();
        List<Link> links = new ArrayList<>(dump.links());
        links.add(
                new Link(20, "docker0", Link.ETHERNET, 0x11043, 6, 1500, "02:00:00:00:00:20", "", 0, 0, "bridge", -1));
        links.add(new Link(21, "vethc0", Link.ETHERNET, 0x11043, 6, 1500, "02:00:00:00:00:21", "", 20, 99, "veth", -1));
        links.add(new Link(22, "virbr0", Link.ETHERNET, 0x1003, 2, 1500, "02:00:00:00:00:22", "", 0, 0, "bridge", -1));
        links.add(new Link(23, "vnet5", Link.ETHERNET, 0x11043, 6, 1500, "02:00:00:00:00:23", "", 22, 0, "tun", -1));
        NetworkState state = NetworkFacts.of(new NetworkDump(links, dump.addresses(), dump.defaultRoutes()), root);

        assertThat(names(state.capabilities().get("bridges"))).contains("docker0", "virbr0");
        assertThat(names(state.networks(List.of())))
                .as("on a bond, and on its VLAN")
                .containsExactly("ovirtmgmt", "red");
        assertThat(names(state.networks(List.of(new EngineNetwork("inner", "virbr0", true)))))
                .containsExactlyInAnyOrder("inner", "ovirtmgmt", "red");
    }

    @Test
    void theBridgeOfGuestsWithoutANetworkIsNobodys() {
        NetworkDump dump = BigHost.dump();
        List<Link> links = dump.links().stream()
                .map(l -> l.name().equals("red") ? renamed(l, HostParts.DUMMY_BRIDGE) : l)
                .toList();

        NetworkState state = NetworkFacts.of(new NetworkDump(links, dump.addresses(), dump.defaultRoutes()), root);

        assertThat(names(state.networks(List.of()))).containsExactly("ovirtmgmt");
        assertThat(names(state.capabilities().get("bridges"))).containsExactly("ovirtmgmt");
    }

    @Test
    void anAddressTellsItsInterface() throws Exception {
        assertThat(NetworkFacts.of(BigHost.dump(), root).byAddress())
                .containsEntry(InetAddress.getByName("10.1.2.2"), "ovirtmgmt")
                .containsEntry(InetAddress.getByName("fd00::2"), "ovirtmgmt");
    }

    @Test
    void guestsComingAndGoingAreNoChangeOfTheNetwork() {
        NetworkDump dump = BigHost.dump();
        NetworkDump withoutGuest = new NetworkDump(
                dump.links().stream().filter(l -> !l.name().equals("vnet0")).toList(),
                dump.addresses(),
                dump.defaultRoutes());
        NetworkDump withoutPort = new NetworkDump(
                dump.links().stream().filter(l -> !l.name().equals("eno2")).toList(),
                dump.addresses(),
                dump.defaultRoutes());
        NetworkDump withoutAddress = new NetworkDump(dump.links(), List.of(), dump.defaultRoutes());
        ObjectNode mark = NetworkFacts.of(dump, root).mark();

        assertThat(NetworkFacts.of(withoutGuest, root).mark()).isEqualTo(mark);
        assertThat(NetworkFacts.of(withoutPort, root).mark()).isNotEqualTo(mark);
        assertThat(NetworkFacts.of(withoutAddress, root).mark()).isNotEqualTo(mark);
    }

    @Test
    void netmasksOfAllLengths() {
        assertThat(LinkAddresses.netmask(0)).isEqualTo("0.0.0.0");
        assertThat(LinkAddresses.netmask(8)).isEqualTo("255.0.0.0");
        assertThat(LinkAddresses.netmask(25)).isEqualTo("255.255.255.128");
        assertThat(LinkAddresses.netmask(32)).isEqualTo("255.255.255.255");
    }

    @Test
    void whatLibvirtKnowsOfABigHost() {
        ObjectNode caps = object();
        DeclaredFacts.put(caps, "9.9");
        KernelFacts kernel = new KernelFacts(root);
        kernel.put(caps);
        new LibvirtFacts(BigHost.facts()).put(caps, kernel);

        assertThat(texts(caps.get("clusterLevels"))).containsExactly("4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8");
        assertThat(caps.get("cpuThreads").textValue()).isEqualTo("127");
        assertThat(caps.get("cpuCores").textValue()).isEqualTo("64");
        assertThat(caps.get("cpuSockets").textValue()).isEqualTo("2");
        assertThat(caps.get("cpuTopology")).hasSize(127);
        assertThat(caps.get("onlineCpus").textValue()).startsWith("0,1,2,").endsWith(",125,126");
        assertThat(caps.get("cpuFlags").textValue())
                .isEqualTo("fpu,vme,vmx,pdpe1gb,md-clear,model_Nehalem,model_Haswell-noTSX");
        assertThat(caps.get("cpuModel").textValue()).isEqualTo("Fake Xeon");
        assertThat(caps.get("tscFrequency").textValue()).isEqualTo("2100000000");
        assertThat(caps.at("/numaNodes/3/cpus")).hasSize(31);
        assertThat(caps.at("/numaNodes/1/totalMemory").textValue()).isEqualTo("131072");
        assertThat(names(caps.at("/numaNodes/1/hugepages"))).containsExactlyInAnyOrder("2048", "1048576");
        assertThat(caps.at("/numaNodeDistance/2").toString()).isEqualTo("[21,21,10,21]");
        assertThat(caps.at("/packages2/kernel/version").textValue()).isEqualTo("5.14.0");
        assertThat(caps.at("/packages2/kernel/release").textValue()).isEqualTo("427.el9.x86_64");
        assertThat(caps.at("/packages2/libvirt/version").textValue()).isEqualTo("10.10.0");
        assertThat(texts(caps.get("rngSources"))).containsExactly("random", "urandom", "hwrng");
        assertThat(caps.at("/HBAInventory/FC/0").toString())
                .isEqualTo("{\"wwpn\":\"10000090fa000001\",\"wwnn\":\"20000090fa000001\",\"model\":\"LPe16000\"}");
        assertThat(caps.get("ISCSIInitiatorName").textValue()).isEqualTo("iqn.1994-05.com.example:h1");
        assertThat(caps.get("vncEncrypted").booleanValue()).isTrue();
        assertThat(texts(caps.get("nameservers"))).containsExactly("10.0.0.53", "fd00::53");
        assertThat(caps.at("/operatingSystem/pretty_name").textValue()).isEqualTo("Fake Linux 9");
        assertThat(caps.get("hostdevPassthrough").textValue()).isEqualTo("true");
        assertThat(texts(caps.get("hugepages"))).containsExactly("2048", "1048576");
    }

    @Test
    void listsOfCpusAsTheKernelWritesThem() {
        assertThat(CpuList.parse("0-2,5,7-8\n")).containsExactly(0, 1, 2, 5, 7, 8);
        assertThat(CpuList.parse("")).isEmpty();
        assertThat(CpuList.parse("nonsense,3,999999999-1")).containsExactly(3);
    }
}
