package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.Simulation;
import org.muster.libvirt.CpuTime;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.LibvirtTestAccess;
import org.muster.libvirt.LibvirtTestAccess.Field;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;
import org.muster.sampling.CpuAccount;
import org.muster.sampling.DomainSample;
import org.muster.sampling.Group;
import org.muster.sampling.StatsUnavailableException;

/** libvirt's fields as sampling knows them. */
class LibvirtStatsSourceTest {
    private static final UUID ID = new UUID(1, 1);
    private static final CpuClocks NO_CLOCKS =
            new CpuClocks(Path.of("/"), id -> OptionalLong.empty(), System::nanoTime);

    private static DomainSample sample(Field... fields) {
        return new SampleBuilder().build(LibvirtTestAccess.record(ID, 77, List.of(fields)));
    }

    private static Field field(String name, Object value) {
        return new Field(name, value);
    }

    @Test
    void aFullRecordIsTakenApart() {
        DomainSample sample = sample(
                field("state.state", 1),
                field("state.reason", 5),
                field("cpu.time", 100),
                field("cpu.user", 30),
                field("cpu.system", 20),
                field("balloon.current", 1000),
                field("balloon.maximum", 2000),
                field("vcpu.current", 2),
                field("vcpu.0.state", 1),
                field("vcpu.0.time", 11),
                field("vcpu.0.wait", 13),
                field("vcpu.0.delay", 12),
                field("vcpu.1.state", 2),
                field("net.0.name", "vnet0"),
                field("net.0.rx.bytes", 1),
                field("net.0.tx.drop", 8),
                field("net.1.name", "without an interface"),
                field("net.2.name", "vnet2"),
                field("net.2.rx.bytes", 3),
                field("block.0.name", "vda"),
                field("block.0.path", "/d"),
                field("block.0.rd.reqs", 5),
                field("block.0.fl.times", 6),
                field("block.0.physical", 4096),
                field("block.1.name", "vdb"));

        assertThat(sample.domain()).isEqualTo(ID);
        assertThat(sample.takenAtNanos()).isEqualTo(77);
        assertThat(sample.state()).isEqualTo(OptionalInt.of(1));
        assertThat(sample.cpuTimeNanos()).isEqualTo(OptionalLong.of(100));
        assertThat(sample.cpuUserNanos()).isEqualTo(OptionalLong.of(30));
        assertThat(sample.cpuSystemNanos()).isEqualTo(OptionalLong.of(20));
        assertThat(sample.vcpuCount()).isEqualTo(OptionalInt.of(2));
        assertThat(sample.vcpus())
                .containsExactly(
                        new DomainSample.Vcpu(0, 1, OptionalLong.of(11), OptionalLong.of(12), OptionalLong.of(13)),
                        new DomainSample.Vcpu(1, 2, OptionalLong.empty()));
        assertThat(sample.balloon().currentKib()).isEqualTo(OptionalLong.of(1000));
        assertThat(sample.balloon().unusedKib()).isEmpty();
        assertThat(sample.nics()).extracting(DomainSample.Nic::name).containsExactly("vnet0", "vnet2");
        assertThat(sample.nics().get(0).txDropped()).isEqualTo(8);
        assertThat(sample.disks()).extracting(DomainSample.Disk::name).containsExactly("vda", "vdb");
        assertThat(sample.disks().get(0).counters().orElseThrow().flushNanos()).isEqualTo(6);
        assertThat(sample.disks().get(0).onHostBytes()).isEqualTo(OptionalLong.of(4096));
        assertThat(sample.disks().get(1).counters()).as("not asked is not zero").isEmpty();
    }

    @Test
    void whatWasNotToldIsEmpty() {
        DomainSample sample = sample(field("state.state", 1));

        assertThat(sample.cpuTimeNanos()).isEmpty();
        assertThat(sample.balloon()).isEqualTo(DomainSample.Balloon.UNKNOWN);
        assertThat(sample.nics()).isEmpty();
        assertThat(sample.disks()).isEmpty();
    }

    @Test
    void aLostLinkIsTellable() {
        FakeHypervisor hypervisor = new FakeHypervisor();
        LibvirtStatsSource source = new LibvirtStatsSource(hypervisor, NO_CLOCKS, EmulatorView.NONE);

        assertThat(failure(source).why()).isEqualTo(StatsUnavailableException.Why.FAILED);
        hypervisor.loseLink();
        assertThat(failure(source).why()).isEqualTo(StatsUnavailableException.Why.CONNECTION_LOST);
    }

    @Test
    void nothingOfOneRecordIsLeftInTheNext() {
        SampleBuilder builder = new SampleBuilder();
        DomainSample full = builder.build(LibvirtTestAccess.record(
                ID,
                77,
                List.of(
                        field("state.state", 1),
                        field("vcpu.0.state", 1),
                        field("net.0.name", "vnet0"),
                        field("net.0.rx.bytes", 7L),
                        field("block.0.name", "vda"),
                        field("block.0.rd.reqs", 8L),
                        field("block.0.capacity", 9L))));
        DomainSample empty = builder.build(
                LibvirtTestAccess.record(ID, 78, List.of(field("block.0.name", "vdb"), field("vcpu.0.state", 1))));

        assertThat(empty.state()).isEmpty();
        assertThat(empty.nics()).isEmpty();
        assertThat(empty.disks()).singleElement().satisfies(disk -> {
            assertThat(disk.counters()).isEmpty();
            assertThat(disk.capacityBytes()).isEmpty();
        });
        assertThat(full.disks())
                .singleElement()
                .satisfies(disk -> assertThat(disk.capacityBytes()).hasValue(9));
        assertThat(full.nics()).hasSize(1);
    }

    @Test
    void cpuTimeReadBesideARecordIsPartOfTheSample() {
        DomainSample sample = new SampleBuilder()
                .build(
                        LibvirtTestAccess.record(
                                ID, 77, List.of(field("state.state", 1), field("net.0.name", "vnet0"))),
                        new CpuTime(9, OptionalLong.of(5), OptionalLong.empty(), true),
                        76);

        assertThat(sample.cpuTimeNanos()).hasValue(9);
        assertThat(sample.cpuUserNanos()).hasValue(5);
        assertThat(sample.cpuSystemNanos()).isEmpty();
        assertThat(sample.state()).hasValue(1);
    }

    /** One whose emulator's times are ours to read is asked for everything else; the time stamp is from before both. */
    @Test
    void cpuTimesAreNotAskedOfLibvirtOnceTheyCanBeReadWithoutIt(@TempDir Path folder) throws Exception {
        Files.createDirectories(folder.resolve("proc/5"));
        Path stat = folder.resolve("proc/5/stat");
        Files.writeString(stat, "5 (qemu) S 1 2 3 0 -1 1 6655 0 0 0 7 5 0 0 20");
        List<Set<StatsGroup>> asked = new ArrayList<>();
        Hypervisor hypervisor = answering(groups -> {
            asked.add(groups);
            return groups.contains(StatsGroup.CPU_TOTAL)
                    ? List.of(
                            field("state.state", 1),
                            field("cpu.time", 120_000_000L),
                            field("cpu.user", 70_000_000L),
                            field("cpu.system", 50_000_000L))
                    : List.of(field("state.state", 1));
        });
        CpuClocks clocks = new CpuClocks(folder, id -> OptionalLong.of(5), System::nanoTime);
        LibvirtStatsSource source = new LibvirtStatsSource(hypervisor, clocks, EmulatorView.NONE);
        Set<Group> wanted = Set.of(Group.STATE, Group.CPU_TOTAL);

        assertThat(source.sample(List.of(ID), wanted, true)).singleElement().satisfies(sample -> {
            assertThat(sample.cpuTimeNanos()).hasValue(120_000_000);
            assertThat(sample.takenAtNanos()).isEqualTo(77);
        });
        Files.writeString(stat, "5 (qemu) S 1 2 3 0 -1 1 6655 0 0 0 8 6 0 0 20");
        long before = System.nanoTime();
        assertThat(source.sample(List.of(new UUID(9, 9), ID), wanted, true))
                .as("nor is anybody else's clock taken for it, or it for another's")
                .singleElement()
                .satisfies(sample -> assertThat(sample.cpuTimeNanos()).hasValue(120_000_000));
        assertThat(source.sample(List.of(ID), wanted, true)).singleElement().satisfies(sample -> {
            assertThat(sample.cpuTimeNanos()).hasValue(140_000_000);
            assertThat(sample.cpuUserNanos()).hasValue(80_000_000);
            assertThat(sample.cpuSystemNanos()).hasValue(60_000_000);
            assertThat(sample.takenAtNanos()).isBetween(before, System.nanoTime());
        });
        assertThat(source.withoutMonitor(List.of(ID)))
                .singleElement()
                .satisfies(sample -> assertThat(sample.cpuTimeNanos()).hasValue(140_000_000));

        assertThat(asked)
                .containsExactly(
                        Set.of(StatsGroup.STATE, StatsGroup.CPU_TOTAL),
                        Set.of(StatsGroup.STATE, StatsGroup.CPU_TOTAL),
                        Set.of(StatsGroup.STATE),
                        Set.of(StatsGroup.STATE, StatsGroup.INTERFACE));
    }

    /** A hypervisor that can do nothing but tell one domain's statistics. */
    @SuppressWarnings("unchecked")
    private static Hypervisor answering(Function<Set<StatsGroup>, List<Field>> fields) {
        return (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(), new Class<?>[] {Hypervisor.class}, (proxy, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("stats");
                    Set<StatsGroup> groups = EnumSet.copyOf((Set<StatsGroup>) arguments[1]);
                    StatsRecord record = LibvirtTestAccess.record(ID, 77, fields.apply(groups));
                    return List.of(((Function<StatsRecord, DomainSample>) arguments[3]).apply(record));
                });
    }

    @Test
    void withoutAMonitorAndWhereItsCpuTimesComeFrom(@TempDir Path folder) throws Exception {
        Path script = Files.writeString(folder.resolve("one.toml"), "[[vms]]\ncount = 1\n");
        try (Simulation simulation = Simulation.of(script, OptionalInt.empty())) {
            simulation.hypervisor().start(new Deaf());
            simulation.begin();
            UUID id = simulation.hypervisor().list().get(0).domain();
            LibvirtStatsSource source = new LibvirtStatsSource(simulation.hypervisor(), NO_CLOCKS, EmulatorView.NONE);

            DomainSample sample = source.withoutMonitor(List.of(id)).get(0);
            assertThat(sample.state()).hasValue(1);
            assertThat(sample.cpuTimeNanos()).isPresent();
            assertThat(sample.vcpus()).isEmpty();

            CpuAccount account = source.cpuAccount(id);
            assertThat(account.source()).isEqualTo(CpuAccount.Source.CGROUP);
            assertThat(account.byHostCpusNanos().getAsLong()).isGreaterThanOrEqualTo(account.totalNanos());
        }
    }

    /** Control groups of version 2 count for the whole guest only. */
    @Test
    void whoCountsIsWhoToldTheWholeNotWhetherItsPartsAreTold() {
        CpuTime group = new CpuTime(9, OptionalLong.of(5), OptionalLong.of(4), true);
        CpuTime process = new CpuTime(9, OptionalLong.empty(), OptionalLong.empty(), false);

        assertThat(LibvirtStatsSource.account(group, Optional.empty()))
                .isEqualTo(new CpuAccount(CpuAccount.Source.CGROUP, 9, OptionalLong.empty(), 0));
        assertThat(LibvirtStatsSource.account(group, Optional.of(new long[] {4, 6})))
                .isEqualTo(new CpuAccount(CpuAccount.Source.CGROUP, 9, OptionalLong.of(10), 2));
        assertThat(LibvirtStatsSource.account(process, Optional.empty()))
                .isEqualTo(new CpuAccount(CpuAccount.Source.PROC, 9, OptionalLong.empty(), 0));
    }

    @Test
    void whoStandsStillIsToldIfItIsKnownOfAnybody() {
        UUID stands = new UUID(1, 2);
        UUID runs = new UUID(1, 3);
        UUID unknown = new UUID(1, 4);
        EmulatorView kernel = new EmulatorView() {
            @Override
            public Optional<Boolean> stopped(UUID domain) {
                return Optional.of(false);
            }

            @Override
            public Optional<Boolean> standsStill(UUID domain) {
                return domain.equals(unknown) ? Optional.empty() : Optional.of(domain.equals(stands));
            }
        };
        LibvirtStatsSource source = new LibvirtStatsSource(new FakeHypervisor(), NO_CLOCKS, kernel);

        assertThat(source.standingStill(List.of(stands, runs, unknown))).contains(Set.of(stands));
        assertThat(source.standingStill(List.of(runs, unknown))).contains(Set.of());
        assertThat(source.standingStill(List.of(unknown))).isEmpty();
    }

    private static final class Deaf implements HypervisorListener {
        @Override
        public void domainChanged(UUID domain, DomainEvent event) {}

        @Override
        public void connected() {}

        @Override
        public void disconnected(String reason) {}
    }

    private static StatsUnavailableException failure(LibvirtStatsSource source) {
        return catchThrowableOfType(
                StatsUnavailableException.class, () -> source.sample(List.of(ID), Set.of(Group.STATE), false));
    }
}
