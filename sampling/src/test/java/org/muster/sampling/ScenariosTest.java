package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The scenarios C-T1 to C-T10 that sampling is specified by, in virtual time; each test is named after its own. The same on real
 * guests: FreezeQemuTest, HotplugQemuTest, OutageQemuTest and ThreadsQemuTest of the agent.
 */
final class ScenariosTest {
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private static SimulatedHost host(int guests) {
        return new SimulatedHost(SamplingConfig.DEFAULT, guests);
    }

    @Test
    void ct1ThreeGuestsAreOneBulkCallAPeriodAndTier() {
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
    void ct2ACallThatNeverReturnsIsReplacedInTheSamePeriodAndItsLateDataOverwritesNothing() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(9));
        host.freeze(1);
        host.run(Duration.ofSeconds(2));

        long cycleStart = host.now - Duration.ofSeconds(1).toNanos();
        for (int healthy : List.of(0, 2)) {
            assertThat(host.stats(healthy).takenAtNanos(Group.CPU_TOTAL).orElseThrow())
                    .isGreaterThanOrEqualTo(cycleStart);
        }
        assertThat(host.listener.domains("frozen")).containsExactly(host.guest(1).id);

        host.run(Duration.ofSeconds(10));
        GuestStats newer = host.stats(0);
        SimulatedHost.Running first = host.calls.get(0);
        assertThat(newer.takenAtNanos(Group.CPU_TOTAL).orElseThrow()).isGreaterThan(first.takenAt);
        host.thaw(1);
        host.run(Duration.ofMillis(100));
        assertThat(host.calls).isEmpty();
        assertThat(host.stats(0).cpu()).isEqualTo(newer.cpu());
        assertThat(host.stats(0).memory()).isEqualTo(newer.memory());
        assertThat(host.listener.domains("frozen")).hasSize(1);
    }

    @Test
    void ct3AGuestThatRecoversAt20SecondsIsSampledBy25() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(4));
        host.freeze(1);
        host.run(Duration.ofSeconds(16));
        assertThat(host.age(1, Group.BALLOON)).isGreaterThan(Duration.ofSeconds(15));
        host.thaw(1);
        host.run(INTERVAL);
        assertThat(host.age(1, Group.BALLOON)).isLessThanOrEqualTo(INTERVAL);
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(1).id);
        host.run(Duration.ofSeconds(15));
        assertThat(host.age(1, Group.BLOCK)).isLessThanOrEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void ct4WhatABusyGuestDoesNotTellGrowsOldAndIsNeverZero() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(16));
        GuestStats before = host.stats(2);
        host.guest(2).holder = "somebody else's call";
        host.guest(2).occupiedSince = host.now;
        host.run(Duration.ofMillis(2900)); // less than the timeout: it is not hung
        host.run(Duration.ofSeconds(15));

        GuestStats after = host.stats(2);
        assertThat(before.block()).isPresent();
        assertThat(after.block()).isEqualTo(before.block());
        assertThat(after.memory()).isEqualTo(before.memory());
        assertThat(host.age(2, Group.BLOCK)).isGreaterThan(Duration.ofSeconds(15));
        assertThat(host.age(2, Group.INTERFACE)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
        assertThat(host.age(2, Group.CPU_TOTAL)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
    }

    /** What a call per guest would take is reckoned: a round trip and the same work for each. */
    @Test
    void ct5FiveHundredGuestsTakeATenthOfASecondInBulkWithAsManyThreads() {
        SimulatedHost host = host(500);
        host.roundTrip = SimulatedHost.MS;
        host.costPerGuest = SimulatedHost.MS / 5;
        host.run(Duration.ofSeconds(8));

        Duration cycle =
                Duration.ofNanos(host.core.state().lastCycles().get(Tier.SHORT).durationNanos());
        Duration oneByOne = Duration.ofNanos(500 * (host.roundTrip + host.costPerGuest));
        assertThat(oneByOne).isEqualTo(Duration.ofMillis(600));
        assertThat(cycle).isBetween(Duration.ofMillis(100), Duration.ofMillis(110));
        assertThat(host.core.state().workers()).isEqualTo(host(0).core.state().workers());
    }

    @Test
    void ct6AGuestWhoseDiskNeverAnswersKeepsOneCallAndItsOtherValuesStayFresh() {
        SimulatedHost host = host(5);
        host.run(Duration.ofSeconds(16));
        host.guest(3).diskHung = true;
        host.run(Duration.ofSeconds(64));
        assertThat(host.mostStuck).isEqualTo(1);
        assertThat(host.stats(3).frozen().orElseThrow().cause()).isEqualTo(GuestStats.Cause.STORAGE);
        assertThat(host.age(3, Group.STATE)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
        assertThat(host.age(3, Group.INTERFACE)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
        assertThat(host.age(3, Group.CPU_TOTAL)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
        assertThat(host.stats(3).cpu().orElseThrow().userPercent().orElseThrow())
                .as("it runs on")
                .isCloseTo(40, within(1.0));
        assertThat(host.age(2, Group.BLOCK)).isLessThanOrEqualTo(Duration.ofSeconds(16));
        host.thaw(3);
        host.run(INTERVAL);
        assertThat(host.core.state().stuckCalls()).isZero();
        assertThat(host.stats(3).frozen()).isEmpty();
        host.run(Duration.ofSeconds(15));
        assertThat(host.age(3, Group.BLOCK)).isLessThanOrEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void ct7FortyOfAHundredFrozenAtOnceStayWithinTheBudgetOfEight() {
        Duration interval = Duration.ofSeconds(2);
        SamplingConfig config =
                new SamplingConfig(interval, interval.multipliedBy(2), Duration.ofSeconds(3), interval.multipliedBy(3));
        for (int seed = 0; seed < 50; seed++) {
            SimulatedHost host = new SimulatedHost(config, 100);
            host.kernel = SimulatedHost.Kernel.values()[seed % 3];
            host.costPerGuest = 7 * SimulatedHost.MS / 2;
            host.budget = 8;
            host.run(Duration.ofSeconds(40).plusMillis(97L * seed));
            int[] frozen = new Random(seed).ints(0, 100).distinct().limit(40).toArray();
            host.freeze(frozen);
            host.run(Duration.ofMinutes(1));

            String why = "seed " + seed + " " + host.kernel;
            assertThat(host.mostStuck).as(why).isBetween(7, 8);
            assertThat(host.calls).as(why + host.stuck()).hasSizeLessThanOrEqualTo(9); // one that never blocks
            assertThat(host.core.state().degraded()).as(why).isTrue();
            assertThat(host.core.state().health()).as(why).isEqualTo(SamplerState.Health.DEGRADED);
            assertThat(host.listener.of("degraded")).as(why).hasSize(1);
            for (int i = 0; i < 100; i++) {
                for (Group group : Tier.NEVER_BLOCKS) {
                    assertThat(host.age(i, group))
                            .as(why + " " + group)
                            .isLessThanOrEqualTo(interval.plusMillis(350)); // a call for all
                }
                boolean told = host.stats(i).memory().orElseThrow().takenAtNanos() <= host.now;
                assertThat(told).as(why).isTrue();
            }
            host.thaw(frozen);
            host.run(interval.multipliedBy(2));
            assertThat(host.core.state().degraded()).as(why).isFalse();
            assertThat(host.core.state().health()).as(why).isEqualTo(SamplerState.Health.OK);
            assertThat(host.listener.of("degraded")).as(why).hasSize(2);
            assertThat(host.core.state().frozen()).as(why).isEmpty();
            host.watch(host.ids());
            host.run(Duration.ofMinutes(1));
            assertThat(host.worstAge(Tier.SHORT))
                    .as(why)
                    .isLessThanOrEqualTo(interval.multipliedBy(3).dividedBy(2));
        }
    }

    @Test
    void ct8VcpusFromFourToSixToTwoHaveNoRatesOnceAndNeverNegativeOnes() {
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
        host.run(INTERVAL);
        assertThat(busy(host)).isEmpty();
        host.run(INTERVAL);
        assertThat(busy(host)).hasSize(2).allMatch(b -> Math.abs(b - 25) < 1);
    }

    private static List<Double> busy(SimulatedHost host) {
        return host.stats(0).vcpus().orElseThrow().vcpus().stream()
                .filter(v -> v.busyPercent().isPresent())
                .map(v -> v.busyPercent().getAsDouble())
                .toList();
    }

    @Test
    void ct9ARestartOfTheDaemonBlamesNobodyAndRatesResumeAfterTwoSamples() {
        SimulatedHost host = host(20);
        host.run(Duration.ofSeconds(16));
        host.disconnect();
        host.run(Duration.ofMinutes(1));
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.DOWN);
        assertThat(host.listener.of("frozen")).isEmpty();
        assertThat(host.listener.of("unresponsive")).isEmpty();
        host.guests.values().forEach(g -> g.bornAt = host.now); // as if all counters had started anew
        host.reconnect();
        host.run(Duration.ofMillis(200));
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.OK);
        assertThat(host.age(7, Group.CPU_TOTAL)).isLessThan(Duration.ofSeconds(1));
        assertThat(host.stats(7).cpu().orElseThrow().userPercent()).isEmpty();
        assertThat(host.stats(7).network().orElseThrow().nics().get(0).rxBytesPerSecond())
                .isEmpty();
        host.run(INTERVAL);
        assertThat(host.stats(7).cpu().orElseThrow().userPercent().orElseThrow())
                .isCloseTo(40, within(1.0));
        assertThat(host.listener.of("health").stream().map(RecordingListener.Told::detail))
                .containsExactly("DOWN", "OK");
    }

    @Test
    void ct10AGuestRemovedWhileItsSampleIsUnderWayIsNotResurrected() {
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
}
