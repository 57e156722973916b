package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SamplerCoreTest {
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private static SimulatedHost host(int guests) {
        return new SimulatedHost(SamplingConfig.DEFAULT, guests);
    }

    @Test
    void aHundredGuestsAreOneCallOnTwoCpus() {
        SimulatedHost host = host(100);
        host.run(Duration.ofSeconds(59));
        assertThat(host.countCalls("REGULAR SHORT 100")).isEqualTo(12);
        assertThat(host.log).hasSize(16);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGuestThatWasBusyForAMomentIsAskedAgainInTheSameCycle(boolean othersAreBeingStarted) {
        SimulatedHost host = host(3);
        host.starting = othersAreBeingStarted;
        host.run(Duration.ofSeconds(19));
        host.guest(2).holder = "a hot plug";
        host.guest(2).occupiedSince = host.now;
        host.run(Duration.ofMillis(1300));
        host.guest(2).holder = null;
        host.run(Duration.ofSeconds(1));
        assertThat(host.age(2, Group.BALLOON)).isLessThan(Duration.ofSeconds(1));
        assertThat(host.listener.of("frozen")).isEmpty();
    }

    @Test
    void aGuestThatSomebodyElsesCallHangsOnIsFrozenToo() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(19));
        host.guest(2).holder = "somebody else's call";
        host.guest(2).occupiedSince = host.now;
        host.run(Duration.ofSeconds(10));
        assertThat(host.listener.domains("frozen")).containsExactly(host.guest(2).id);
        assertThat(host.core.state().stuckCalls()).isZero();
        host.guest(2).holder = null;
        host.run(INTERVAL.plusMillis(500));
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(2).id);
    }

    @Test
    void whatHoldsTheLockOfADomainIsNotAskedForAnything() {
        SimulatedHost host = host(5);
        host.run(Duration.ofSeconds(9));
        host.guest(3).locked = true;
        host.run(Duration.ofSeconds(30));
        assertThat(host.stats(3).frozen().orElseThrow().reason()).isEqualTo(ControlState.Kind.NO_ANSWER);
        assertThat(host.mostStuck).isEqualTo(1);
        assertThat(host.countCalls("SAFE")).isZero();
        assertThat(host.age(1, Group.CPU_TOTAL)).isLessThanOrEqualTo(INTERVAL.plusMillis(600));
    }

    @Test
    void callsOfTheOldConnectionDoNotCountAndFrozenGuestsStayApart() {
        SimulatedHost host = host(20);
        host.freeze(4);
        host.run(Duration.ofSeconds(16));
        host.reconnect(); // the old call has not even returned
        host.run(Duration.ofMillis(10));
        assertThat(host.core.state().stuckCalls()).isZero();
        host.watch(
                host.ids().stream().filter(id -> !id.equals(host.guest(4).id)).toList());
        host.run(Duration.ofMinutes(1));
        assertThat(host.worstAge(Tier.SHORT))
                .isLessThanOrEqualTo(INTERVAL.multipliedBy(3).dividedBy(2));
        assertThat(host.listener.of("frozen")).hasSize(1);
    }

    @Test
    void aSilentDaemonBlamesNobodyAndIsNotAskedMoreAndMore() {
        SimulatedHost host = host(20);
        host.run(Duration.ofSeconds(16));
        int before = host.log.size();
        host.stalled = true;
        host.run(Duration.ofMinutes(1));
        assertThat(host.listener.of("frozen")).isEmpty();
        assertThat(host.log.size() - before).isLessThanOrEqualTo(2);
        host.stalled = false;
        host.run(Duration.ofSeconds(6));
        assertThat(host.age(3, Group.BALLOON))
                .isLessThan(INTERVAL.multipliedBy(3).dividedBy(2));
    }

    @Test
    void aSampleOfAnEarlierLifeDoesNotReachTheGuest() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMillis(1));
        host.table.remove(host.guest(1).id);
        host.table.add(host.guest(1).id, host.now);
        host.run(Duration.ofMillis(100));
        assertThat(host.stats(0).cpu()).isPresent();
        assertThat(host.stats(1).cpu()).isEmpty();
    }

    @Test
    void newGuestsAreSampledAtTheNextTickInOneCall() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMillis(15_500));
        int before = host.log.size();
        for (int i = 0; i < 50; i++) {
            host.started();
        }
        host.run(Duration.ofMillis(1500));
        assertThat(host.age(52, Group.CPU_TOTAL)).isLessThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(host.age(52, Group.BLOCK)).isLessThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(host.log.subList(before, host.log.size())).containsExactly("REGULAR SHORT 50", "REGULAR BLOCK 50");
    }

    @Test
    void whileGuestsAreBeingStartedNewOnesWaitForTheNextCycle() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMillis(15_500));
        int before = host.log.size();
        host.starting = true;
        host.started();
        host.run(Duration.ofSeconds(4));
        assertThat(host.log.subList(before, host.log.size())).isEmpty();
        host.run(Duration.ofMillis(1500)); // at 20 s
        assertThat(host.log.subList(before, host.log.size()))
                .as("its disks after an interval, though others are still being started")
                .containsExactly("REGULAR SHORT 4", "REGULAR BLOCK 1");
    }

    @Test
    void newGuestsAreSampledAsSoonAsTheOthersAreStarted() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMillis(15_500));
        int before = host.log.size();
        host.starting = true;
        host.started();
        host.started();
        host.run(Duration.ofSeconds(2));
        host.starting = false;
        host.run(Duration.ofSeconds(1));
        assertThat(host.log.subList(before, host.log.size())).containsExactly("REGULAR SHORT 2", "REGULAR BLOCK 2");
    }

    /** It is another one by then, and is sampled once. */
    @Test
    void aNewGuestThatIsRemovedAndAddedAgainWhileItWaitsIsSampledOnce() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMillis(15_500));
        int before = host.log.size();
        host.starting = true;
        host.started();
        UUID id = host.guest(3).id;
        host.run(Duration.ofSeconds(1));
        host.table.remove(id); // of which the sampler is not told
        host.run(Duration.ofMillis(200));
        host.startedAgain(id);
        host.run(Duration.ofMillis(200));
        host.starting = false;
        host.run(Duration.ofSeconds(1));
        assertThat(host.log.subList(before, host.log.size())).containsExactly("REGULAR SHORT 1", "REGULAR BLOCK 1");
        assertThat(host.age(3, Group.CPU_TOTAL)).isLessThanOrEqualTo(Duration.ofSeconds(1));
    }

    /** Each look whether others are still being started is a step, and there is one a tick at most. */
    @Test
    void newGuestsThatWaitCostAStepATick() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMillis(15_500));
        host.starting = true;
        int before = host.steps;
        host.run(Duration.ofSeconds(3));
        int alone = host.steps - before;
        host.run(Duration.ofSeconds(2));

        for (int i = 0; i < 20; i++) {
            host.started();
        }
        int waiting = host.steps;
        host.run(Duration.ofSeconds(3));

        int ticks = 3 * 2 * Tier.values().length; // of half a second
        assertThat(host.steps - waiting).isLessThanOrEqualTo(alone + ticks + 20);
    }

    /** Whoever is back is not new: nobody waits for its values because others are being started. */
    @Test
    void aGuestThatThawsIsSampledThoughOthersAreBeingStarted() {
        SimulatedHost host = host(20);
        host.run(Duration.ofSeconds(16));
        host.freeze(4);
        host.run(Duration.ofSeconds(20));
        host.starting = true;
        host.thaw(4);
        host.run(Duration.ofSeconds(2));
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(4).id);
        assertThat(host.age(4, Group.BALLOON)).isLessThanOrEqualTo(Duration.ofSeconds(2));
        assertThat(host.age(4, Group.BLOCK)).isLessThanOrEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void newIntervalsApplyAtOnce() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(16));
        int before = host.log.size();
        host.reconfigure(new SamplingConfig(
                Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(15)));
        host.run(Duration.ofSeconds(10));
        assertThat(host.log.size() - before).isBetween(13, 16);
    }

    @Test
    void aShorterLimitOfSilenceDoesNotJudgeWhatWasTakenAtTheOldPace() {
        SimulatedHost host = new SimulatedHost(
                new SamplingConfig(
                        Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(3), Duration.ofSeconds(60)),
                3);
        host.run(Duration.ofSeconds(29));
        host.reconfigure(SamplingConfig.DEFAULT);
        host.run(Duration.ofSeconds(1));
        host.freeze(2);
        host.run(Duration.ofSeconds(13));
        assertThat(host.listener.of("unresponsive")).isEmpty();
        host.run(Duration.ofSeconds(2)); // whoever is silent from now on is told of by the new limit
        assertThat(host.listener.domains("unresponsive")).containsExactly(host.guest(2).id);
    }

    @Test
    void aReloadThatChangesNoLimitForgivesNoSilence() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(16));
        host.freeze(2);
        host.run(Duration.ofSeconds(14));
        host.reconfigure(SamplingConfig.DEFAULT);
        host.run(Duration.ofSeconds(2));
        assertThat(host.listener.domains("unresponsive")).containsExactly(host.guest(2).id);
    }

    @Test
    void aListenerThatThrowsHarmsNobody() {
        SimulatedHost host = host(3);
        host.listener.broken = true;
        host.freeze(1);
        host.run(Duration.ofSeconds(12));
        assertThat(host.age(0, Group.CPU_TOTAL)).isLessThan(INTERVAL);
    }

    @Test
    void theCallThatAFrozenGuestKeptTellsAtOnceThatItIsBack() {
        SimulatedHost host = host(20);
        host.freeze(4);
        host.run(Duration.ofSeconds(21));
        host.thaw(4);
        host.run(Duration.ofMillis(300)); // long before the next look at frozen guests
        assertThat(host.listener.of("thawed")).hasSize(1);
        assertThat(host.age(4, Group.CPU_TOTAL)).isLessThan(Duration.ofMillis(300));
        host.run(Duration.ofMillis(700));
        assertThat(host.age(4, Group.BLOCK)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void guestsThatThawTogetherDoNotHideOneAnother() {
        for (int offset = 0; offset < 5000; offset += 130) {
            SimulatedHost host = host(20);
            host.freeze(1, 5, 9, 13, 17);
            host.run(Duration.ofMillis(21_000 + offset));
            assertThat(host.core.state().frozen()).hasSize(5);
            host.thaw(1, 5, 9, 13, 17);
            host.run(Duration.ofMillis(700));
            assertThat(host.listener.of("thawed")).as("after " + offset).hasSize(5);
        }
    }

    @Test
    void aGuestThatIsBackButBusyIsProbedAgainSoon() {
        SimulatedHost host = host(20);
        host.freeze(4);
        host.run(Duration.ofSeconds(21));
        host.thaw(4);
        host.run(Duration.ofMillis(5)); // its call goes on to the others
        host.guest(4).holder = "a hot plug";
        host.guest(4).occupiedSince = host.now;
        host.run(Duration.ofMillis(150));
        assertThat(host.countCalls("PROBE")).isPositive();
        assertThat(host.listener.of("thawed")).isEmpty();
        host.guest(4).holder = null;
        host.run(Duration.ofMillis(200));
        assertThat(host.listener.of("thawed")).hasSize(1);
    }

    @Test
    void shardsOfBothTiersDoNotBreakEachOtherUp() {
        SimulatedHost host = host(300);
        host.run(Duration.ofSeconds(4));
        assertThat(host.log)
                .containsExactly(
                        "REGULAR SHORT 100",
                        "REGULAR SHORT 100",
                        "REGULAR SHORT 100",
                        "REGULAR BLOCK 100",
                        "REGULAR BLOCK 100",
                        "REGULAR BLOCK 100");
    }

    @Test
    void anOutageIsNoWindowForRates() {
        SimulatedHost host = host(2);
        host.run(Duration.ofSeconds(16));
        host.disconnect();
        host.run(Duration.ofSeconds(7));
        host.reconnect();
        host.run(Duration.ofMillis(200));
        assertThat(host.stats(1).cpu().orElseThrow().userPercent()).isEmpty();
        host.run(INTERVAL);
        assertThat(host.stats(1).cpu().orElseThrow().userPercent()).isPresent();
    }

    @Test
    void suspectsAreNotAskedWithoutAConnection() {
        SimulatedHost host = host(20);
        host.run(Duration.ofSeconds(9));
        host.freeze(4);
        host.run(Duration.ofMillis(1280)); // its call is late, and the others are being asked again
        assertThat(host.core.state().suspects()).isPositive();
        int before = host.log.size();
        host.disconnect();
        host.run(Duration.ofMinutes(1));
        assertThat(host.core.state().suspects()).isZero();
        assertThat(host.log.size() - before).isLessThan(60);
    }

    @Test
    void aCallOfTheOldConnectionThatFailsAtLastSaysNothingAboutTheNewOne() {
        SimulatedHost host = host(20);
        host.freeze(4);
        host.run(Duration.ofSeconds(16));
        SimulatedHost.Running old = host.calls.get(0);
        host.reconnect();
        host.run(Duration.ofSeconds(1));
        old.fail();
        host.run(Duration.ofSeconds(3)); // no call before the next cycle
        assertThat(host.core.state().connected()).isTrue();
    }

    @Test
    void theLastOfTheBudgetIsSpentOnCanariesThatGrow() {
        SimulatedHost host = host(100);
        host.budget = 2;
        host.run(Duration.ofSeconds(19));
        host.freeze(60);
        host.watch(
                host.ids().stream().filter(id -> !id.equals(host.guest(60).id)).toList());
        host.run(Duration.ofSeconds(60));
        assertThat(host.countCalls("SUSPECT")).isEqualTo(8); // 1 + 2 + 4 + 8 + 16 + 25 + 25 + 18
        assertThat(host.mostStuck).isEqualTo(1);
        assertThat(host.worstAge(Tier.SHORT))
                .isLessThanOrEqualTo(INTERVAL.multipliedBy(3).dividedBy(2));
    }

    @Test
    void aFrozenGuestThatIsDestroyedIsForgottenBeforeTheNextCycle() {
        SimulatedHost host = host(20);
        host.freeze(4, 5);
        host.run(Duration.ofSeconds(21));
        host.destroy(4, Duration.ofSeconds(11));
        host.run(Duration.ofSeconds(3));
        assertThat(host.core.state().frozen()).hasSize(1);
        assertThat(host.listener.of("thawed")).isEmpty();
        host.run(Duration.ofSeconds(11));
        assertThat(host.core.state().stuckCalls()).isEqualTo(1);
        assertThat(host.age(5, Group.STATE)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
    }

    @Test
    void whereCpuTimesComeFromIsFoundOutOnceAndAgainWithEveryNewConnection() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMinutes(5));
        assertThat(host.countAside("CPU_ACCOUNT")).isEqualTo(1);
        assertThat(host.listener.of("cpuAccount")).hasSize(1);
        assertThat(host.core.state().cpuAccount().orElseThrow().source()).isEqualTo(CpuAccount.Source.PROC);
        host.disconnect();
        host.reconnect();
        host.run(Duration.ofSeconds(6));
        assertThat(host.countAside("CPU_ACCOUNT")).isEqualTo(2);
        assertThat(host.listener.of("cpuAccount")).hasSize(1);
    }

    @Test
    void cyclesThatOutrunTheirIntervalComeLessOftenAndNeverOverlap() {
        SimulatedHost host = host(60);
        host.costPerGuest = 110 * SimulatedHost.MS; // a call for all takes 6.6 s
        host.run(Duration.ofSeconds(20));
        int before = host.listener.of("cycle SHORT").size();
        host.run(Duration.ofMinutes(5));
        assertThat(host.mostRegular).isEqualTo(1);
        SamplerState.Cycle last = host.core.state().lastCycles().get(Tier.SHORT);
        assertThat(last.missed()).isPositive();
        assertThat(host.listener.of("cycle SHORT").size() - before)
                .as("every other one")
                .isBetween(28, 31);
        assertThat(host.listener.of("frozen")).isEmpty();
        host.costPerGuest = SimulatedHost.MS;
        host.run(Duration.ofMinutes(1));
        assertThat(host.core.state().lastCycles().get(Tier.SHORT).missed()).isZero();
    }

    @Test
    void aDaemonWhoseWorkersAreUsedUpIsSaturatedAndNobodyIsToBlame() {
        SimulatedHost host = host(20);
        host.run(Duration.ofSeconds(16));
        host.saturated = true;
        host.run(Duration.ofSeconds(30));
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.SATURATED);
        assertThat(host.listener.of("frozen")).isEmpty();
        assertThat(host.core.state().stuckCalls()).isLessThanOrEqualTo(host.budget);
        host.saturated = false;
        host.run(INTERVAL.multipliedBy(2));
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.OK);
        assertThat(host.age(3, Group.BALLOON)).isLessThan(INTERVAL);
    }

    @Test
    void callsThatFindNoConnectionFreeAreSaturationToo() {
        SimulatedHost host = host(20);
        host.run(Duration.ofSeconds(16));
        host.noCallFree = true;
        host.run(INTERVAL);
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.SATURATED);
        host.noCallFree = false;
        host.run(INTERVAL);
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.OK);
    }

    @Test
    void aStoppedEmulatorThatACallAboutDisksMetFirstIsFrozenAfterAll() {
        SimulatedHost host = host(5);
        host.run(Duration.ofSeconds(29).plusMillis(900));
        for (int i = 0;
                i < 500
                        && host.log.stream()
                                        .filter(l -> l.startsWith("REGULAR BLOCK"))
                                        .count()
                                < 3;
                i++) {
            host.run(Duration.ofMillis(1));
        }
        host.freeze(4); // in the middle of the call about disks
        host.run(Duration.ofSeconds(1));
        assertThat(host.stats(4).frozen().orElseThrow().cause()).isEqualTo(GuestStats.Cause.STORAGE);
        host.guest(4).stopped = true;
        host.run(INTERVAL.multipliedBy(2));
        assertThat(host.stats(4).frozen().orElseThrow().cause()).isEqualTo(GuestStats.Cause.MONITOR);
        host.guest(4).stopped = false; // goes on, and meets the disk
        host.run(INTERVAL.multipliedBy(2));
        assertThat(host.listener.of("frozen").stream().map(RecordingListener.Told::detail))
                .containsExactly("STORAGE", "MONITOR", "STORAGE");
    }

    @Test
    void aGuestThatComesWhileTheListIsReadIsNotTakenForGone() {
        SimulatedHost host = host(1);
        UUID late = new UUID(9, 9);
        GuestTable table = new GuestTable();
        table.retain(host.ids(), id -> false, 100);
        table.add(late, 150); // by another thread, after the list was made
        table.retain(host.ids(), id -> false, 120);
        assertThat(table.latest(late)).isPresent();
        table.retain(host.ids(), id -> false, 200);
        assertThat(table.latest(late)).isEmpty();
    }
}
