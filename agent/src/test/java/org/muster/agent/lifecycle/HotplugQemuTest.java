package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.BootSector;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** vCPUs, NICs and disks come and go between samples, and the agent with them: no figure is negative or absurd. */
@Tag("qemu")
@Timeout(240)
class HotplugQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final double MOST_BYTES = 1e9; // a second, of whatever device here
    private static final Map<String, String> SETTINGS =
            Map.of("sampling.interval", "\"500ms\"", "sampling.block-interval", "\"500ms\"");

    private PrivateHypervisor host;
    private AgentProcess agent;
    private LineClient client;
    private UUID id;

    @BeforeEach
    void start() {
        host = PrivateHypervisor.start();
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), SETTINGS);
        client = agent.connect();
        GuestXml guest = GuestXml.named("plug")
                .withDisk(BootSector.WRITE_DISK.writeTo(host.directory().resolve("plug.raw")))
                .withNic();
        id = guest.uuid();
        // USB lets go of a device at once, where PCI asks the guest
        String xml = guest.xml()
                .replace("<vcpu>1</vcpu>", "<vcpu current='1'>4</vcpu>")
                .replace("<controller type='usb' model='none'/>", "<controller type='usb' model='qemu-xhci'/>");
        client.create("plug", List.of(xml));
        client.awaitStatus(List.of(id), "Up", SOON);
        await("has rates", vm -> vm.path("cpuActual").asBoolean());
    }

    @AfterEach
    void stop() {
        AgentProcess.destroyAll(client);
        client.close();
        agent.close();
        host.close();
    }

    /** Polls until it is so, and looks at every figure on the way. */
    private void await(String what, Predicate<JsonNode> condition) {
        Await.until(what, SOON, () -> {
            JsonNode vm = client.stats(id);
            plausible(vm);
            return condition.test(vm);
        });
    }

    private void plausible(JsonNode vm) {
        double most = 100.0 * 5; // four vCPUs and the emulator
        assertThat(vm.path("cpuUser").asDouble()).isBetween(0.0, most);
        assertThat(vm.path("cpuSys").asDouble()).isBetween(0.0, most);
        for (JsonNode disk : vm.path("disks")) {
            assertThat(disk.path("readRate").asDouble()).isBetween(0.0, MOST_BYTES);
            assertThat(disk.path("writeRate").asDouble()).isBetween(0.0, MOST_BYTES);
            assertThat(disk.path("writeLatency").asLong()).isBetween(0L, 10_000_000_000L);
        }
        for (JsonNode nic : vm.path("network")) {
            assertThat(nic.path("rx").asLong()).isNotNegative();
            assertThat(nic.path("tx").asLong()).isNotNegative();
        }
    }

    /** Both tiers have been sampled twice since. */
    private void awaitTwoSamples() {
        long since = client.stats(id).at("/sampleTimes/block").asLong();
        await(
                "two more samples",
                vm -> vm.at("/sampleTimes/block").asLong() > since + 900
                        && vm.at("/sampleTimes/cpu").asLong() > since + 900);
    }

    @Test
    void vcpusArePluggedBetweenSamples() {
        for (int count : new int[] {2, 4}) {
            host.virsh("setvcpus", "plug", Integer.toString(count), "--live");
            await(count + " vCPUs", vm -> vm.path("vcpuCount").asInt() == count);
            awaitTwoSamples();
            assertThat(client.stats(id).path("cpuActual").asBoolean()).isTrue();
        }
    }

    @Test
    void disksAndNicsComeAndGoAndComeAgain() throws IOException {
        Path image = Files.write(host.directory().resolve("extra.raw"), new byte[1 << 20]);
        String nic = "<interface type='ethernet'><mac address='52:54:00:00:00:77'/><model type='usb-net'/></interface>";
        Path nicXml = Files.writeString(host.directory().resolve("nic.xml"), nic);
        for (int round = 0; round < 3; round++) {
            int nics = client.stats(id).path("network").size();
            host.virsh("attach-disk", "plug", image.toString(), "sda", "--targetbus", "usb", "--live");
            host.virsh("attach-device", "plug", nicXml.toString(), "--live");
            await(
                    "both are there",
                    vm -> vm.path("disks").has("sda") && vm.path("network").size() == nics + 1);
            awaitTwoSamples();
            host.virsh("detach-disk", "plug", "sda", "--live");
            host.virsh("detach-device", "plug", nicXml.toString(), "--live");
            await(
                    "both are gone",
                    vm -> !vm.path("disks").has("sda") && vm.path("network").size() == nics);
        }
        assertThat(client.stats(id).at("/disks/vda/writeRate").asDouble()).isPositive();
    }

    /** Of a sparse raw file: what is occupied, and how long it is; as the file system has it. */
    @Test
    void aDisksSizesAreThoseOfItsFile() {
        Path image = host.directory().resolve("plug.raw");
        await("sizes are known", vm -> vm.at("/sampleAges/blockInfo").isNumber());
        host.virsh("suspend", "plug"); // it makes its file grow for a minute: two readings of it differ
        await("as the file system has them", vm -> {
            String[] words = host.inside(SOON, "stat", "-c", "%b %s", image.toString())
                    .strip()
                    .split(" ");
            JsonNode disk = vm.at("/disks/vda");
            return disk.path("truesize").asLong() == 512 * Long.parseLong(words[0])
                    && disk.path("apparentsize").asLong() == Long.parseLong(words[1]);
        });
    }

    @Test
    void afterARestartOfTheAgentRatesResumeAndNoCounterGoesBack() {
        JsonNode before = client.stats(id);
        client.close();
        agent.kill();
        agent.start();
        client = agent.connect();
        await("it is sampled", vm -> vm.has("cpuTime") && vm.path("disks").has("vda"));
        JsonNode after = client.stats(id);
        assertThat(after.path("cpuTime").asLong())
                .isGreaterThanOrEqualTo(before.path("cpuTime").asLong());
        assertThat(after.at("/disks/vda/writtenBytes").asLong())
                .isGreaterThanOrEqualTo(before.at("/disks/vda/writtenBytes").asLong());
        await(
                "rates are there again",
                vm -> vm.path("cpuActual").asBoolean()
                        && vm.at("/disks/vda/writeRate").asDouble() > 0);
    }

    /** The rig's libvirtd gives its guests no control groups. */
    @Test
    void whereCpuTimesComeFromIsSaid() {
        await(
                "it is found out",
                vm -> client.call("Host.getStats").at("/sampling/cpuSource").isTextual());
        JsonNode sampling = client.call("Host.getStats").path("sampling");
        assertThat(sampling.path("cpuSource").asText()).isEqualTo("proc");
        assertThat(sampling.path("cpuByHostCpu").isBoolean()).isTrue();
        assertThat(sampling.path("cpuByHostCpu").booleanValue()).isFalse();
        assertThat(agent.log()).contains("CPU times of guests come from /proc");
    }
}
