package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.BootSector;
import org.muster.rig.Faults;
import org.muster.rig.FuseDisk;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.Truth;

/** Frozen guests cost the others nothing: twenty real guests, some of which stop answering, in several ways. */
@Tag("qemu")
@Tag("alone")
@Timeout(240)
class FreezeQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long SHORT_MS = 2000; // sampling.interval: a create on this host may take a CPU for a second
    private static final long BLOCK_MS = 4000;
    private static final int GUESTS = 20;
    private static final Map<String, String> SETTINGS = Map.of(
            "sampling.interval", "\"" + SHORT_MS + "ms\"",
            "sampling.block-interval", "\"" + BLOCK_MS + "ms\"",
            "sampling.unresponsive-after", "\"" + 3 * SHORT_MS + "ms\"");

    private static PrivateHypervisor host;
    private static AgentProcess agent;
    private static LineClient client;
    private static final List<GuestXml> GUESTS_XML = new ArrayList<>();
    private static FuseDisk fuse;

    @BeforeAll
    static void startGuests() {
        host = PrivateHypervisor.start();
        fuse = FuseDisk.mount(host, "slow");
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), SETTINGS);
        client = agent.connect();
        for (int i = 0; i < GUESTS; i++) {
            GUESTS_XML.add(guest("g" + i, i == 0 ? fuse.resolve("g0.raw") : disk("g" + i), code(i)));
        }
        client.create("all", GUESTS_XML.stream().map(GuestXml::xml).toList());
        client.awaitStatus(GUESTS_XML.stream().map(GuestXml::uuid).toList(), "Up", SOON);
    }

    /** One burns CPU, one writes to its disk, the others are idle. */
    private static BootSector code(int number) {
        return number == 1 ? BootSector.BURN_CPU : number == 2 ? BootSector.WRITE_DISK : BootSector.HALT;
    }

    private static GuestXml guest(String name, Path disk, BootSector code) {
        return GuestXml.named(name).withDisk(code.writeTo(disk)).withNic();
    }

    private static Path disk(String name) {
        return host.directory().resolve(name + ".raw");
    }

    @AfterAll
    static void stop() {
        fuse.thaw();
        AgentProcess.destroyAll(client);
        agent.close();
        fuse.close();
        host.close();
    }

    @BeforeEach
    void allAreSampled() {
        Await.until("all are sampled in both tiers", SOON, () -> {
            JsonNode all = client.call("Host.getAllVmStats");
            for (JsonNode vm : all) {
                if (!vm.path("condition").asText().equals("ok")
                        || age(vm, "cpu") > SHORT_MS
                        || age(vm, "block") > BLOCK_MS) {
                    return false;
                }
            }
            return all.size() == GUESTS;
        });
    }

    @AfterEach
    void nothingIsLeftFrozen() {
        fuse.thaw();
        nothingIsLeftFrozen(Set.of());
    }

    /** @param only these; all if it is empty */
    private static void nothingIsLeftFrozen(Set<UUID> only) {
        for (GuestXml guest : GUESTS_XML) {
            if (only.isEmpty() || only.contains(guest.uuid())) {
                Faults.thaw(host.qemuPid(guest.name()));
            }
        }
    }

    private static long age(JsonNode vm, String group) {
        return vm.path("sampleAges").path(group).asLong(Long.MAX_VALUE);
    }

    /** Watches until every frozen guest is marked by event, and then for two block intervals more. */
    private static void watch(Set<UUID> frozen, String condition, long since) {
        Set<UUID> marked = new HashSet<>();
        // a look every 20 ms, and a create may take a CPU for as long: 1 s is for that
        Await.until("all are told by event within two intervals", Duration.ofMillis(2 * SHORT_MS + 1000), () -> {
            othersAreFresh(frozen);
            return frozen.stream().allMatch(id -> !client.conditions(id, since).isEmpty());
        });
        Await.until("all frozen guests are told by event", SOON, () -> {
            othersAreFresh(frozen);
            for (UUID id : frozen) {
                boolean told = client.events(id).stream()
                        .anyMatch(
                                e -> e.status().path("monitorResponse").asText().equals("-1"));
                if (told) {
                    marked.add(id);
                }
            }
            return marked.containsAll(frozen);
        });
        long calm = System.nanoTime() + 2 * BLOCK_MS * 1_000_000;
        Await.until("two block intervals more", SOON, () -> {
            othersAreFresh(frozen);
            return System.nanoTime() > calm;
        });
        assertThat(marked).as("told by event").isEqualTo(frozen);
        for (UUID id : frozen) {
            JsonNode vm = client.stats(id);
            assertThat(vm.get("monitorResponse").asText()).isEqualTo("-1");
            assertThat(vm.get("condition").asText()).isEqualTo(condition);
            assertThat(age(vm, "state")).as("what never blocks").isLessThan(SHORT_MS * 3 / 2);
            assertThat(age(vm, "network")).isLessThan(SHORT_MS * 3 / 2);
            assertThat(age(vm, "cpu")).isLessThan(SHORT_MS * 3 / 2);
            assertThat(age(vm, "block")).as("what its monitor would tell").isGreaterThan(2 * SHORT_MS);
        }
        whatHangsIsNamed(frozen);
        assertThat(stuckCalls())
                .isLessThanOrEqualTo(sampling().get("maxStuckCalls").asInt());
    }

    private static void whatHangsIsNamed(Set<UUID> frozen) {
        List<String> named = new ArrayList<>();
        for (JsonNode call : client.call("Host.getCalls").get("calls")) {
            if (call.get("overdue").booleanValue()) {
                named.add(call.path("vmId").asText("by nobody: " + call));
            }
        }
        assertThat(named)
                .as("who keeps the calls that hang")
                .isNotEmpty()
                .isSubsetOf(frozen.stream().map(UUID::toString).toList());
    }

    private static JsonNode sampling() {
        return client.call("Host.getStats").get("sampling");
    }

    private static int stuckCalls() {
        return sampling().get("stuckCalls").asInt();
    }

    private static void othersAreFresh(Set<UUID> frozen) {
        JsonNode all = client.call("Host.getAllVmStats");
        assertThat(all.size()).isGreaterThanOrEqualTo(GUESTS);
        for (JsonNode vm : all) {
            UUID id = UUID.fromString(vm.get("vmId").asText());
            boolean sampled =
                    vm.path("sampleAges").has("block") && vm.path("sampleAges").has("cpu");
            boolean old = GUESTS_XML.stream().anyMatch(guest -> guest.uuid().equals(id)); // not one just being started
            if (old && !frozen.contains(id)) {
                assertThat(sampled)
                        .as("%s has samples of both tiers", vm.get("vmName"))
                        .isTrue();
            }
            if (!frozen.contains(id) && sampled) {
                assertThat(age(vm, "cpu")).as("%s's CPU", vm.get("vmName")).isLessThan(SHORT_MS * 3 / 2);
                assertThat(age(vm, "block")).as("%s's disks", vm.get("vmName")).isLessThan(BLOCK_MS * 3 / 2);
            }
        }
    }

    /** Each of them within one and a half of its intervals; a second is for creates of the tests beside this one. */
    private static void awaitBack(Set<UUID> thawed) {
        Await.until(
                "the quick values of thawed guests are known again",
                Duration.ofMillis(SHORT_MS * 3 / 2 + 1000),
                () -> thawed.stream().allMatch(id -> {
                    JsonNode vm = client.stats(id);
                    return !vm.has("frozen") && age(vm, "vcpu") <= SHORT_MS && age(vm, "memory") <= SHORT_MS;
                }));
        Duration back = Duration.ofMillis(BLOCK_MS * 3 / 2);
        Await.until(
                "thawed guests are sampled again",
                back,
                () -> thawed.stream().allMatch(id -> {
                    JsonNode vm = client.stats(id);
                    return !vm.has("frozen")
                            && vm.get("monitorResponse").asText().equals("0")
                            && age(vm, "cpu") <= SHORT_MS
                            && age(vm, "block") <= BLOCK_MS;
                }));
    }

    private static Set<UUID> freeze(int from, int count) {
        Set<UUID> frozen = new HashSet<>();
        for (GuestXml guest : GUESTS_XML.subList(from, from + count)) {
            Faults.freeze(host.qemuPid(guest.name()));
            frozen.add(guest.uuid());
        }
        return frozen;
    }

    @Test
    void oneFrozenGuestCostsTheOthersNothingAndIsWarnedOfOnce() {
        long since = System.nanoTime();
        int logged = agent.log().length();
        Set<UUID> frozen = freeze(4, 1);
        watch(frozen, "frozen", since);
        UUID id = frozen.iterator().next();
        assertThat(agent.log()
                        .substring(logged)
                        .lines()
                        .filter(line -> line.contains("WARN")
                                && line.contains("g4 keeps a call in libvirt")
                                && line.endsWith("vm=" + id)))
                .hasSize(1);
        nothingIsLeftFrozen();
        awaitBack(frozen);
        assertThat(client.conditions(id, since)).containsExactly("frozen", "ok");
    }

    @Test
    void tenFrozenGuestsAtOnceCostTheOtherTenNothing() {
        long since = System.nanoTime();
        Set<UUID> frozen = freeze(4, 10);
        watch(frozen, "frozen", since);
        assertThat(sampling().get("condition").asText()).isEqualTo("ok");
        assertThat(stuckCalls()).isEqualTo(10);
        assertThat(host.virsh("domstate", GUESTS_XML.get(15).name())).contains("running");
        nothingIsLeftFrozen();
        awaitBack(frozen);
        assertThat(stuckCalls()).isZero();
    }

    @Test
    void moreThanLibvirtdCanBearDegradesAnnouncedAndEndsByItself() {
        long since = System.nanoTime();
        Set<UUID> frozen = freeze(3, 16);
        Await.until("it is announced", SOON, () -> client.hostConditions(since).contains("degraded"));
        long announced = System.nanoTime();
        Await.until("three intervals more", SOON, () -> {
            JsonNode sampling = sampling();
            assertThat(sampling.get("stuckCalls").asInt())
                    .isLessThanOrEqualTo(sampling.get("maxStuckCalls").asInt());
            return System.nanoTime() - announced > 3 * SHORT_MS * 1_000_000;
        });
        for (JsonNode vm : client.call("Host.getAllVmStats")) {
            assertThat(age(vm, "state")).as("%s's state", vm.get("vmName")).isLessThan(SHORT_MS * 3 / 2);
            assertThat(age(vm, "cpu")).as("%s's CPU time", vm.get("vmName")).isLessThan(SHORT_MS * 3 / 2);
        }
        assertThat(host.virsh("domstate", "g0")).as("libvirtd serves others").contains("running");
        assertThat(agent.log()).contains("guests cannot be asked for more than state and network");
        nothingIsLeftFrozen();
        awaitBack(frozen);
        Await.until("it ends", SOON, () -> client.hostConditions(since).equals(List.of("degraded", "ok")));
    }

    @Test
    void guestsThatFreezeWhileOthersThawAreToldApart() {
        Set<UUID> first = freeze(4, 3);
        long since = System.nanoTime();
        Await.until(
                "the first are found",
                SOON,
                () -> first.stream().allMatch(id -> client.stats(id).has("frozen")));
        Set<UUID> second = freeze(9, 3);
        nothingIsLeftFrozen(first);
        awaitBack(first);
        watch(second, "frozen", since);
        nothingIsLeftFrozen();
        awaitBack(second);
    }

    @Test
    void aGuestFrozenInTheMiddleOfItsCreateDelaysNobodyAndIsUpAfterwards() {
        long since = System.nanoTime();
        GuestXml guest = guest("middle", disk("middle"), BootSector.HALT);
        client.create("middle", List.of(guest.xml()));
        long pid = awaitQemu(guest.uuid());
        Faults.freeze(pid);
        assertThat(client.sawStatus(guest.uuid(), "Up"))
                .as("it was in the middle")
                .isFalse();
        long calm = System.nanoTime() + 2 * BLOCK_MS * 1_000_000;
        Await.until("two block intervals", SOON, () -> {
            othersAreFresh(Set.of(guest.uuid()));
            return System.nanoTime() > calm;
        });
        assertThat(client.stats(guest.uuid()).get("status").asText()).isEqualTo("Powering up");
        Faults.thaw(pid);
        client.awaitStatus(List.of(guest.uuid()), "Up", SOON);
        Await.until(
                "it is sampled",
                Duration.ofMillis(SHORT_MS + 1500),
                () -> age(client.stats(guest.uuid()), "cpu") <= SHORT_MS);
        assertThat(client.hostConditions(since)).isEmpty();
        client.call("VM.destroy", "{\"vmID\":\"" + guest.uuid() + "\"}");
    }

    private static long awaitQemu(UUID id) {
        long[] pid = new long[1];
        Await.until("its QEMU is there", SOON, () -> {
            List<Long> pids = Truth.of(host).qemuPids().getOrDefault(id, List.of());
            pids.forEach(found -> pid[0] = found);
            return !pids.isEmpty();
        });
        return pid[0];
    }

    @Test
    void fiveFrozenGuestsAtOnceCostTheOthersNothingAndCreatesGoOn() {
        long since = System.nanoTime();
        Set<UUID> frozen = freeze(4, 5);
        List<GuestXml> more =
                List.of(guest("more0", disk("more0"), BootSector.HALT), guest("more1", disk("more1"), BootSector.HALT));
        client.create(
                "more-" + UUID.randomUUID(), more.stream().map(GuestXml::xml).toList());
        watch(frozen, "frozen", since);
        client.awaitStatus(more.stream().map(GuestXml::uuid).toList(), "Up", SOON);
        nothingIsLeftFrozen();
        awaitBack(frozen);
        more.forEach(guest -> client.call("VM.destroy", "{\"vmID\":\"" + guest.uuid() + "\"}"));
    }

    @Test
    void aMainThreadHeldByADebuggerIsAFrozenGuestToo() throws Exception {
        GuestXml guest = GUESTS_XML.get(7);
        long since = System.nanoTime();
        try (AutoCloseable held = Faults.freezeMainThreadByPtrace(host.qemuPid("g7"))) {
            watch(Set.of(guest.uuid()), "frozen", since);
            assertThat(held).isNotNull();
        }
        awaitBack(Set.of(guest.uuid()));
    }

    @Test
    void aDiskThatHangsFreezesItsGuestOnly() {
        Set<UUID> frozen = Set.of(GUESTS_XML.get(0).uuid());
        long since = System.nanoTime();
        fuse.freeze();
        // only a question about disks meets it
        watch(frozen, "storage-blocked", since);
        fuse.thaw();
        awaitBack(frozen);
    }

    @Test
    void theFiguresAreTheKernels() {
        GuestXml burner = GUESTS_XML.get(1);
        GuestXml writer = GUESTS_XML.get(2);
        long pid = host.qemuPid(burner.name());
        long cpuBefore = Truth.cpuTime(pid).toNanos();
        long since = System.nanoTime();
        long writtenBefore = written(writer);
        Path image = disk(writer.name());
        int seenBefore = BootSector.writesSeen(image);
        Await.until("ten seconds of figures", SOON, () -> System.nanoTime() - since > 10_000_000_000L);
        JsonNode stats = client.stats(burner.uuid());
        double kernel = 100.0 * (Truth.cpuTime(pid).toNanos() - cpuBefore) / (System.nanoTime() - since);
        double told = stats.get("cpuUser").asDouble() + stats.get("cpuSys").asDouble();
        assertThat(told).as("CPU %% by the kernel: %s", kernel).isBetween(kernel * 0.6 - 5, kernel * 1.4 + 5);
        assertThat(agent.log())
                .as("nobody's monitor is asked for them")
                .contains("CPU times of guests are read without their monitors");
        long counted = Long.parseLong(stats.get("cpuTime").asText());
        assertThat(Truth.cpuTime(pid).toNanos() - counted).isBetween(-50_000_000L, 3_000_000_000L);
        long writes = written(writer) - writtenBefore;
        int seen = BootSector.writesSeen(image) - seenBefore;
        assertThat(writes).as("sectors written in the image: %s", seen).isBetween((long) (seen * 0.4), (long)
                (seen * 1.6));
        assertThat(client.stats(writer.uuid()).at("/disks/vda/writeRate").asDouble())
                .isPositive();
    }

    private static long written(GuestXml guest) {
        return client.stats(guest.uuid()).at("/disks/vda/writeOps").asLong();
    }
}
