package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class SamplerCoreTest {
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private static SimulatedHost host(int guests) {
        return new SimulatedHost(SamplingConfig.DEFAULT, guests);
    }

    /** C-T1. */
    @Test
    void oneBulkCallAPeriodAndTier() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(59));

        assertThat(host.countCalls("REGULAR SHORT 3")).isEqualTo(12);
        assertThat(host.countCalls("REGULAR BLOCK 3")).isEqualTo(4);
        assertThat(host.log).hasSize(16);
        assertThat(host.listener.of("cycle SHORT"))
                .hasSize(12)
                .allMatch(t -> t.detail().equals("1 calls, 0 late"));
    }

    @Test
    void aHundredGuestsAreOneCallOnTwoCpus() {
        SimulatedHost host = host(100);
        host.run(Duration.ofSeconds(59));
        assertThat(host.countCalls("REGULAR SHORT 100")).isEqualTo(12);
        assertThat(host.log).hasSize(16);
    }

    /** C-T2. */
    @Test
    void aCallThatNeverReturnsIsReplacedInTheSamePeriodAndItsLateDataOverwritesNothing() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(9));
        host.freeze(1);
        host.run(Duration.ofSeconds(2));

        long cycleStart = host.now - Duration.ofSeconds(1).toNanos();
        assertThat(host.stats(0).takenAtNanos(Group.CPU_TOTAL).orElseThrow()).isGreaterThanOrEqualTo(cycleStart);
        assertThat(host.stats(2).takenAtNanos(Group.CPU_TOTAL).orElseThrow()).isGreaterThanOrEqualTo(cycleStart);
        assertThat(host.listener.of("frozen")).hasSize(1);

        host.run(Duration.ofSeconds(10));
        OptionalLong newer = host.stats(0).takenAtNanos(Group.CPU_TOTAL);
        host.thaw(1);
        host.run(Duration.ofMillis(100));
        assertThat(host.calls).isEmpty();
        assertThat(host.stats(0).takenAtNanos(Group.CPU_TOTAL)).isEqualTo(newer);
    }

    /** C-T3. */
    @Test
    void aGuestThatIsBackIsSampledWithinOneInterval() {
        SimulatedHost host = host(3);
        host.freeze(1);
        host.run(Duration.ofSeconds(20));
        assertThat(host.stats(1).cpu()).isEmpty();
        host.thaw(1);
        host.run(INTERVAL);
        assertThat(host.age(1, Group.CPU_TOTAL)).isLessThanOrEqualTo(INTERVAL);
        assertThat(host.listener.of("thawed")).hasSize(1);
        host.run(Duration.ofSeconds(15));
        assertThat(host.age(1, Group.BLOCK)).isLessThanOrEqualTo(Duration.ofSeconds(15));
    }

    /** C-T4. */
    @Test
    void aBusyGuestsMissingValuesGrowOldWhileTheOthersAreNew() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(16));
        GuestStats before = host.stats(2);
        host.guest(2).holder = "somebody else's call";
        host.guest(2).occupiedSince = host.now;
        host.run(Duration.ofMillis(2900)); // less than the timeout: it is not hung
        host.run(Duration.ofSeconds(15));

        GuestStats after = host.stats(2);
        assertThat(after.block()).isEqualTo(before.block());
        assertThat(after.memory()).isEqualTo(before.memory());
        assertThat(host.age(2, Group.BLOCK)).isGreaterThan(Duration.ofSeconds(15));
        assertThat(host.age(2, Group.INTERFACE)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
    }

    @Test
    void aGuestThatWasBusyForAMomentIsAskedAgainInTheSameCycle() {
        SimulatedHost host = host(3);
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

    /** C-T6. */
    @Test
    void aGuestWhoseDiskHangsKeepsOneCallAndItsStateStaysFresh() {
        SimulatedHost host = host(5);
        host.guest(3).diskHung = true;
        host.run(Duration.ofMinutes(1));
        assertThat(host.mostStuck).isEqualTo(1);
        assertThat(host.age(3, Group.STATE)).isLessThanOrEqualTo(INTERVAL.plusMillis(50));
        assertThat(host.age(3, Group.INTERFACE)).isLessThanOrEqualTo(INTERVAL.plusMillis(50));
        assertThat(host.age(2, Group.BLOCK)).isLessThanOrEqualTo(Duration.ofSeconds(16));
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

    /** C-T8. */
    @Test
    void ratesOfVcpusStartAnewAfterHotplug() {
        SimulatedHost host = host(1);
        host.guest(0).vcpus = 4;
        host.run(Duration.ofSeconds(11));
        assertThat(busy(host)).hasSize(4).allMatch(b -> Math.abs(b - 25) < 1);
        host.guest(0).vcpus = 6;
        host.run(INTERVAL);
        assertThat(busy(host)).isEmpty();
        host.run(INTERVAL);
        assertThat(busy(host)).hasSize(6).allMatch(b -> Math.abs(b - 25) < 1);
        host.guest(0).vcpus = 2;
        host.run(INTERVAL.multipliedBy(2));
        assertThat(busy(host)).hasSize(2);
    }

    private static List<Double> busy(SimulatedHost host) {
        return host.stats(0).vcpus().orElseThrow().vcpus().stream()
                .filter(v -> v.busyPercent().isPresent())
                .map(v -> v.busyPercent().getAsDouble())
                .toList();
    }

    /** C-T9. */
    @Test
    void aRestartOfTheDaemonBlamesNobodyAndRatesResumeAfterTwoSamples() {
        SimulatedHost host = host(20);
        host.run(Duration.ofSeconds(16));
        host.disconnect();
        host.run(Duration.ofMinutes(1));
        assertThat(host.core.state().connected()).isFalse();
        assertThat(host.listener.of("frozen")).isEmpty();
        assertThat(host.listener.of("unresponsive")).isEmpty();
        host.guests.values().forEach(g -> g.bornAt = host.now); // as if all counters had started anew
        host.reconnect();
        host.run(Duration.ofMillis(200));
        assertThat(host.core.state().connected()).isTrue();
        assertThat(host.age(7, Group.CPU_TOTAL)).isLessThan(Duration.ofSeconds(1));
        assertThat(host.stats(7).cpu().orElseThrow().userPercent()).isEmpty();
        assertThat(host.stats(7).network().orElseThrow().nics().get(0).rxBytesPerSecond())
                .isEmpty();
        host.run(INTERVAL);
        assertThat(host.stats(7).cpu().orElseThrow().userPercent().orElseThrow())
                .isCloseTo(40, within(1.0));
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

    /** C-T10. */
    @Test
    void aGuestRemovedWhileItsSampleIsUnderWayStaysRemoved() {
        SimulatedHost host = host(3);
        host.run(Duration.ofMillis(1)); // the first call is under way
        UUID gone = host.guest(1).id;
        host.guest(1).running = false;
        host.table.remove(gone);
        host.run(Duration.ofSeconds(4));
        assertThat(host.table.latest(gone)).isEmpty();

        host.guest(1).running = true;
        host.table.add(gone, host.now);
        assertThat(host.table.latest(gone).orElseThrow().cpu()).isEmpty();
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
    void sizesThatTheRecordLacksComeFromBlockInfoTwoAtATime() {
        SimulatedHost host = host(6);
        host.guest(1).lacksSizes = true;
        host.guest(2).lacksSizes = true;
        host.guest(3).lacksSizes = true;
        host.run(Duration.ofSeconds(1));
        assertThat(host.countCalls("BLOCK_INFO")).isEqualTo(3);
        DomainSample.Disk disk =
                host.stats(2).block().orElseThrow().disks().get(0).sample();
        assertThat(disk.physicalBytes()).hasValue(1 << 21);
        host.run(Duration.ofSeconds(15));
        assertThat(host.countCalls("BLOCK_INFO")).isEqualTo(6);
        assertThat(host.stats(2).block().orElseThrow().disks().get(0).sample().physicalBytes())
                .hasValue(1 << 21);
    }

    @Test
    void newIntervalsApplyAtOnce() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(16));
        int before = host.log.size();
        host.core.reconfigure(
                new SamplingConfig(
                        Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(15)),
                host.now);
        host.run(Duration.ofSeconds(10));
        assertThat(host.log.size() - before).isBetween(13, 16);
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
}
