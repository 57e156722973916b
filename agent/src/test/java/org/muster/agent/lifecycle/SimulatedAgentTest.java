package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.rig.Await;

/** {@code musterd --simulate}, the whole of it, in a process of its own. */
class SimulatedAgentTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int RECOVERING = -1; // told instead of a list

    @TempDir
    private Path folder;

    private Path script(String text) throws IOException {
        return Files.writeString(folder.resolve("script.toml"), text);
    }

    private static String maps(AgentProcess agent) throws IOException {
        return Files.readString(Path.of("/proc", Long.toString(agent.pid()), "maps"));
    }

    @Test
    void twoThousandGuestsAreServedWithoutLibvirtAndNothingStaysBehind() throws Exception {
        Path script = script("[[vms]]\ncount = 2000\nname = \"sim-%04d\"\ndisks = 2\nnics = 1");
        Path own;
        try (AgentProcess agent = AgentProcess.simulate(folder.resolve("a"), script, Map.of());
                LineClient client = agent.connect()) {
            int threads = agent.threads();
            Await.until(
                    // on a busy machine the first answers may be 99: the table is not complete
                    "all are known with their rates",
                    SOON,
                    () -> sampled(client.respond("Host.getAllVmStats", "{}").path("result")) == 2000);

            assertThat(maps(agent)).doesNotContain("libvirt.so");
            assertThat(agent.threads()).as("no thread a guest").isLessThan(threads + 20);
            assertThat(cpuUsers(client.call("Host.getAllVmStats"))).hasSizeGreaterThan(50);
            own = stateFolder(agent);
            assertThat(own).isDirectory();
        }
        assertThat(own).doesNotExist();
        assertThat(folder.resolve("a/state")).doesNotExist();
    }

    /** Between two lives another agent has started guests, and libvirtd is not there when the second begins. */
    @Test
    void anAgentThatComesBackWithoutLibvirtdAnswersForAllGuestsOrForNone() throws Exception {
        String ours = "[[vms]]\ncount = 3\nname = \"ours-%d\"\n";
        String outage = "[[outage]]\nat = \"0s\"\nlasts = \"5s\"\n";
        Map<String, String> settings = Map.of("state.directory", "\"" + folder.resolve("kept") + "\"");
        try (AgentProcess agent = AgentProcess.simulate(folder.resolve("k"), script(ours), settings)) {
            assertThat(countsUntil(agent, 3)).doesNotContain(0, 1, 2);
            agent.terminate();

            script(ours + outage);
            agent.start();
            assertThat(countsUntil(agent, 3)).as("all are in the journal").containsExactly(3);
            agent.terminate();

            script(ours + outage + "[[vms]]\ncount = 5\nname = \"others-%d\"\n");
            agent.start();
            assertThat(countsUntil(agent, 8)).containsExactly(RECOVERING, 8);
        }
    }

    /** How many guests were listed, or {@link #RECOVERING}, without repetitions. */
    private static List<Integer> countsUntil(AgentProcess agent, int all) {
        List<Integer> counts = new ArrayList<>();
        try (LineClient client = agent.connect()) {
            Await.until("all are listed", SOON, () -> {
                JsonNode answer = client.respond("Host.getAllVmStats", "{}");
                boolean recovering = answer.at("/error/code").intValue() == 99;
                int count = recovering ? RECOVERING : answer.get("result").size();
                if (counts.isEmpty() || counts.get(counts.size() - 1) != count) {
                    counts.add(count);
                }
                return count == all;
            });
        }
        return counts;
    }

    private static int sampled(JsonNode all) {
        int count = 0;
        for (JsonNode vm : all) {
            count += vm.path("cpuActual").asText("").equals("true") ? 1 : 0;
        }
        return count;
    }

    private static Set<String> cpuUsers(JsonNode all) {
        return new HashSet<>(all.findValuesAsText("cpuUser"));
    }

    /** The folder of its own, from what the process holds open. */
    private static Path stateFolder(AgentProcess agent) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(agent.pid()), "fd"))) {
            for (Path file : files.toList()) {
                String target = Files.isSymbolicLink(file)
                        ? Files.readSymbolicLink(file).toString()
                        : "";
                if (target.contains("muster-simulation-") && target.endsWith("/state/journal")) {
                    return Path.of(target).getParent().getParent();
                }
            }
        }
        throw new AssertionError("no journal of its own is open");
    }

    @Test
    void createsFailAndSucceedAsTheScriptSays() throws Exception {
        Path script = script("""
            [start]
            mean = "50ms"
            [[fail]]
            names = "bad-*"
            message = "no such luck"
            """);
        try (AgentProcess agent = AgentProcess.simulate(folder.resolve("b"), script, Map.of());
                LineClient client = agent.connect()) {
            List<UUID> good = ids(1);
            List<UUID> bad = ids(2);
            client.create("good", xmls(good, "good"));
            client.create("bad", xmls(bad, "bad"));

            client.awaitStatus(good, "Up", SOON);
            client.awaitStatus(bad, "Down", SOON);

            assertThat(client.stats(bad.get(0)).get("exitMessage").asText()).contains("no such luck");
            AgentProcess.destroyAll(client);
            assertThat(client.call("Host.getVMList")).isEmpty();
        }
    }

    private static JsonNode hostStats(LineClient client) {
        return client.call("Host.getStats");
    }

    @Test
    void theHostIsAsLargeAsTheScriptSaysAndItsMemoryPolicyIsNotThisMachines() throws Exception {
        Path script = script("""
            [host]
            cpus = 64
            cells = 2
            memory-mib = 524288
            [[vms]]
            count = 100
            vcpus = 4
            memory-mib = 2048
            """);
        Path ksm = Path.of("/sys/kernel/mm/ksm/run");
        String before = Files.exists(ksm) ? Files.readString(ksm) : "";
        try (AgentProcess agent = AgentProcess.simulate(folder.resolve("h"), script, Map.of());
                LineClient client = agent.connect()) {
            Await.until(
                    "the host is known",
                    SOON,
                    () -> client.respond("Host.getCapabilities", "{}").has("result"));
            JsonNode caps = client.call("Host.getCapabilities");
            assertThat(caps.get("memSize").textValue()).isEqualTo("524288");
            assertThat(caps.get("onlineCpus").textValue().split(",")).hasSize(64);
            JsonNode stats = hostStats(client);
            assertThat(stats.get("cpuStatistics")).hasSize(64);
            assertThat(stats.at("/cpuStatistics/63/nodeIndex").intValue()).isEqualTo(1);
            assertThat(stats.get("numaNodeMemFree")).hasSize(2);
            long free = Long.parseLong(stats.get("memFree").textValue());
            assertThat(free).as("without what guests hold").isBetween(524_288L - 11_000 - 100 * 2048, 513_000L);
            Await.until(
                    "its CPUs do what the guests' do",
                    SOON,
                    () -> Math.abs(Double.parseDouble(
                                            hostStats(client).get("cpuIdle").textValue())
                                    - 100)
                            > 10);

            boolean ksmWasOn = before.strip().equals("1");
            String policy =
                    "{\"key_value_store\":{\"ksmEnabled\":%s,\"ksmMergeAcrossNodes\":false}}".formatted(!ksmWasOn);
            assertThat(client.call("Host.setMOMPolicyParameters", policy).booleanValue())
                    .isTrue();
            Await.until(
                    "it is so",
                    SOON,
                    () -> hostStats(client).get("ksmState").booleanValue() == !ksmWasOn
                            && !hostStats(client).get("ksmMergeAcrossNodes").booleanValue());
            assertThat(Files.exists(ksm) ? Files.readString(ksm) : "").isEqualTo(before);
        }
    }

    /** 20 starts of half a minute each: whatever runs is there to stay for the length of the test. */
    @Test
    void theConcurrencyOfCreatesChangesWhileTheyRunByVerbAndByReload() throws Exception {
        Path script = script("[start]\nmean = \"30s\"");
        Map<String, String> settings = Map.of("create.concurrency", "2");
        try (AgentProcess agent = AgentProcess.simulate(folder.resolve("c"), script, settings);
                LineClient client = agent.connect()) {
            client.create("b", xmls(ids(3), "slow"));
            awaitRunning(client, 2);

            assertThat(client.call("Host.setCreateConcurrency", "{\"concurrency\":5}"))
                    .hasToString("{\"concurrency\":5,\"before\":2}");
            awaitRunning(client, 5);
            agent.configure("create.concurrency", "9");
            agent.hangUp();
            awaitRunning(client, 9);
            client.call("Host.setCreateConcurrency", "{\"concurrency\":1}"); // interrupts nobody

            JsonNode queue = client.call("Host.getQueue");
            assertThat(queue.path("running")).hasSize(9);
            assertThat(queue.path("limit").intValue()).isEqualTo(1);
            assertThat(agent.log())
                    .contains("key=create.concurrency old=2 new=5 by=\"Host.setCreateConcurrency of loopback\"")
                    .contains("key=create.concurrency old=5 new=9 by=SIGHUP");
        }
    }

    private static List<String> lines(AgentProcess agent, String words) {
        return agent.log().lines().filter(line -> line.contains(words)).toList();
    }

    private static void awaitRunning(LineClient client, int count) {
        Await.until(
                count + " run",
                SOON,
                () -> client.call("Host.getQueue").path("running").size() == count);
    }

    private static List<UUID> ids(int kind) {
        return IntStream.range(0, 20).mapToObj(i -> new UUID(kind, i + 1)).toList();
    }

    private static List<String> xmls(List<UUID> ids, String name) {
        return IntStream.range(0, ids.size())
                .mapToObj(i ->
                        "<domain type='kvm'><name>%s-%d</name><uuid>%s</uuid><memory>65536</memory><vcpu>1</vcpu></domain>"
                                .formatted(name, i, ids.get(i)))
                .toList();
    }

    @Test
    void aFrozenGuestIsToldAndTheOthersAreNotDelayed() throws Exception {
        Path script = script("[[vms]]\ncount = 300\n[[freeze]]\ncount = 2\nat = \"3s\"");
        Map<String, String> settings = Map.of("sampling.unresponsive-after", "\"2s\"");
        try (AgentProcess agent = AgentProcess.simulate(folder.resolve("c"), script, settings);
                LineClient client = agent.connect()) {
            Await.until(
                    "two do not answer",
                    SOON,
                    () -> client.call("Host.getAllVmStats").findValuesAsText("monitorResponse").stream()
                                    .filter("-1"::equals)
                                    .count()
                            == 2);

            JsonNode all = client.call("Host.getAllVmStats");
            int late = 0;
            for (JsonNode vm : all) {
                late += vm.path("sampleAges").path("cpu").asLong() > 3000 ? 1 : 0;
            }
            assertThat(late).isLessThanOrEqualTo(2);
            for (JsonNode vm : all) {
                if (vm.path("monitorResponse").asText().equals("-1")) {
                    String name = vm.get("vmName").asText();
                    assertThat(lines(agent, name + " keeps a call in libvirt"))
                            .singleElement()
                            .asString()
                            .endsWith("vm=" + vm.get("vmId").asText());
                    assertThat(lines(agent, name + " has not answered for "))
                            .singleElement()
                            .asString()
                            .endsWith("vm=" + vm.get("vmId").asText());
                }
            }
        }
    }

    /** If that fails it goes on as it was; meanwhile it is no guest without disks that answers. */
    @Test
    void aFrozenGuestThatIsBeingDestroyedKeepsWhatIsKnownOfIt() throws Exception {
        Path script = script("[[vms]]\ncount = 3\n[[freeze]]\ncount = 1\nat = \"2s\"\n[destroy-frozen]\nmean = \"3s\"");
        Map<String, String> settings =
                Map.of("sampling.interval", "\"500ms\"", "sampling.unresponsive-after", "\"1s\"");
        try (AgentProcess agent = AgentProcess.simulate(folder.resolve("d"), script, settings);
                LineClient client = agent.connect()) {
            Await.until("one does not answer", SOON, () -> frozen(client) != null);
            JsonNode before = frozen(client);
            UUID id = UUID.fromString(before.get("vmId").asText());
            assertThat(before.get("disks")).isNotEmpty();

            long call = client.send("VM.destroy", "{\"vmID\":\"" + id + "\"}");
            List<JsonNode> seen = new ArrayList<>();
            Await.until("it is destroyed", SOON, () -> {
                JsonNode all = client.call("Host.getAllVmStats");
                for (JsonNode vm : all) {
                    if (vm.get("status").asText().equals("Powering down")) {
                        seen.add(vm);
                    }
                }
                return client.answered(call);
            });
            assertThat(seen).hasSizeGreaterThan(1).allSatisfy(vm -> {
                assertThat(vm.get("disks")).isEqualTo(before.get("disks"));
                assertThat(vm.get("monitorResponse").asText()).isEqualTo("-1");
                assertThat(vm.get("condition").asText()).isEqualTo("frozen");
            });
            assertThat(client.answer(call).path("result").asBoolean()).isTrue();
            assertThat(client.call("Host.getAllVmStats")).hasSize(2);
        }
    }

    private static JsonNode frozen(LineClient client) {
        for (JsonNode vm : client.call("Host.getAllVmStats")) {
            if (vm.path("monitorResponse").asText().equals("-1") && vm.has("disks")) {
                return vm;
            }
        }
        return null;
    }
}
