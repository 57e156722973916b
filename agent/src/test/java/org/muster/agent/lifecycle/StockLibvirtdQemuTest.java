package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.Faults;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.SlowEmulator;

/** A libvirtd as it is installed, with min_workers = 5, is never used up, whatever hangs. */
@Tag("qemu")
@Tag("alone")
@Timeout(240)
class StockLibvirtdQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long INTERVAL_MS = 2000;
    private static final Map<String, String> SETTINGS = Map.of(
            "sampling.interval", "\"" + INTERVAL_MS + "ms\"",
            "sampling.block-interval", "\"4s\"",
            "sampling.unresponsive-after", "\"6s\"");

    private final PrivateHypervisor host = PrivateHypervisor.start(PrivateHypervisor.Options.stock());
    private final List<GuestXml> guests = new ArrayList<>();
    private AgentProcess agent;
    private LineClient client;

    private void start(Map<String, String> settings, int count) {
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), settings);
        client = agent.connect();
        for (int i = 0; i < count; i++) {
            guests.add(GuestXml.named("s" + i));
        }
        client.create("all", guests.stream().map(GuestXml::xml).toList());
        client.awaitStatus(guests.stream().map(GuestXml::uuid).toList(), "Up", SOON);
        awaitAllFresh();
    }

    @AfterEach
    void stop() {
        guests.forEach(guest -> Faults.thaw(host.qemuPid(guest.name())));
        AgentProcess.destroyAll(client);
        client.close();
        agent.close();
        host.close();
    }

    private void awaitAllFresh() {
        Await.until("all are sampled", SOON, () -> {
            for (GuestXml guest : guests) {
                JsonNode vm = client.stats(guest.uuid());
                if (!vm.path("condition").asText().equals("ok") || age(vm, "memory") > INTERVAL_MS) {
                    return false;
                }
            }
            return true;
        });
    }

    private static long age(JsonNode vm, String group) {
        return vm.path("sampleAges").path(group).asLong(Long.MAX_VALUE);
    }

    private Set<UUID> freeze(int count) {
        Set<UUID> frozen = new HashSet<>();
        for (GuestXml guest : guests.subList(0, count)) {
            Faults.freeze(host.qemuPid(guest.name()));
            frozen.add(guest.uuid());
        }
        return frozen;
    }

    private String admin() {
        return "libvirtd:///system?socket=" + host.socket().toString().replace("libvirt-sock", "libvirt-admin-sock");
    }

    private int freeWorkers() {
        String info = host.inside(SOON, "virt-admin", "-c", admin(), "server-threadpool-info", "libvirtd");
        return info.lines()
                .filter(line -> line.startsWith("freeWorkers"))
                .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void twoFrozenGuestsCostTheOthersNothingAndTheLogSaysWhatToSet() {
        start(SETTINGS, 8);
        assertThat(agent.log()).contains("has min_workers = 5").contains("Set min_workers = 20");
        Set<UUID> frozen = freeze(2);
        long since = System.nanoTime();
        Await.until("five intervals", SOON, () -> {
            for (JsonNode vm : client.call("Host.getAllVmStats")) {
                if (!frozen.contains(UUID.fromString(vm.get("vmId").asText()))) {
                    assertThat(age(vm, "memory")).isLessThan(INTERVAL_MS * 3 / 2);
                }
            }
            return System.nanoTime() - since > 5 * INTERVAL_MS * 1_000_000;
        });
        assertThat(client.call("Host.getStats").at("/sampling/stuckCalls").asInt())
                .isEqualTo(2);

        host.inside(SOON, "virt-admin", "-c", admin(), "server-threadpool-set", "libvirtd", "--min-workers", "20");
        agent.hangUp();
        Await.until(
                "the agent learns what the admin has set, without a new link",
                SOON,
                () -> client.call("Host.getStats").at("/sampling/maxStuckCalls").asInt() == 13);
    }

    private void awaitFrozen(int count) {
        Await.until(
                count + " are found",
                SOON,
                () -> client.call("Host.getStats").at("/sampling/frozen").asInt() == count);
    }

    /** Two of them freeze before the agent is killed: the calls of its former life hang in libvirtd all the same. */
    @Test
    void sixFrozenGuestsLeaveWorkersForEverybodyElse() {
        start(SETTINGS, 8);
        freeze(2);
        awaitFrozen(2);
        agent.kill();
        client.close();
        agent.start();
        client = agent.connect();
        awaitFrozen(2);
        long since = System.nanoTime();
        freeze(6);
        Await.until("it is degraded", SOON, () -> client.hostConditions(since).contains("degraded"));
        long degraded = System.nanoTime();
        Await.until("five intervals more", SOON, () -> {
            JsonNode sampling = client.call("Host.getStats").get("sampling");
            assertThat(sampling.get("stuckCalls").asInt()).isLessThanOrEqualTo(3);
            assertThat(freeWorkers()).isPositive();
            assertThat(host.virsh("dominfo", "s7"))
                    .as("an ordinary call of somebody else")
                    .contains("running");
            for (JsonNode vm : client.call("Host.getAllVmStats")) {
                assertThat(age(vm, "state")).isLessThan(INTERVAL_MS * 3 / 2);
            }
            return System.nanoTime() - degraded > 5 * INTERVAL_MS * 1_000_000;
        });
        GuestXml more = GuestXml.named("more");
        client.create("more", List.of(more.xml()));
        client.awaitStatus(List.of(more.uuid()), "Up", SOON);
        guests.forEach(guest -> Faults.thaw(host.qemuPid(guest.name())));
        awaitAllFresh();
        Await.until("it ends", SOON, () -> client.hostConditions(since).equals(List.of("degraded", "ok")));
    }

    /** Who else uses libvirtd may use it up; then nobody's guest is to blame. */
    @Test
    void workersThatSomebodyElseUsesUpAreSaturationAndNoGuestsFault() throws Exception {
        start(SETTINGS, 4);
        host.inside(SOON, "virt-admin", "-c", admin(), "server-threadpool-set", "libvirtd", "--max-workers", "5");
        SlowEmulator emulator = SlowEmulator.hanging(host, "hangs");
        List<Process> others = new ArrayList<>();
        long since = System.nanoTime();
        try {
            for (int i = 0; i < 6; i++) {
                GuestXml guest = GuestXml.named("foreign" + i).withEmulator(emulator.path());
                String xml = guest.writeTo(host.directory()).toString();
                others.add(new ProcessBuilder("virsh", "-q", "-c", host.uri(), "create", xml)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start());
            }
            Await.until("it is told", SOON, () -> client.hostConditions(since).contains("saturated"));
            for (GuestXml guest : guests) {
                assertThat(client.stats(guest.uuid()).get("condition").asText()).isEqualTo("saturated");
            }
            assertThat(client.call("Host.getStats").at("/sampling/frozen").asInt())
                    .isZero();
        } finally {
            emulator.release();
        }
        Await.until("it ends", SOON, () -> client.hostConditions(since).contains("ok"));
        awaitAllFresh();
        for (Process other : others) {
            assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        for (int i = 0; i < 6; i++) {
            host.virsh("destroy", "foreign" + i);
        }
    }

    @Test
    void minWorkersAreSetLiveWhereThatIsWanted() {
        Map<String, String> settings = new HashMap<>(SETTINGS);
        settings.put("libvirt.tune-workers", "true");
        start(settings, 6);
        assertThat(agent.log()).contains("set min_workers of libvirtd from 5 to 20");
        JsonNode sampling = client.call("Host.getStats").get("sampling");
        assertThat(sampling.get("minWorkers").asInt()).isEqualTo(20);
        assertThat(sampling.get("maxStuckCalls").asInt()).isEqualTo(13);
        assertThat(freeWorkers()).isGreaterThan(10);
        freeze(4);
        awaitFrozen(4);
        assertThat(age(client.stats(guests.get(5).uuid()), "memory")).isLessThan(INTERVAL_MS * 3 / 2);
    }
}
