package org.muster.agent.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.libvirt.ControlInfo;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.StatsField;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;
import org.muster.rig.Await;

/** What a script makes of the host, seen through the port that the agent uses. */
class SimulationTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Set<StatsGroup> ALL = EnumSet.allOf(StatsGroup.class);
    private static final Set<StatsGroup> HARMLESS = Set.of(StatsGroup.STATE, StatsGroup.INTERFACE);

    @TempDir
    private Path folder;

    private final Queue<String> heard = new ConcurrentLinkedQueue<>();
    private Simulation simulation;

    private Hypervisor begin(String script) throws Exception {
        simulation = Simulation.of(Files.writeString(folder.resolve("s.toml"), script), OptionalInt.empty());
        simulation.hypervisor().start(new HypervisorListener() {
            @Override
            public void domainChanged(UUID domain, DomainEvent event) {
                heard.add(event + " " + domain);
            }

            @Override
            public void guestEvent(UUID domain, GuestEvent event) {
                heard.add(event.getClass().getSimpleName() + " " + domain);
            }

            @Override
            public void connected() {
                heard.add("connected");
            }

            @Override
            public void disconnected(String reason) {
                heard.add("disconnected");
            }
        });
        simulation.begin();
        return simulation.hypervisor();
    }

    @AfterEach
    void stop() {
        if (simulation != null) {
            simulation.close();
            simulation.hypervisor().close();
        }
    }

    private static List<UUID> ids(Hypervisor hypervisor) throws HypervisorException {
        return hypervisor.list().stream().map(DomainRecord::domain).toList();
    }

    private static long number(StatsRecord record, StatsField field, int index) {
        for (int i = 0; i < record.size(); i++) {
            if (record.field(i) == field && record.index(i) == index) {
                return record.number(i);
            }
        }
        throw new AssertionError(field + " is missing");
    }

    private static String domain(UUID id, String name) {
        return """
                <domain type='kvm'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>64</memory><vcpu>2</vcpu><devices>
                <interface type='bridge'><source bridge='b'/></interface>
                <disk type='file' device='disk'><source file='/a'/><target dev='vda'/></disk>
                <graphics type='vnc' port='-1' autoport='yes'/></devices></domain>""".formatted(name, id);
    }

    @Test
    void guestsAreThereWithDistinctStatisticsThatOnlyGrow() throws Exception {
        Hypervisor hypervisor = begin("[[vms]]\ncount = 50\nvcpus = 2\ndisks = 2\nnics = 2");
        List<UUID> ids = ids(hypervisor);

        List<StatsRecord> first = hypervisor.stats(ids, ALL, false);
        List<StatsRecord> second = hypervisor.stats(ids, ALL, false);

        assertThat(first).hasSize(50);
        Set<Long> cpuTimes = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            cpuTimes.add(number(first.get(i), StatsField.CPU_TIME, -1));
            for (int at = 0; at < first.get(i).size(); at++) {
                StatsField field = first.get(i).field(at);
                if (field.name().matches("CPU_.*|VCPU_TIME|NET_.X.*|BLOCK_(READ|WRITE|FLUSH).*|.*_FAULT")) {
                    assertThat(second.get(i).number(at))
                            .as("%s", field)
                            .isGreaterThanOrEqualTo(first.get(i).number(at));
                }
            }
        }
        assertThat(cpuTimes).hasSize(50);
    }

    @Test
    void guestsOfTheAgentsOwnHaveRunForAsLongAsTheirMetadataSay() throws Exception {
        Hypervisor hypervisor = begin("[[vms]]\ncount = 20\n[[vms]]\ncount = 1\nname = \"theirs-%d\"\nours = false");
        long now = System.currentTimeMillis();
        Set<Long> starts = new HashSet<>();
        for (UUID id : ids(hypervisor)) {
            DomainDetails.parse(hypervisor.xml(id)).startedAtMillis().ifPresent(starts::add);
        }

        assertThat(starts)
                .hasSize(20)
                .allSatisfy(start -> assertThat(now - start)
                        .isBetween(0L, Duration.ofDays(30).toMillis() + 60_000));
    }

    @Test
    void eachGuestHasItsOwnConsoleAndTellsItsOwnNameAndAddresses() throws Exception {
        Hypervisor hypervisor = begin("""
                [[vms]]
                count = 30
                nics = 2
                [[vms]]
                count = 1
                name = "spice-%d"
                console = "spice"
                [[vms]]
                count = 1
                name = "bare-%d"
                console = "none"
                agent = false
                """);
        Set<String> ports = new HashSet<>();
        Set<String> names = new HashSet<>();
        Set<String> addresses = new HashSet<>();
        Set<String> systems = new HashSet<>();
        List<UUID> ids = ids(hypervisor);
        for (UUID id : ids.subList(0, 30)) {
            DomainDetails details = DomainDetails.parse(hypervisor.xml(id));
            ports.add(details.consoles().get(0).port());
            assertThat(details.agentChannel()).contains(new DomainDetails.AgentChannel(true));
            GuestReport report = hypervisor.guestReport(id, Set.of(), SOON);
            names.add(report.hostname().orElseThrow());
            assertThat(report.nics().orElseThrow())
                    .extracting(GuestReport.Nic::mac)
                    .contains(details.nics().get(0).mac(), details.nics().get(1).mac());
            report.nics()
                    .orElseThrow()
                    .forEach(nic -> nic.addresses().forEach(address -> addresses.add(address.address())));
            assertThat(report.fileSystems().orElseThrow()).hasSize(1);
            systems.add(
                    report.os().orElseThrow().id() + report.zone().orElseThrow().name());
        }

        assertThat(systems).hasSizeGreaterThan(3);
        assertThat(ports).hasSize(30);
        assertThat(names).hasSize(30);
        assertThat(addresses)
                .as("two of each interface, and those of every loopback")
                .hasSize(30 * 2 * 2 + 2);
        DomainDetails.Console spice =
                DomainDetails.parse(hypervisor.xml(ids.get(30))).consoles().get(0);
        assertThat(spice.type()).isEqualTo("spice");
        assertThat(spice.port()).isEqualTo("-1");
        assertThat(ports).doesNotContain(spice.tlsPort());
        DomainDetails bare = DomainDetails.parse(hypervisor.xml(ids.get(31)));
        assertThat(bare.consoles()).isEmpty();
        assertThat(bare.agentChannel()).isEmpty();
        assertThatThrownBy(() -> hypervisor.guestReport(ids.get(31), Set.of(), SOON))
                .hasMessageContaining("not connected");
    }

    @Test
    void whoIsLoggedInChangesAndSoDoesHowFullFileSystemsAre() throws Exception {
        AgentTalk talk = new AgentTalk(3, new GuestLoad(3, 0.5), null); // nobody is asked over a hypervisor
        GuestShape shape = new GuestShape(1, 1024, List.of(), List.of(new GuestShape.Disk("vda", "/a")));
        Set<List<String>> users = new HashSet<>();
        long used = 0;
        for (int second = 0; second < 3600; second += 30) {
            GuestReport report = talk.told(
                    new AgentTalk.Speaker(
                            "a",
                            1,
                            domain(new UUID(1, 1), "a"),
                            new GuestLoad.Moment(new UUID(1, 1), shape, 1, 1, second, 0)),
                    Set.of());
            users.add(report.users().orElseThrow());
            GuestReport.FileSystem root = report.fileSystems().orElseThrow().get(0);
            long now = root.usedBytes().orElseThrow();
            assertThat(now)
                    .as("seed 3, at %d s", second)
                    .isNotEqualTo(used)
                    .isBetween(1L, root.totalBytes().orElseThrow() - 1);
            used = now;
        }

        assertThat(users).as("nobody, and more than one").contains(List.of()).hasSizeGreaterThan(2);
    }

    @Test
    void anAgentIsAskedInPartsAndOneOfAFrozenGuestDoesNotAnswer() throws Exception {
        Hypervisor hypervisor = begin("[[vms]]\ncount = 1");
        UUID id = ids(hypervisor).get(0);

        GuestReport names = hypervisor.guestReport(id, Set.of(Hypervisor.GuestPart.HOSTNAME), SOON);
        ((FakeHypervisor) hypervisor).freeze(id);

        assertThat(names.hostname()).isPresent();
        assertThat(names.os()).isEmpty();
        assertThatThrownBy(() -> hypervisor.guestReport(id, Set.of(), SOON))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.TIMED_OUT));
    }

    @Test
    void anAgentComesWhenItsGuestHasBootedAndAgainAfterAReset() throws Exception {
        Hypervisor hypervisor = begin("[start]\nmean = \"0ms\"\n[boot]\nmean = \"100ms\"");
        UUID id = new UUID(1, 2);
        hypervisor.define(domain(id, "a").replace("<graphics", """
                <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><graphics"""));
        hypervisor.start(id, true);
        assertThatThrownBy(() -> hypervisor.guestReport(id, Set.of(), SOON)).hasMessageContaining("not connected");
        hypervisor.resume(id);

        Await.until("its agent is there", SOON, () -> heard.contains("AgentChanged " + id));
        assertThat(hypervisor.guestReport(id, Set.of(), SOON).hostname()).contains("a.example");
        assertThat(DomainDetails.parse(hypervisor.xml(id)).agentChannel())
                .contains(new DomainDetails.AgentChannel(true));

        ((FakeHypervisor) hypervisor).reboot(id);
        Await.until(
                "its agent is there again",
                SOON,
                () -> heard.stream().filter(("AgentChanged " + id)::equals).count() == 2);
        assertThat(heard.stream().filter(event -> event.endsWith(" " + id)).toList())
                .containsSubsequence("AgentChanged " + id, "Rebooted " + id, "AgentChanged " + id);
    }

    @Test
    void noVcpuUsesMoreThanOneCpu() {
        GuestLoad load = new GuestLoad(3, 0.5);
        GuestShape shape = new GuestShape(1, 1024, List.of(), List.of());
        for (int guest = 0; guest < 200; guest++) {
            UUID id = new UUID(guest, 4);
            long before = 0;
            for (int second = 0; second < 300; second += 5) {
                StatsRecord record =
                        load.record(new GuestLoad.Moment(id, shape, 1, 1, second, 0), Set.of(StatsGroup.VCPU), true);
                long time = number(record, StatsField.VCPU_TIME, 0);
                assertThat(time - before)
                        .as("seed 3, guest %d at %d s", guest, second)
                        .isBetween(0L, 5_000_000_000L);
                before = time;
            }
        }
    }

    @Test
    void theSameSeedMakesTheSameGuests() throws Exception {
        String script = "seed = 5\n[[vms]]\ncount = 3";
        List<UUID> first = ids(begin(script));
        List<UUID> second = ids(begin(script));
        List<UUID> other = ids(begin("seed = 6\n[[vms]]\ncount = 3"));

        assertThat(second).isEqualTo(first);
        assertThat(other).doesNotContainAnyElementsOf(first);
    }

    @Test
    void aGuestShowsTheNamesAndPortsThatTheHostGaveIt() throws Exception {
        Hypervisor hypervisor = begin("[start]\nmean = \"0ms\"");
        UUID id = new UUID(1, 2);
        hypervisor.define(domain(id, "a"));
        hypervisor.start(id, false);

        DomainDetails live = DomainDetails.parse(hypervisor.xml(id));
        StatsRecord stats = hypervisor.stats(List.of(id), ALL, false).get(0);

        assertThat(live.nics().get(0).target()).startsWith("vnet");
        assertThat(Integer.parseInt(live.consoles().get(0).port())).isGreaterThanOrEqualTo(5900);
        assertThat(number(stats, StatsField.BALLOON_MAXIMUM, -1)).isEqualTo(65_536);
        assertThat(number(stats, StatsField.VCPU_CURRENT, -1)).isEqualTo(2);
        assertThat(number(stats, StatsField.BLOCK_CAPACITY, 0)).isPositive();
    }

    @Test
    void aFrozenGuestKeepsTheFirstCallAndIsPassedOverByTheNext() throws Exception {
        Hypervisor hypervisor = begin("""
                [[vms]]
                count = 3
                name = "a-%d"
                [[freeze]]
                names = "a-1"
                at = "0s"
                lasts = "1500ms"
                """);
        List<UUID> ids = ids(hypervisor);
        UUID frozen = ids.get(1);
        FakeHypervisor fake = (FakeHypervisor) hypervisor;
        Await.until("it is frozen", SOON, () -> fake.isFrozen(frozen));

        CompletableFuture<List<StatsRecord>> first = CompletableFuture.supplyAsync(() -> stats(hypervisor, ids, true));
        Await.until("it keeps the call", SOON, () -> occupied(hypervisor, ids).contains(frozen));
        List<StatsRecord> second = hypervisor.stats(ids, ALL, true);

        assertThat(first).isNotDone();
        assertThat(second).hasSize(3);
        assertThat(second.get(1).size()).isLessThan(second.get(0).size());
        assertThat(hypervisor.stats(ids, HARMLESS, false)).hasSize(3);
        assertThat(occupied(hypervisor, ids)).containsExactly(frozen);
        assertThat(first)
                .succeedsWithin(SOON)
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(3);
        assertThat(occupied(hypervisor, ids)).isEmpty();
    }

    private static List<StatsRecord> stats(Hypervisor hypervisor, List<UUID> ids, boolean skipBusy) {
        try {
            return hypervisor.stats(ids, ALL, skipBusy);
        } catch (HypervisorException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<UUID> occupied(Hypervisor hypervisor, List<UUID> ids) {
        try {
            List<UUID> occupied = new ArrayList<>();
            for (Map.Entry<UUID, ControlInfo> info :
                    hypervisor.control(ids, Duration.ofSeconds(1)).entrySet()) {
                if (info.getValue().kind() == ControlInfo.Kind.OCCUPIED) {
                    occupied.add(info.getKey());
                }
            }
            return occupied;
        } catch (HypervisorException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void destroyingAFrozenGuestFreesTheCall() throws Exception {
        Hypervisor hypervisor = begin("""
                [destroy-frozen]
                mean = "100ms"
                [[vms]]
                count = 2
                [[freeze]]
                count = 1
                at = "0s"
                """);
        List<UUID> ids = ids(hypervisor);
        FakeHypervisor fake = (FakeHypervisor) hypervisor;
        Await.until("it is frozen", SOON, () -> fake.isFrozen(ids.get(0)));
        CompletableFuture<List<StatsRecord>> kept = CompletableFuture.supplyAsync(() -> stats(hypervisor, ids, false));
        Await.until("it keeps the call", SOON, () -> !occupied(hypervisor, ids).isEmpty());

        hypervisor.destroy(ids.get(0));

        assertThat(kept).succeedsWithin(SOON);
        assertThat(hypervisor.find(ids.get(0)).orElseThrow().state()).isEqualTo(State.SHUTOFF);
    }

    @Test
    void startsTakeTheirTimeAndMoreWhenThereAreMany() {
        Pace pace = new Pace(Pace.Distribution.FIXED, Duration.ofMillis(100), Duration.ZERO, 0.5);

        assertThat(pace.draw(1, 0)).isEqualTo(Duration.ofMillis(100));
        assertThat(pace.draw(1, 4)).isEqualTo(Duration.ofMillis(300));
    }

    @Test
    void drawnTimesHaveTheMeanAndTheDeviationAskedFor() {
        for (Pace.Distribution distribution : List.of(Pace.Distribution.NORMAL, Pace.Distribution.LOGNORMAL)) {
            Pace pace = new Pace(distribution, Duration.ofMillis(1000), Duration.ofMillis(200), 0);
            double sum = 0;
            double squares = 0;
            int count = 20_000;
            for (int i = 0; i < count; i++) {
                double millis = pace.draw(Draws.mix(9, i), 0).toNanos() / 1e6;
                sum += millis;
                squares += millis * millis;
            }
            double mean = sum / count;
            assertThat(mean).as("%s, seed 9", distribution).isBetween(990.0, 1010.0);
            assertThat(Math.sqrt(squares / count - mean * mean))
                    .as("%s, seed 9", distribution)
                    .isBetween(190.0, 210.0);
        }
    }

    @Test
    void everySecondStartFailsInTheScriptsWordsAndLeavesNothingRunning() throws Exception {
        Hypervisor hypervisor = begin("""
                [start]
                mean = "20ms"
                [[fail]]
                every = 2
                names = "a*"
                message = "no such luck"
                """);
        UUID one = new UUID(1, 1);
        UUID two = new UUID(1, 2);
        hypervisor.define(domain(one, "a1"));
        hypervisor.define(domain(two, "a2"));

        hypervisor.start(one, false);
        assertThatThrownBy(() -> hypervisor.start(two, false))
                .isInstanceOf(HypervisorException.class)
                .hasMessageContaining("no such luck");

        assertThat(hypervisor.find(one).orElseThrow().state()).isEqualTo(State.RUNNING);
        assertThat(hypervisor.find(two).orElseThrow().state()).isEqualTo(State.SHUTOFF);
    }

    @Test
    void anOutageFailsTheCallsAndLibvirtdGoesOnWithThem() throws Exception {
        Hypervisor hypervisor = begin("""
                [start]
                mean = "3s"
                [[outage]]
                at = "1500ms"
                lasts = "300ms"
                """);
        UUID id = new UUID(1, 1);
        hypervisor.define(domain(id, "a"));

        assertThatThrownBy(() -> hypervisor.start(id, false))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.DISCONNECTED));
        Await.until(
                "the link is back",
                SOON,
                () -> heard.stream().filter("connected"::equals).count() == 2);
        Await.until("the late guest has come", SOON, () -> heard.contains("STARTED " + id));

        assertThat(heard).contains("disconnected");
        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(State.RUNNING);
    }

    @Test
    void guestsEndAndRebootByThemselves() throws Exception {
        Hypervisor hypervisor = begin("""
                [[vms]]
                count = 2
                [[guest]]
                does = "power-off"
                count = 1
                at = "50ms"
                [[guest]]
                does = "reboot"
                at = "200ms"
                """);
        List<UUID> ids = ids(hypervisor);

        Await.until("one reboots", SOON, () -> heard.contains("Rebooted " + ids.get(1)));

        assertThat(heard).contains("STOPPED " + ids.get(0));
        DomainRecord ended = hypervisor.find(ids.get(0)).orElseThrow();
        assertThat(ended.state()).isEqualTo(State.SHUTOFF);
        assertThat(ended.shutoffReason()).isEqualTo(DomainRecord.ShutoffReason.SHUTDOWN);
    }

    @Test
    void theHostIsAsLargeAsTheScriptSays() throws Exception {
        Hypervisor hypervisor = begin("[host]\ncpus = 128\ncells = 4\nmemory-mib = 1048576");

        assertThat(hypervisor.host().numaCells()).hasSize(4).allSatisfy(cell -> {
            assertThat(cell.cpus()).hasSize(32);
            assertThat(cell.memoryKib()).isEqualTo(1L << 28);
        });
        assertThat(hypervisor.host().cpus()).isEqualTo(128);
    }
}
