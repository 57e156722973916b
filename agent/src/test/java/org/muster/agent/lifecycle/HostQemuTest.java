package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.rig.NetworkNamespace.ip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.agent.host.EngineTypes;
import org.muster.agent.host.HostFields;
import org.muster.rig.Await;
import org.muster.rig.NetworkNamespace;
import org.muster.rig.PrivateHypervisor;

/** What the agent says of this machine is what the machine says of itself: /proc, /sys, virsh and ip. */
@Tag("qemu")
class HostQemuTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final Path ACROSS = Path.of("/sys/kernel/mm/ksm/merge_across_nodes");
    private static final Path SHARED = Path.of("/sys/kernel/mm/ksm/pages_shared");
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    @Timeout(180)
    void theHostsAnswersAreTheMachinesTruth() throws Exception {
        try (PrivateHypervisor host = PrivateHypervisor.start()) {
            NetworkNamespace.inNew(LONG, () -> {
                ip("link", "add", "ovirtmgmt", "type", "bridge");
                ip("link", "add", "veth_up", "master", "ovirtmgmt", "type", "veth", "peer", "name", "far");
                ip("addr", "add", "10.9.8.7/20", "dev", "ovirtmgmt");
                ip("link", "set", "ovirtmgmt", "up");
                try (AgentProcess agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), Map.of());
                        LineClient client = agent.connect()) {
                    Await.until(
                            "libvirtd has told",
                            LONG,
                            () -> client.respond("Host.getCapabilities", "{}").has("result"));
                    JsonNode caps = client.call("Host.getCapabilities");
                    assertThat(EngineTypes.check(caps, HostFields.CAPABILITIES)).isEmpty();
                    Description described = new Description(client.call("rpc.discover"));
                    described.checkAnswer("Host.getCapabilities", caps);
                    described.checkAnswer("Host.getStats", client.call("Host.getStats"));
                    processorsAndMemory(caps);
                    whatLibvirtSays(host, caps);
                    network(client, caps);
                    statistics(client);
                    hardwareDevicesAndJobs(host, client, caps);
                    memoryPolicy(client);
                }
                return null;
            });
        }
    }

    private static void processorsAndMemory(JsonNode caps) throws Exception {
        List<String> cpuinfo = Files.readAllLines(Path.of("/proc/cpuinfo"));
        long cpus =
                cpuinfo.stream().filter(line -> line.startsWith("processor")).count();
        assertThat(caps.get("cpuThreads").asLong()).isEqualTo(cpus);
        assertThat(caps.get("onlineCpus").asText().split(",")).hasSize((int) cpus);
        assertThat(caps.get("cpuTopology")).hasSize((int) cpus);
        Set<String> flags = flags(caps);
        assertThat(flags).containsAll(words(cpuinfo, "flags"));
        assertThat(caps.get("cpuModel").asText()).isEqualTo(String.join(" ", words(cpuinfo, "model name")));
        long total = Long.parseLong(
                Files.readAllLines(Path.of("/proc/meminfo")).get(0).replaceAll("\\D", ""));
        assertThat(caps.get("memSize").asLong()).isEqualTo(total / 1024);
        assertThat(caps.get("boot_uuid").asText())
                .isEqualTo(Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                        .strip());
    }

    private static Set<String> flags(JsonNode caps) {
        return Set.of(caps.get("cpuFlags").asText().split(","));
    }

    private static List<String> words(List<String> cpuinfo, String name) {
        String line =
                cpuinfo.stream().filter(l -> l.startsWith(name)).findFirst().orElseThrow();
        return List.of(line.substring(line.indexOf(':') + 1).strip().split(" +"));
    }

    private static Set<String> found(String text, String regex) {
        return Pattern.compile(regex)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static void whatLibvirtSays(PrivateHypervisor host, JsonNode caps) {
        String xml = host.virsh("capabilities");
        assertThat(caps.get("uuid").asText())
                .isEqualTo(found(xml, "<uuid>(.*)</uuid>").iterator().next());
        String type = caps.get("kvmEnabled").asText().equals("true") ? "kvm" : "qemu";
        assertThat(xml.contains("<domain type='kvm'")).isEqualTo(type.equals("kvm"));
        String guests = host.virsh("domcapabilities", "--virttype", type);
        Set<String> models = found(guests, "<model usable='yes'[^>]*>([^<]+)</model>");
        assertThat(models).isNotEmpty();
        assertThat(flags(caps).stream().filter(f -> f.startsWith("model_")).map(f -> f.substring(6)))
                .containsExactlyInAnyOrderElementsOf(models);
        List<String> machines = new ArrayList<>();
        caps.get("emulatedMachines").forEach(machine -> machines.add(machine.asText()));
        assertThat(machines)
                .contains("pc", "q35")
                .allSatisfy(machine -> assertThat(xml).contains(machine));
        String version = host.virsh("version", "--daemon");
        assertThat(version)
                .contains("libvirt " + caps.at("/packages2/libvirt/version").asText())
                .contains("QEMU " + caps.at("/packages2/qemu-kvm/version").asText());
    }

    private static void network(LineClient client, JsonNode caps) throws Exception {
        JsonNode truth =
                JSON.readTree(ip("-j", "addr", "show", "dev", "ovirtmgmt")).get(0);
        assertThat(caps.at("/bridges/ovirtmgmt/hwaddr").asText())
                .isEqualTo(truth.get("address").asText());
        assertThat(caps.at("/networks/ovirtmgmt/addr").asText()).isEqualTo("10.9.8.7");
        assertThat(caps.at("/networks/ovirtmgmt/netmask").asText()).isEqualTo("255.255.240.0");
        assertThat(caps.at("/networks/ovirtmgmt/mtu").asInt())
                .isEqualTo(truth.get("mtu").asInt());
        assertThat(caps.get("nics").fieldNames()).toIterable().containsExactly("veth_up");

        ip("route", "add", "default", "via", "10.9.0.1");
        JsonNode event = client.nextUnasked();
        assertThat(event.get("method").asText()).isEqualTo("|net|host_conn|no_id");
        assertThat(event.at("/params/notify_time").isIntegralNumber()).isTrue();
        assertThat(event.get("params")).hasSize(1);
        JsonNode after = client.call("Host.getCapabilities");
        assertThat(after.at("/bridges/ovirtmgmt/gateway").asText()).isEqualTo("10.9.0.1");
        assertThat(after.at("/networks/ovirtmgmt/ipv4defaultroute").asBoolean()).isTrue();
    }

    private static void statistics(LineClient client) throws Exception {
        JsonNode stats = client.call("Host.getStats");
        assertThat(EngineTypes.check(stats, HostFields.STATS)).isEmpty();
        double sum = stats.get("cpuUser").asDouble()
                + stats.get("cpuSys").asDouble()
                + stats.get("cpuIdle").asDouble();
        assertThat(sum).isBetween(99.99, 100.01);
        assertThat(stats.get("sampleAge").asLong()).isLessThan(5000);
        assertThat(stats.at("/network/ovirtmgmt/sampleTime").asDouble())
                .isBetween(System.nanoTime() / 1e9 - 10, System.nanoTime() / 1e9);
        long free = Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.matches("(MemFree|Buffers|Cached):.*"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .sum();
        assertThat(stats.get("memFree").asLong()).isBetween(free / 1024 - 2000, free / 1024 + 2000);
    }

    private static void hardwareDevicesAndJobs(PrivateHypervisor host, LineClient client, JsonNode caps) {
        JsonNode hardware = client.call("Host.getHardwareInfo");
        assertThat(EngineTypes.check(hardware, HostFields.HARDWARE)).isEmpty();
        assertThat(hardware.get("systemUUID").asText()).isNotEmpty();
        JsonNode devices = client.call("Host.hostdevListByCaps");
        Description described = new Description(client.call("rpc.discover"));
        described.checkAnswer("Host.getHardwareInfo", hardware);
        described.checkAnswer("Host.hostdevListByCaps", devices);
        Set<String> names = new TreeSet<>();
        devices.fieldNames().forEachRemaining(names::add);
        assertThat(names)
                .containsExactlyElementsOf(host.virsh("nodedev-list")
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .collect(Collectors.toCollection(TreeSet::new)));
        devices.forEach(
                device -> assertThat(HostFields.HOST_DEVICE.complaint(device)).isNull());
        client.call("Host.hostdevListByCaps", "{\"caps\":[\"system\"]}")
                .forEach(device ->
                        assertThat(device.at("/params/capability").asText()).isEqualTo("system"));
        assertThat(client.call("Host.getJobs")).isEmpty();
        assertThat(caps.at("/packages2/vdsm/version").asText()).isNotEmpty();
    }

    /** Through libvirtd, for real, and back. */
    private static void memoryPolicy(LineClient client) throws Exception {
        if (!Files.exists(ACROSS) || !Files.readString(SHARED).strip().equals("0")) {
            return; // no KSM here, or it is at work: the machine's own affair
        }
        boolean now = Files.readString(ACROSS).strip().equals("1");
        try {
            assertThat(client.call("Host.setMOMPolicyParameters", across(!now)).asBoolean())
                    .isTrue();
            assertThat(Files.readString(ACROSS).strip()).isEqualTo(now ? "0" : "1");
        } finally {
            client.call("Host.setMOMPolicyParameters", across(now));
        }
        assertThat(Files.readString(ACROSS).strip()).isEqualTo(now ? "1" : "0");
        assertThat(client.error("Host.setMOMPolicyParameters", "{\"key_value_store\":{\"ksmEnabled\":\"maybe\"}}")
                        .get("code")
                        .asInt())
                .isEqualTo(-32602);
    }

    private static String across(boolean merge) {
        return "{\"key_value_store\":{\"balloonEnabled\":true,\"ksmMergeAcrossNodes\":" + merge + "}}";
    }
}
