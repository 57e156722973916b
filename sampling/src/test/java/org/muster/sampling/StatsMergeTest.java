package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class StatsMergeTest {
    private static final long SECOND = 1_000_000_000;
    private static final UUID ID = new UUID(1, 1);
    private static final Set<Group> ALL = Set.of(Group.values());

    private static GuestStats merge(DomainSample... samples) {
        GuestStats stats = GuestStats.unknown(ID);
        for (DomainSample sample : samples) {
            stats = merge(stats, sample, ALL, 0, 0);
        }
        return stats;
    }

    private static DomainSample cpu(long takenAt, long time, long user, long system) {
        return sample(
                takenAt,
                OptionalLong.of(time),
                OptionalLong.of(user),
                OptionalLong.of(system),
                List.of(),
                List.of(),
                Samplings.balloon(true));
    }

    private static DomainSample nics(long takenAt, DomainSample.Nic... nics) {
        OptionalLong none = OptionalLong.empty();
        return sample(takenAt, none, none, none, List.of(nics), List.of(), Samplings.balloon(true));
    }

    private static DomainSample disks(long takenAt, DomainSample.Disk... disks) {
        OptionalLong none = OptionalLong.empty();
        return sample(takenAt, none, none, none, List.of(), List.of(disks), Samplings.balloon(true));
    }

    private static DomainSample sample(
            long takenAt,
            OptionalLong time,
            OptionalLong user,
            OptionalLong system,
            List<DomainSample.Nic> nics,
            List<DomainSample.Disk> disks,
            DomainSample.Balloon balloon) {
        return new DomainSample(
                ID,
                takenAt,
                OptionalInt.of(1),
                time,
                user,
                system,
                OptionalInt.empty(),
                List.of(),
                balloon,
                nics,
                disks);
    }

    private static DomainSample.Disk disk(String path, long requests, long bytes, long nanos) {
        return new DomainSample.Disk(
                "vda",
                path,
                Optional.of(
                        new DomainSample.DiskCounters(requests, bytes, nanos, requests, 2 * bytes, 3 * nanos, 0, 0)),
                OptionalLong.of(1),
                OptionalLong.of(2),
                OptionalLong.of(3));
    }

    private static GuestStats merge(
            GuestStats old, DomainSample sample, Set<Group> asked, long callNanos, long baselineNanos) {
        boolean complete = Monitor.complete(old, sample, asked, false);
        return StatsMerge.merge(old, sample, asked, complete, callNanos, baselineNanos);
    }

    @Test
    void cpuIsSharedBetweenGuestAndEmulatorAsTheEngineExpects() {
        GuestStats stats = merge(cpu(0, 0, 0, 0), cpu(2 * SECOND, 3 * SECOND, SECOND / 4, SECOND / 4));
        GuestStats.Cpu cpu = stats.cpu().orElseThrow();
        assertThat(cpu.userPercent().orElseThrow()).isCloseTo(125, within(0.01));
        assertThat(cpu.systemPercent().orElseThrow()).isCloseTo(25, within(0.01));
    }

    @Test
    void theGuestsShareIsNeverNegative() {
        GuestStats stats = merge(cpu(0, 0, 0, 0), cpu(SECOND, SECOND / 10, SECOND / 10, SECOND / 10));
        assertThat(stats.cpu().orElseThrow().userPercent()).hasValue(0);
    }

    @Test
    void oneSampleHasNoRates() {
        assertThat(merge(cpu(0, 5, 1, 1)).cpu().orElseThrow().userPercent()).isEmpty();
        assertThat(merge(nics(0, Samplings.nic("vnet0", 5)))
                        .network()
                        .orElseThrow()
                        .nics()
                        .get(0)
                        .rxBytesPerSecond())
                .isEmpty();
    }

    @Test
    void aCounterThatWentBackHasNoRateOnce() {
        DomainSample restarted = cpu(2 * SECOND, 10, 0, 0);
        GuestStats stats = merge(cpu(0, SECOND, 5, 5), restarted);
        assertThat(stats.cpu().orElseThrow().userPercent()).isEmpty();
        assertThat(stats.cpu().orElseThrow().systemPercent()).isEmpty();
        GuestStats next = merge(stats, cpu(3 * SECOND, SECOND / 2, 0, 0), ALL, 0, 0);
        assertThat(next.cpu().orElseThrow().userPercent().orElseThrow()).isCloseTo(50, within(0.01));
    }

    @Test
    void networkRatesBelongToTheInterfaceOfThatName() {
        GuestStats stats = merge(
                nics(0, Samplings.nic("vnet0", 1000), Samplings.nic("vnet1", 9000)),
                nics(2 * SECOND, Samplings.nic("vnet1", 9400), Samplings.nic("vnet7", 5)));
        List<GuestStats.Nic> nics = stats.network().orElseThrow().nics();
        assertThat(nics.get(0).rxBytesPerSecond()).hasValue(200);
        assertThat(nics.get(1).rxBytesPerSecond()).isEqualTo(OptionalDouble.empty());
    }

    @Test
    void aNicWhoseCountersStartedAnewHasNoRates() {
        DomainSample.Nic again = new DomainSample.Nic("vnet0", 5000, 0, 0, 0, 10, 0, 0, 0);
        GuestStats stats = merge(nics(0, Samplings.nic("vnet0", 1000)), nics(2 * SECOND, again));
        assertThat(stats.network().orElseThrow().nics().get(0).rxBytesPerSecond())
                .isEmpty();
    }

    @Test
    void diskRatesAndLatenciesAreThoseOfTheWindow() {
        GuestStats stats = merge(disks(0, disk("/a", 10, 100, 1000)), disks(2 * SECOND, disk("/a", 14, 300, 9000)));
        GuestStats.Disk disk = stats.block().orElseThrow().disks().get(0);
        assertThat(disk.readBytesPerSecond()).hasValue(100);
        assertThat(disk.writeBytesPerSecond()).hasValue(200);
        assertThat(disk.readLatencyNanos()).hasValue(2000);
        assertThat(disk.writeLatencyNanos()).hasValue(6000);
        assertThat(disk.flushLatencyNanos()).isEmpty();
    }

    @Test
    void anotherDiskInTheSamePlaceHasNoRates() {
        GuestStats stats = merge(disks(0, disk("/a", 10, 100, 1000)), disks(2 * SECOND, disk("/b", 14, 300, 9000)));
        assertThat(stats.block().orElseThrow().disks().get(0).readBytesPerSecond())
                .isEmpty();
    }

    @Test
    void anOlderSampleOverwritesNothing() {
        GuestStats newer = merge(cpu(0, 0, 0, 0), cpu(5 * SECOND, SECOND, 0, 0));
        assertThat(merge(newer, cpu(2 * SECOND, 7, 7, 7), ALL, 60 * SECOND, 0)).isEqualTo(newer);
    }

    @Test
    void twoSamplesInOneMomentCountAsOne() {
        GuestStats first = merge(cpu(0, 0, 0, 0), cpu(5 * SECOND, SECOND, 0, 0));
        GuestStats second = merge(first, cpu(5 * SECOND + 1_000_000, 2 * SECOND, 0, 0), ALL, 0, 0);
        assertThat(second.cpu()).isEqualTo(first.cpu());
    }

    @Test
    void aSampleThatWasLongUnderWayHasNoRates() {
        GuestStats stats = merge(cpu(0, 0, 0, 0));
        GuestStats late = merge(stats, cpu(5 * SECOND, 60 * SECOND, 0, 0), ALL, 60 * SECOND, 0);
        assertThat(late.cpu().orElseThrow().timeNanos()).isEqualTo(60 * SECOND);
        assertThat(late.cpu().orElseThrow().userPercent()).isEmpty();
    }

    @Test
    void whatWasNotAskedForStaysAndGrowsOld() {
        GuestStats stats = merge(cpu(0, 5, 1, 1));
        GuestStats later = merge(stats, cpu(SECOND, 9, 9, 9), Set.of(Group.STATE, Group.INTERFACE), 0, 0);
        assertThat(later.cpu()).isEqualTo(stats.cpu());
        assertThat(later.ageNanos(3 * SECOND, Group.CPU_TOTAL)).hasValue(3 * SECOND);
        assertThat(later.ageNanos(3 * SECOND, Group.STATE)).hasValue(2 * SECOND);
        assertThat(later.ageNanos(3 * SECOND, Group.VCPU)).isEmpty();
        assertThat(later.monitorAgeNanos(3 * SECOND)).hasValue(3 * SECOND);
    }

    @Test
    void aBusyGuestKeepsWhatItTellsNoMoreAndIsNotTakenToHaveAnswered() {
        GuestStats stats = merge(Samplings.full(new SimulatedHost.SimulatedGuest(ID, 0), SECOND, SECOND, ALL));
        GuestStats later = merge(stats, Samplings.busy(ID, 3 * SECOND, ALL, 3 * SECOND), ALL, 0, 0);
        assertThat(later.block()).isEqualTo(stats.block());
        assertThat(later.memory()).isEqualTo(stats.memory());
        assertThat(later.cpu().orElseThrow().takenAtNanos()).isEqualTo(3 * SECOND);
        assertThat(later.monitorTakenAtNanos()).hasValue(SECOND);
    }

    @Test
    void ratesResumeAfterTwoSamplesOfTheNewConnection() {
        GuestStats stats = merge(cpu(0, 0, 0, 0), cpu(SECOND, SECOND, 0, 0));
        GuestStats first = merge(stats, cpu(4 * SECOND, 2 * SECOND, 0, 0), ALL, 0, 3 * SECOND);
        assertThat(first.cpu().orElseThrow().userPercent()).isEmpty();
        GuestStats second = merge(first, cpu(5 * SECOND, 3 * SECOND, 0, 0), ALL, 0, 3 * SECOND);
        assertThat(second.cpu().orElseThrow().userPercent().orElseThrow()).isCloseTo(100, within(0.01));
    }

    private static DomainSample wholeCpu(long takenAt, long time) {
        OptionalLong none = OptionalLong.empty();
        return sample(takenAt, OptionalLong.of(time), none, none, List.of(), List.of(), DomainSample.Balloon.UNKNOWN);
    }

    @Test
    void theCpuTimeOfAGuestThatIsLeftOutGoesOnWithoutItsParts() {
        GuestStats proc = merge(cpu(0, SECOND, SECOND * 3 / 4, SECOND / 4));
        GuestStats.Cpu later = merge(proc, wholeCpu(2 * SECOND, 2 * SECOND), Tier.NEVER_BLOCKS, 0, 0)
                .cpu()
                .orElseThrow();
        assertThat(later.timeNanos()).isEqualTo(2 * SECOND);
        assertThat(later.userPercent().orElseThrow() + later.systemPercent().orElseThrow())
                .isCloseTo(50, within(0.01));
        assertThat(later.userNanos().getAsLong() + later.systemNanos().getAsLong())
                .as("with this account the parts are the whole")
                .isEqualTo(2 * SECOND);

        GuestStats cgroup = merge(cpu(0, SECOND, SECOND / 10, SECOND / 10));
        GuestStats.Cpu other = merge(cgroup, wholeCpu(2 * SECOND, 2 * SECOND), Tier.NEVER_BLOCKS, 0, 0)
                .cpu()
                .orElseThrow();
        assertThat(other.userPercent().orElseThrow()).isCloseTo(50, within(0.01));
        assertThat(other.userNanos()).hasValue(SECOND / 10);
    }

    /** It is left out for five intervals; its emulator uses a tenth of a CPU all the time, and the guest four. */
    @Test
    void partsThatWereNotToldForLongAreNoRateOfOneInterval() {
        GuestStats stats = merge(halfBusy(0));
        for (int i = 1; i <= 5; i++) {
            stats = merge(stats, wholeCpu(i * SECOND, SECOND * 10 + i * SECOND / 2), Tier.NEVER_BLOCKS, 0, 0);
            assertThat(stats.cpu().orElseThrow().userPercent().orElseThrow()).isCloseTo(50, within(0.01));
        }
        GuestStats back = merge(stats, halfBusy(6), ALL, 0, 0);
        assertThat(back.cpu().orElseThrow().userNanos()).hasValue(SECOND + 6 * SECOND / 20);
        assertThat(back.cpu().orElseThrow().systemPercent()).isEmpty();
        assertThat(back.cpu().orElseThrow().userPercent()).isEmpty();
        GuestStats next = merge(back, halfBusy(7), ALL, 0, 0);
        assertThat(next.cpu().orElseThrow().systemPercent().orElseThrow()).isCloseTo(10, within(0.01));
        assertThat(next.cpu().orElseThrow().userPercent().orElseThrow()).isCloseTo(40, within(0.01));
    }

    private static DomainSample halfBusy(int second) {
        long part = SECOND + second * SECOND / 20;
        return cpu(second * SECOND, 10 * SECOND + second * SECOND / 2, part, part);
    }

    @Test
    void cpuTimeFromAnotherAccountDoesNotTakeTheCounterBack() {
        GuestStats stats = merge(cpu(0, 5 * SECOND, SECOND, SECOND));
        GuestStats later = merge(stats, wholeCpu(2 * SECOND, 4 * SECOND), Tier.NEVER_BLOCKS, 0, 0);
        assertThat(later.cpu()).isEqualTo(stats.cpu());
    }

    @Test
    void cpuTimeThatWasReadWithoutTheMonitorIsNoAnswerOfTheGuest() {
        GuestStats stats = merge(Samplings.full(new SimulatedHost.SimulatedGuest(ID, 0), SECOND, SECOND, ALL));
        GuestStats later = merge(stats, Samplings.withoutMonitor(ID, 9 * SECOND, 9 * SECOND), Tier.NEVER_BLOCKS, 0, 0);
        assertThat(later.takenAtNanos(Group.CPU_TOTAL)).hasValue(9 * SECOND);
        assertThat(later.monitorTakenAtNanos()).hasValue(SECOND);
    }

    @Test
    void aGuestDoesNotUseMoreThanItsVcpusHave() {
        GuestStats before = merge(vcpus(0, 0));
        GuestStats after = merge(before, vcpus(SECOND, 14 * SECOND / 10), ALL, SECOND / 2, 0);
        assertThat(after.cpu().orElseThrow().userPercent()).hasValue(100);
    }

    private static DomainSample vcpus(long takenAt, long time) {
        OptionalLong none = OptionalLong.of(0);
        return new DomainSample(
                ID,
                takenAt,
                OptionalInt.of(1),
                OptionalLong.of(time),
                none,
                none,
                OptionalInt.of(1),
                List.of(new DomainSample.Vcpu(0, 1, OptionalLong.of(time))),
                Samplings.balloon(true),
                List.of(),
                List.of());
    }

    /** Whatever is plugged, unplugged, restarted or read late: no rate is negative, and none more than the device can. */
    @Test
    void noRateIsEverNegativeOrAbsurd() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            GuestStats stats = GuestStats.unknown(ID);
            long now = 0;
            Plugged guest = new Plugged(random);
            for (int i = 0; i < 200; i++) {
                long step = 200_000_000 + random.nextLong(5 * SECOND);
                guest.live(step);
                now += step;
                long call = random.nextLong(SECOND);
                stats = merge(stats, guest.sample(now), ALL, call, 0);
                guest.check(stats, "seed " + seed + " step " + i);
                guest.change();
            }
        }
    }
}
