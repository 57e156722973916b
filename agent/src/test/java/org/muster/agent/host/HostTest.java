package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.EngineNetwork;
import org.muster.libvirt.HostDevice;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.netlink.NetworkDump;
import org.muster.netlink.NetworkSource;
import org.muster.rig.Await;

/** The host's answers as a whole, from a big host's files and scripted sources. */
class HostTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Duration NEVER = Duration.ofMinutes(10);

    @TempDir
    private Path directory;

    @TempDir
    private Path state;

    private final FakeNetwork network = new FakeNetwork();
    private final ScriptedLibvirt libvirt = new ScriptedLibvirt();
    private final VmTable table = new VmTable(new EventClock());
    private final CountDownLatch networkChanged = new CountDownLatch(1);
    private FakeTree tree;
    private Host host;

    /** Tells what it is given, and of a change when the test says so. */
    private static final class FakeNetwork implements NetworkSource {
        private final SynchronousQueue<Boolean> news = new SynchronousQueue<>();
        private volatile NetworkDump dump = BigHost.dump();
        private volatile boolean broken;

        @Override
        public NetworkDump dump() throws IOException {
            if (broken) {
                throw new IOException("no network");
            }
            return dump;
        }

        @Override
        public Changes watch() {
            return new Changes() {
                @Override
                public boolean await(Duration patience) throws IOException {
                    try {
                        // back early now and then, as after a signal: tests end sooner
                        return news.poll(Math.min(patience.toNanos(), 20_000_000), TimeUnit.NANOSECONDS) != null;
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }

                @Override
                public void close() {}
            };
        }

        void change(NetworkDump fresh) throws InterruptedException {
            dump = fresh;
            assertThat(news.offer(true, SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
    }

    @BeforeEach
    void make() {
        tree = BigHost.write(new FakeTree(directory));
        host = host("boot-1");
    }

    @AfterEach
    void close() {
        libvirt.release();
        host.close();
    }

    private Host host(String bootId) {
        return new Host(
                new Host.Sources(libvirt.port(), tree.root(), network, bootId, "9.9", state, networkChanged::countDown),
                table);
    }

    private ObjectNode connectedCapabilities() {
        host.start(NEVER);
        host.connected();
        Await.until("the capabilities", SOON, () -> host.capabilities().isPresent());
        return host.capabilities().orElseThrow();
    }

    @Test
    void everyFieldOfTheCapabilitiesIsWhatTheEngineReads() {
        ObjectNode caps = connectedCapabilities();

        assertThat(EngineTypes.check(caps, HostFields.CAPABILITIES)).isEmpty();
        assertThat(caps.get("boot_uuid").textValue()).isEqualTo("boot-1");
        assertThat(caps.get("vlans").fieldNames())
                .toIterable()
                .as("on a reported nic or bond, as the engine wants it")
                .containsExactly("bond0.100");
        assertThat(caps.get("uuid").textValue()).isEqualTo("11111111-2222-3333-4444-555555555555");
        assertThat(caps.get("bootTime").textValue()).isEqualTo("1700000000");
    }

    @Test
    void everyFieldOfTheStatisticsIsWhatTheEngineReadsEvenWithoutLibvirtd() {
        table.reserve(UUID.randomUUID(), "waits", false);
        table.restoreRunning(UUID.randomUUID(), "runs");
        host.start(NEVER);
        Await.until("the disks", SOON, () -> host.stats().get("diskStats").size() == 3);
        ObjectNode stats = host.stats();

        assertThat(EngineTypes.check(stats, HostFields.STATS)).isEmpty();
        assertThat(stats.get("cpuUser").textValue())
                .as("before a second sample")
                .isEqualTo("30.00");
        assertThat(stats.get("cpuLoad").textValue()).isEqualTo("0.08");
        assertThat(stats.get("vmCount").intValue()).isEqualTo(2);
        assertThat(stats.get("vmActive").intValue()).isEqualTo(1);
        assertThat(host.capabilities()).as("nobody has said what this host can").isEmpty();
    }

    @Test
    void theTypeRulesFindWhatTheEngineWouldStumbleOver() {
        host.start(NEVER);
        ObjectNode stats = host.stats();
        stats.put("cpuUser", 1)
                .put("thpState", "sometimes")
                .put("vmCount", 1.5)
                .put("memFree", 1.0)
                .putNull("bootTime");
        stats.put("ksmPages", 1L << 40).put("dateTime", "2026-01-01 00:00");

        assertThat(EngineTypes.check(stats, HostFields.STATS)).hasSize(8); // the null is found twice
    }

    @Test
    void aLibvirtdThatHangsHoldsUpNoStatistics() throws Exception {
        libvirt.hang();
        host.start(Duration.ofMillis(100));
        host.connected();
        assertThat(libvirt.entered()).isTrue();
        long before = host.stats()
                .at("/network/eno1/sampleTime")
                .decimalValue()
                .movePointRight(2)
                .longValue();
        BigHost.cpus(tree, 50);
        Await.until(
                "a new sample",
                SOON,
                () -> host.stats()
                                .at("/network/eno1/sampleTime")
                                .decimalValue()
                                .movePointRight(2)
                                .longValue()
                        > before + 20);

        assertThat(host.capabilities()).isEmpty();
        assertThat(host.stats().get("sampleAge").longValue()).isLessThan(5000);
    }

    @Test
    void aLibvirtdThatRefusesIsAskedAgain() {
        libvirt.refuseOnce();
        assertThat(EngineTypes.check(connectedCapabilities(), HostFields.CAPABILITIES))
                .isEmpty();
    }

    @Test
    void aChangeOfTheNetworkIsToldAndAnswered() throws Exception {
        ObjectNode before = connectedCapabilities();
        NetworkDump old = network.dump;
        network.change(new NetworkDump(old.links(), List.of(), List.of()));

        assertThat(networkChanged.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(host.capabilities()
                        .orElseThrow()
                        .at("/networks/ovirtmgmt/addr")
                        .textValue())
                .isEmpty();
        assertThat(before.at("/networks/ovirtmgmt/addr").textValue()).isEqualTo("10.1.2.2");
    }

    @Test
    void withoutLibvirtsNetworksThereAreNoCapabilities() {
        libvirt.refuseNetworks(true, Kind.BUSY);
        host.start(NEVER);
        host.connected();
        Await.until("the hardware is known", SOON, () -> !host.hardware().isEmpty());
        assertThat(host.capabilities()).as("the engine would miss a network").isEmpty();

        libvirt.networks(List.of(new EngineNetwork("blue", "red", true)));
        libvirt.refuseNetworks(false, Kind.BUSY);

        Await.until("it is asked again", SOON, () -> host.capabilities().isPresent());
        assertThat(host.capabilities().orElseThrow().at("/networks/blue/iface").textValue())
                .isEqualTo("red");
    }

    /** DISCONNECTED: what libvirt says of a link that is well, while virtnetworkd, a daemon of its own, is not there. */
    @ParameterizedTest
    @EnumSource(names = {"FAILED", "DENIED", "DISCONNECTED"})
    void aHostWhoseNetworksStayUnknownSaysWhatElseItKnows(Kind refusal) {
        libvirt.refuseNetworks(true, refusal);
        assertThat(connectedCapabilities().at("/networks/ovirtmgmt/bridged").booleanValue())
                .isTrue();

        libvirt.networks(List.of(new EngineNetwork("blue", "red", true)));
        libvirt.refuseNetworks(false, refusal);
        Await.until(
                "they are known after all",
                SOON,
                () -> host.capabilities().orElseThrow().get("networks").has("blue"));
    }

    @Test
    void aLibvirtThatHasNoNetworksAtAllIsAskedOnce() {
        libvirt.refuseNetworks(true, Kind.UNSUPPORTED);

        assertThat(connectedCapabilities().at("/networks/ovirtmgmt/bridged").booleanValue())
                .isTrue();
    }

    @Test
    void aNetworkThatLibvirtLearnsOfIsToldAndAnswered() throws Exception {
        connectedCapabilities();
        libvirt.networks(List.of(new EngineNetwork("storage", "bond0.100", false)));
        host.networksChanged();

        assertThat(networkChanged.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        ObjectNode caps = host.capabilities().orElseThrow();
        assertThat(caps.at("/networks/storage/bridged").booleanValue()).isFalse();
        assertThat(caps.at("/networks/ovirtmgmt/bridged").booleanValue()).isTrue();
        assertThat(EngineTypes.check(caps, HostFields.CAPABILITIES)).isEmpty();
    }

    @Test
    void anAddressOfTheHostTellsTheInterface() throws Exception {
        connectedCapabilities();

        assertThat(host.interfaceOf(InetAddress.getByName("10.1.2.2"))).contains("ovirtmgmt");
        assertThat(host.interfaceOf(InetAddress.getByName("fd00::2"))).contains("ovirtmgmt");
        assertThat(host.interfaceOf(InetAddress.getByName("192.0.2.1"))).isEmpty();
    }

    @Test
    void withoutTheKernelsWordOnTheNetworkTheHostIsNotDescribedAndTheRestIsThere() {
        network.broken = true;
        host.start(NEVER);
        host.connected();
        Await.until("libvirtd's part", SOON, () -> host.facts().isPresent());

        assertThat(host.capabilities())
                .as("the engine takes a host off duty that lacks a network")
                .isEmpty();
        assertThat(EngineTypes.check(host.stats(), HostFields.STATS)).isEmpty();
    }

    @Test
    void theBootTimeStaysWhenTheClockIsCorrectedAndGoesWithTheBoot() {
        tree.file("proc/stat", "cpu 1 1 1 1", "btime 1700000009");
        try (Host again = host("boot-1");
                Host rebooted = host("boot-2")) {
            again.start(NEVER);
            rebooted.start(NEVER);
            assertThat(again.stats().get("bootTime").textValue()).isEqualTo("1700000000");
            assertThat(rebooted.stats().get("bootTime").textValue()).isEqualTo("1700000009");
        }
    }

    @Test
    void aHostThatWasVdsmsKeepsItsIdentity() {
        tree.file("etc/vdsm/vdsm.id", "99999999-0000-0000-0000-000000000001");
        assertThat(connectedCapabilities().get("uuid").textValue()).isEqualTo("99999999-0000-0000-0000-000000000001");
    }

    @Test
    void hardwareComesFromLibvirtAndElseFromTheKernel() {
        tree.file("sys/class/dmi/id/sys_vendor", "Other Inc.").file("sys/class/dmi/id/product_version", "v7");
        connectedCapabilities();

        assertThat(EngineTypes.check(host.hardware(), HostFields.HARDWARE)).isEmpty();
        assertThat(host.hardware().get("systemManufacturer").textValue()).isEqualTo("Fake Inc.");
        assertThat(host.hardware().get("systemVersion").textValue()).isEqualTo("v7");
        assertThat(host.hardware().get("systemUUID").textValue()).isEqualTo("U-1");
    }

    @Test
    void devicesAreListedWithTheirParentsAndByCapability() {
        tree.file("sys/devices/pci0/3/mdev_supported_types/nvidia-11/description", "num_heads=2");
        libvirt.devices(List.of(
                device("computer", null, "system", Map.of(), false),
                device("pci_0000_00_01_0", "computer", "pci", Map.of("class", "0x060400"), true),
                new HostDevice(
                        "pci_0000_03_00_0",
                        Optional.of("pci_0000_00_01_0"),
                        "pci",
                        Map.of(
                                "product",
                                "82599ES",
                                "product_id",
                                "0x10fb",
                                "iommu_group",
                                "12",
                                "driver",
                                "ixgbe",
                                "path",
                                "/sys/devices/pci0/3"),
                        Map.of("domain", "0", "bus", "3", "slot", "0", "function", "0"),
                        Map.of("nvidia-11", new HostDevice.MdevType("GRID", "16")),
                        OptionalInt.of(63),
                        false),
                device("scsi_2_0_0_0", "computer", "scsi", Map.of(), false),
                device(
                        "block_sda",
                        "scsi_2_0_0_0",
                        "storage",
                        Map.of("block", "/dev/sda", "model", "Fast Disk", "vendor", "ACME"),
                        false),
                device("lost", "went_away", "usb", Map.of(), false),
                device("lost_with_it", "lost", "scsi_host", Map.of(), false)));
        connectedCapabilities();
        Await.until("the devices", SOON, () -> host.devices().isPresent());
        ObjectNode devices = host.devices().orElseThrow();

        assertThat(devices.has("lost") || devices.has("lost_with_it"))
                .as("without its parent the engine refuses all")
                .isFalse();
        assertThat(devices).hasSize(5);
        for (JsonNode device : devices) {
            assertThat(HostFields.HOST_DEVICE.complaint(device)).isNull();
        }
        JsonNode nic = devices.at("/pci_0000_03_00_0/params");
        assertThat(nic.get("is_assignable").textValue()).isEqualTo("true");
        assertThat(nic.get("totalvfs").intValue()).isEqualTo(63);
        assertThat(nic.at("/mdev/nvidia-11/available_instances").textValue()).isEqualTo("16");
        assertThat(devices.at("/pci_0000_00_01_0/params/is_assignable").textValue())
                .isEqualTo("false");
        assertThat(devices.at("/scsi_2_0_0_0/params/block_path").textValue()).isEqualTo("/dev/sda");
        assertThat(devices.at("/scsi_2_0_0_0/params/product").textValue()).isEqualTo("Fast Disk");
        assertThat(devices.at("/scsi_2_0_0_0/params/vendor").textValue()).isEqualTo("ACME");
        assertThat(nic.at("/mdev/nvidia-11/description").textValue()).isEqualTo("num_heads=2");
        assertThat(devices.at("/computer/params").has("parent")).isFalse();
        assertThat(host.devices(Set.of("scsi", "system")).orElseThrow()).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource(names = {"FAILED", "DENIED", "DISCONNECTED", "UNSUPPORTED"})
    void aHostWhoseDevicesStayUnknownHasNoneUntilTheyAreListed(Kind refusal) {
        libvirt.refuseDevices(refusal);
        connectedCapabilities();
        Await.until("an empty list", SOON, () -> host.devices().isPresent());
        assertThat(host.devices().orElseThrow()).isEmpty();

        libvirt.devices(List.of(device("computer", null, "system", Map.of(), false)));
        libvirt.refuseDevices(null);
        host.devicesChanged();
        Await.until(
                "they are known after all",
                SOON,
                () -> host.devices().orElseThrow().has("computer"));
    }

    @Test
    void aBurstOfDeviceChangesIsOneReading() {
        connectedCapabilities();
        Await.until("the devices", SOON, () -> libvirt.deviceReadings() == 1);
        for (int i = 0; i < 100; i++) {
            host.devicesChanged();
        }
        Await.until("the devices again", SOON, () -> libvirt.deviceReadings() == 2);
        assertThat(libvirt.deviceReadings()).isEqualTo(2);
    }

    private static HostDevice device(
            String name, String parent, String capability, Map<String, String> values, boolean bridge) {
        return new HostDevice(
                name, Optional.ofNullable(parent), capability, values, Map.of(), Map.of(), OptionalInt.empty(), bridge);
    }

    private static ObjectNode policy(boolean ksm, boolean across) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("balloonEnabled", true)
                .put("ksmEnabled", ksm)
                .put("ksmMergeAcrossNodes", across);
    }

    private void set(ObjectNode policy) throws Exception {
        host.setMemoryPolicy(policy).toCompletableFuture().get(SOON.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void theMemoryPolicyIsAppliedAndKept() throws Exception {
        set(policy(false, false));

        assertThat(tree.root().text("sys/kernel/mm/ksm/run")).contains("0");
        assertThat(libvirt.mergesAcross()).containsExactly(false);
        assertThat(Files.readString(state.resolve("host.json"))).contains("\"balloonEnabled\":true");
        set(JsonNodeFactory.instance
                .objectNode()
                .put("ksmEnabled", true)
                .put("other", 1)
                .putNull("balloonEnabled"));
        assertThat(tree.root().text("sys/kernel/mm/ksm/run")).contains("1");
        assertThat(new HostState(state).get("momPolicy").toString())
                .isEqualTo("{\"balloonEnabled\":true,\"ksmMergeAcrossNodes\":false,\"ksmEnabled\":true}");
    }

    @Test
    void whatIsSoAlreadyNeedsNobody() throws Exception {
        libvirt.refuseMerging();
        set(policy(true, true));
        assertThat(libvirt.mergesAcross()).isEmpty();
    }

    @Test
    void aPolicyThatCannotBeAppliedFailsWithTheReasonAndIsKept() throws Exception {
        libvirt.refuseMerging();
        assertThatThrownBy(() -> set(policy(true, false)))
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("ksmMergeAcrossNodes is not false")
                .hasMessageContaining("not for you");
        assertThat(new HostState(state).get("momPolicy").has("ksmEnabled")).isTrue();
    }

    @Test
    void aDamagedStateFileIsNotUsed() throws Exception {
        Files.writeString(state.resolve("host.json"), "{\"boot\":");
        assertThat(new HostState(state).get("boot").isMissingNode()).isTrue();
        new HostState(state).put("a", JsonNodeFactory.instance.textNode("b"));
        assertThat(new HostState(state).get("a").textValue()).isEqualTo("b");
    }
}
