package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class FrozenGuestsTest {
    private static final Duration INTERVAL = Duration.ofSeconds(2);
    private static final Duration BLOCK_INTERVAL = Duration.ofSeconds(4);
    private static final SamplingConfig CONFIG =
            new SamplingConfig(INTERVAL, BLOCK_INTERVAL, Duration.ofSeconds(3), Duration.ofSeconds(6));

    private static SimulatedHost warm(int guests) {
        return warm(CONFIG, guests);
    }

    /** A call for all takes 350 ms with 100 guests, as was measured. */
    private static SimulatedHost warm(SamplingConfig config, int guests) {
        return warm(config, guests, 7 * SimulatedHost.MS / 2);
    }

    private static SimulatedHost warm(SamplingConfig config, int guests, long costPerGuest) {
        SimulatedHost host = new SimulatedHost(config, guests);
        host.costPerGuest = costPerGuest;
        host.run(Duration.ofSeconds(40));
        return host;
    }

    private static List<UUID> healthy(SimulatedHost host) {
        return host.ids().stream().filter(id -> !host.guests.get(id).frozen).toList();
    }

    private static void assertNoTickLost(SimulatedHost host, int seed) {
        for (Tier tier : Tier.values()) {
            assertThat(host.worstAge(tier))
                    .as(() -> tier + ", seed " + seed + ", calls " + host.log)
                    .isLessThanOrEqualTo(
                            host.config.interval(tier).multipliedBy(3).dividedBy(2));
        }
    }

    @Test
    void oneFrozenGuestCostsTheOthersNothing() {
        SimulatedHost host = warm(20);
        host.freeze(7);
        host.watch(healthy(host));
        host.run(Duration.ofMinutes(2));

        assertNoTickLost(host, 0);
        assertThat(host.mostStuck).isEqualTo(1);
        assertThat(host.listener.domains("frozen")).containsExactly(host.guest(7).id);
        assertThat(host.stats(7).frozen()).isPresent();
        assertThat(host.age(7, Group.STATE)).isLessThanOrEqualTo(INTERVAL.plusMillis(50));
        assertThat(host.age(7, Group.BALLOON)).isGreaterThan(Duration.ofMinutes(1));
    }

    @Test
    void fiveOfTwentyFrozenAtOnceCostTheOthersNothing() {
        for (int seed = 0; seed < 50; seed++) {
            frozenAtOnce(CONFIG, 20, 5, 8, seed);
        }
    }

    @Test
    void tenOfAHundredFrozenAtOnceCostTheOthersNothing() {
        for (int seed = 0; seed < 50; seed++) {
            frozenAtOnce(SamplingConfig.DEFAULT, 100, 10, 12, seed);
        }
    }

    /** As many calls hang as may; the others' state, network and CPU time still come, and a place is found for who answers again. */
    @Test
    void whenAllThatMayHangDoesThereIsAThreadForWhatNeverBlocks() {
        for (int cpus : new int[] {2, 8, 32}) {
            SimulatedHost host = new SimulatedHost(SamplingConfig.DEFAULT, 60, cpus);
            host.budget = Sampler.MOST_STUCK_CALLS;
            host.run(Duration.ofSeconds(41));
            host.freeze(IntStream.range(0, 30).toArray());
            host.run(Duration.ofMinutes(2));

            assertThat(host.core.state().degraded()).as(cpus + " CPUs").isTrue();
            assertThat(host.core.state().stuckCalls()).isBetween(12, Sampler.MOST_STUCK_CALLS);
            for (int i = 0; i < 60; i++) {
                assertThat(host.age(i, Group.STATE))
                        .as("guest %d, %d CPUs", i, cpus)
                        .isLessThan(Duration.ofSeconds(8));
            }
            host.thaw(IntStream.range(0, 30).toArray());
            host.run(Duration.ofSeconds(10));
            assertThat(host.core.state().degraded()).as(cpus + " CPUs").isFalse();
        }
    }

    /** Half of all, at a short interval: there is one second in which to find ten and to ask the other ten again. */
    @Test
    void tenOfTwentyFrozenAtOnceCostTheOthersNothingOnASlowHostEither() {
        for (int seed = 0; seed < 100; seed++) {
            frozenAtOnce(CONFIG, 20, 10, 13, seed);
            frozenAtOnce(CONFIG, 20, 12 * SimulatedHost.MS, 10, 13, seed);
        }
    }

    /** Whatever the kernel says of them. */
    private static void frozenAtOnce(SamplingConfig config, int guests, int count, int budget, int seed) {
        frozenAtOnce(config, guests, 7 * SimulatedHost.MS / 2, count, budget, seed);
    }

    private static void frozenAtOnce(
            SamplingConfig config, int guests, long costPerGuest, int count, int budget, int seed) {
        for (SimulatedHost.Kernel kernel : SimulatedHost.Kernel.values()) {
            SimulatedHost host = warm(config, guests, costPerGuest);
            host.kernel = kernel;
            frozenAtOnce(host, count, budget, seed);
        }
    }

    private static void frozenAtOnce(SimulatedHost host, int count, int budget, int seed) {
        host.budget = budget;
        host.run(Duration.ofMillis(97L * seed));
        int[] frozen = new Random(seed)
                .ints(0, host.guests.size())
                .distinct()
                .limit(count)
                .toArray();
        host.freeze(frozen);
        host.watch(healthy(host));
        host.run(Duration.ofMinutes(1));

        assertNoTickLost(host, seed);
        assertThat(host.mostStuck).as("seed " + seed).isEqualTo(count);
        assertThat(new HashSet<>(host.listener.domains("frozen")))
                .as("seed " + seed)
                .hasSize(count);
        host.thaw(frozen);
        host.run(host.config.interval());
        assertThat(host.listener.domains("thawed")).as("seed " + seed).hasSize(count);
        assertThat(host.core.state().stuckCalls()).isZero();
        for (int index : frozen) {
            assertThat(host.age(index, Group.BALLOON)).as("seed " + seed).isLessThan(host.config.interval());
        }
    }

    @Test
    void tenFrozenGuestsAndADiskThatHangsCostTheOthersNothing() {
        for (int seed = 0; seed < 30; seed++) {
            SimulatedHost host = warm(SamplingConfig.DEFAULT, 100);
            host.budget = 13;
            host.run(Duration.ofMillis(499L * seed));
            host.kernel = SimulatedHost.Kernel.values()[seed % 3];
            int[] order = new Random(seed).ints(0, 100).distinct().limit(11).toArray();
            int[] frozen = Arrays.copyOf(order, 10);
            host.freeze(frozen);
            host.run(Duration.ofMillis(seed % 3 == 0 ? 0 : 700L * seed));
            host.guest(order[10]).diskHung = true;
            host.watch(healthy(host).stream()
                    .filter(id -> !id.equals(host.guest(order[10]).id))
                    .toList());
            host.run(Duration.ofMinutes(1));
            assertNoTickLost(host, seed);
            assertThat(host.core.state().frozen()).as("seed " + seed).hasSize(11);
            assertThat(host.listener.of("degraded")).as("seed " + seed).isEmpty();
        }
    }

    @Test
    void thirtyOfAHundredFrozenAtOnceDegradeWhatIsUnprovenAndItEndsByItself() {
        for (int seed = 0; seed < 20; seed++) {
            SimulatedHost host = warm(SamplingConfig.DEFAULT, 100);
            host.budget = 12;
            host.run(Duration.ofMillis(97L * seed));
            int[] frozen = new Random(seed).ints(0, 100).distinct().limit(30).toArray();
            host.freeze(frozen);
            host.run(Duration.ofMinutes(2));
            String why = "seed " + seed;
            assertThat(host.mostStuck).as(why).isLessThanOrEqualTo(12);
            assertThat(host.listener.of("degraded").stream().map(RecordingListener.Told::detail))
                    .as(why)
                    .containsExactly("true");
            host.thaw(frozen);
            host.run(host.config.interval().multipliedBy(2));
            assertThat(host.listener.of("degraded").stream().map(RecordingListener.Told::detail))
                    .as(why)
                    .containsExactly("true", "false");
            host.run(host.config.blockInterval());
            for (int i = 0; i < 100; i++) {
                assertThat(host.age(i, Group.BALLOON)).as(why).isLessThanOrEqualTo(Duration.ofSeconds(6));
                assertThat(host.age(i, Group.BLOCK)).as(why).isLessThanOrEqualTo(Duration.ofSeconds(16));
            }
        }
    }

    @Test
    void howeverManyFreezeOneAfterTheOtherNoMoreCallsAreStuckThanMayBe() {
        for (int budget : new int[] {1, 2, 3, 4, 8, 12}) {
            SimulatedHost host = warm(40);
            host.budget = budget;
            for (int i = 0; i < 30; i++) {
                host.freeze(i);
                host.run(Duration.ofMillis(5700));
                String why = "budget " + budget + ", frozen " + (i + 1);
                assertThat(host.mostStuck).as(why).isLessThanOrEqualTo(budget);
                assertThat(host.core.state().degraded()).as(why).isEqualTo(i + 1 >= budget);
                if (i + 1 < budget) {
                    assertThat(host.age(39, Group.BALLOON))
                            .as(why)
                            .isLessThan(INTERVAL.multipliedBy(3).dividedBy(2));
                }
                for (Group group : Tier.NEVER_BLOCKS) {
                    assertThat(host.age(39, group))
                            .as(why + group)
                            .isLessThan(INTERVAL.multipliedBy(3).dividedBy(2));
                }
            }
            for (int i = 0; i < 30; i++) {
                host.thaw(i);
            }
            host.run(Duration.ofSeconds(10));
            assertThat(host.core.state().degraded()).as("budget " + budget).isFalse();
            assertThat(host.age(39, Group.BALLOON)).isLessThanOrEqualTo(INTERVAL.plusMillis(600));
        }
    }

    /** libvirtd was stopped and goes on: our calls of before hang in it as they did. */
    @Test
    void whatHangsSinceBeforeTheLinkWasLostStillCounts() {
        moreFreezeAfter(host -> {
            host.run(Duration.ofSeconds(20));
            host.loseLink();
            host.run(Duration.ofSeconds(1));
            host.reconnect();
            host.run(INTERVAL.multipliedBy(3));
        });
    }

    /** It looks for its guests with threads of its own, and frozen ones keep those. */
    @Test
    void aLibvirtdThatWasStartedAgainHasLostNoWorkersToThoseWhoAreFrozen() {
        SimulatedHost host = warm(20);
        host.budget = 3;
        host.freeze(0, 1, 2, 3);
        host.run(Duration.ofSeconds(10));
        host.disconnect();
        host.run(Duration.ofSeconds(2));
        host.restartedAfterDeath();
        host.run(Duration.ofSeconds(15));
        host.watch(host.ids().subList(5, 20));
        host.freeze(4);
        host.run(Duration.ofSeconds(20));

        assertThat(host.worstAge(Tier.SHORT))
                .isLessThan(INTERVAL.multipliedBy(3).dividedBy(2));
        assertThat(host.core.state().degraded()).isFalse();
        host.thaw(0, 1, 2, 3, 4);
        host.run(Duration.ofSeconds(10));
        for (int i = 0; i < 20; i++) {
            assertThat(host.age(i, Group.BALLOON)).isLessThanOrEqualTo(INTERVAL.plusMillis(600));
        }
    }

    /** Whatever hangs for others, who answers is asked. */
    @Test
    void moreCallsOfOthersThanMayHangStopNobody() {
        SimulatedHost host = warm(20);
        host.budget = 5;
        host.freeze(0, 1, 2, 3);
        host.run(Duration.ofSeconds(10));
        host.restartAgent();
        host.budget = 3;
        host.run(Duration.ofSeconds(10));
        host.watch(host.ids().subList(4, 20));
        host.run(Duration.ofSeconds(20));

        assertThat(host.worstAge(Tier.SHORT))
                .isLessThan(INTERVAL.multipliedBy(3).dividedBy(2));
    }

    @Test
    void whatHangsForAnAgentThatIsGoneStillCounts() {
        moreFreezeAfter(host -> {
            host.restartAgent();
            host.run(INTERVAL.multipliedBy(3));
        });
    }

    /** Nothing of it was ever told that only its monitor knows, and it has no disks that would be missed. */
    @Test
    void aGuestWithoutDisksThatFrozeBeforeWeCameIsFoundToo() {
        SimulatedHost host = warm(10);
        host.guest(0).diskless = true;
        host.guest(1).diskless = true;
        host.freeze(0);
        host.run(Duration.ofSeconds(10));
        assertThat(host.hanging()).isEqualTo(1);

        host.restartAgent();
        host.run(Duration.ofSeconds(15));

        assertThat(host.stats(0).frozen()).isPresent();
        assertThat(host.stats(0).responsive()).isFalse();
        assertThat(host.stats(1).frozen()).isEmpty();
        assertThat(host.stats(1).responsive()).as("it answers").isTrue();
        host.thaw(0);
        host.run(Duration.ofSeconds(6));
        assertThat(host.stats(0).frozen()).isEmpty();
        assertThat(host.stats(0).responsive()).isTrue();
    }

    private static void moreFreezeAfter(Consumer<SimulatedHost> change) {
        SimulatedHost host = warm(40);
        host.budget = 5;
        host.freeze(0, 1, 2);
        host.run(Duration.ofSeconds(10));
        assertThat(host.hanging()).isEqualTo(3);

        change.accept(host);
        host.watch(host.ids().subList(10, 40));
        host.freeze(3);
        host.run(Duration.ofSeconds(20));
        assertThat(host.hanging()).isEqualTo(4);
        assertThat(host.worstAge(Tier.SHORT))
                .as("the others are asked as ever")
                .isLessThan(INTERVAL.multipliedBy(3).dividedBy(2));
        for (int i = 4; i < 8; i++) {
            host.freeze(i);
            host.run(Duration.ofSeconds(10));
            assertThat(host.hanging()).as("guest " + i).isLessThanOrEqualTo(5);
        }
        assertThat(host.core.state().degraded()).isTrue();

        host.thaw(0, 1, 2, 3, 4, 5, 6, 7);
        host.run(Duration.ofSeconds(10));
        assertThat(host.hanging()).isZero();
        assertThat(host.core.state().degraded()).isFalse();
        for (int i = 0; i < 40; i++) {
            assertThat(host.age(i, Group.BALLOON)).isLessThanOrEqualTo(INTERVAL.plusMillis(600));
        }
    }

    /** The least that libvirtd has when nobody sets anything: min_workers = 5, so that three calls may hang. */
    @Test
    void twoFrozenGuestsCostTheOthersNothingOnAStockLibvirtd() {
        for (int seed = 0; seed < 50; seed++) {
            frozenAtOnce(CONFIG, 20, 2, 3, seed);
        }
    }

    @Test
    void aHungDiskIsFoundByTheBlockTierAndCostsTheOthersNothing() {
        SimulatedHost host = warm(20);
        host.guest(3).diskHung = true;
        host.guest(11).diskHung = true;
        host.watch(
                host.ids().stream().filter(id -> !host.guests.get(id).diskHung).toList());
        host.run(Duration.ofMinutes(1));

        assertNoTickLost(host, 0);
        assertThat(host.listener.domains("frozen")).containsExactlyInAnyOrder(host.guest(3).id, host.guest(11).id);
        host.thaw(3, 11);
        host.run(INTERVAL);
        assertThat(host.listener.domains("thawed")).hasSize(2);
        host.run(BLOCK_INTERVAL);
        assertThat(host.age(3, Group.BLOCK)).isLessThan(BLOCK_INTERVAL);
    }

    @Test
    void guestsThatFreezeWhileOthersThawAreToldApart() {
        for (int seed = 0; seed < 30; seed++) {
            SimulatedHost host = warm(40);
            Random random = new Random(seed);
            int[] order = random.ints(0, 40).distinct().limit(12).toArray();
            int[] first = Arrays.copyOfRange(order, 0, 4);
            int[] second = Arrays.copyOfRange(order, 4, 8);
            host.freeze(first);
            host.run(Duration.ofMillis(5000 + random.nextInt(2000)));
            host.freeze(second);
            host.thaw(first);
            host.watch(healthy(host).stream()
                    .filter(id -> !host.listener.domains("frozen").contains(id))
                    .toList());
            host.run(Duration.ofSeconds(30));
            assertNoTickLost(host, seed);
            assertThat(host.core.state().frozen()).as("seed " + seed).hasSize(4);
            assertThat(host.core.state().frozen().stream()
                            .flatMap(guest -> guest.thread().stream())
                            .toList())
                    .as("seed %d: every call that hangs has a guest that keeps it", seed)
                    .containsAll(host.calls.stream()
                            .filter(running -> running.call.late())
                            .map(running -> running.call.thread)
                            .toList());
            for (int index : first) {
                assertThat(host.age(index, Group.BALLOON))
                        .as("seed " + seed)
                        .isLessThan(INTERVAL.multipliedBy(3).dividedBy(2));
            }
        }
    }

    @Test
    void aGuestThatIsDestroyedIsNotBlamedAndCostsTheOthersNothing() {
        SimulatedHost host = warm(20);
        host.watch(
                host.ids().stream().filter(id -> !id.equals(host.guest(5).id)).toList());
        host.run(Duration.ofMillis(1990));
        // in the middle of a call
        for (int i = 0; i < 200 && host.calls.isEmpty(); i++) {
            host.run(Duration.ofMillis(1));
        }
        assertThat(host.calls).isNotEmpty();
        host.destroy(5, Duration.ofSeconds(11));
        host.run(Duration.ofMinutes(1));

        assertNoTickLost(host, 0);
        assertThat(host.listener.of("frozen")).isEmpty();
        assertThat(host.core.state().stuckCalls()).isZero();
    }

    /** libvirtd is at work on it for long, which keeps nobody from reading what needs no monitor. */
    @Test
    void aGuestInAJobIsReadWithoutItsMonitorUntilItsLockIsHeldToo() {
        SimulatedHost host = warm(20);
        host.watch(host.ids().stream()
                .filter(id -> !id.equals(host.guest(4).id) && !id.equals(host.guest(7).id))
                .toList());
        host.guest(4).inJob = true;
        host.freeze(4, 7);
        host.run(Duration.ofSeconds(20));
        GuestStats.Frozen frozen = host.stats(4).frozen().orElseThrow();
        assertThat(frozen.reason()).isEqualTo(ControlState.Kind.JOB);
        assertThat(frozen.cause()).isEqualTo(GuestStats.Cause.BUSY);
        for (Group group : Tier.NEVER_BLOCKS) {
            assertThat(host.age(4, group)).as("%s", group).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
        }

        host.guest(4).locked = true;
        host.run(Duration.ofSeconds(20));
        assertThat(host.stats(4).frozen().orElseThrow().reason()).isEqualTo(ControlState.Kind.NO_ANSWER);
        assertThat(host.age(4, Group.STATE)).isGreaterThan(Duration.ofSeconds(18));
        assertThat(host.age(7, Group.STATE)).as("of the other one").isLessThanOrEqualTo(INTERVAL.plusMillis(100));
        assertThat(host.mostStuck).as("one of each, and one that reads").isEqualTo(3);
        assertNoTickLost(host, 0);
    }

    @Test
    void aSlowHostIsNotAFrozenGuest() {
        SimulatedHost host = warm(20);
        host.costPerGuest = 100 * SimulatedHost.MS; // a call takes 2 s, where 150 ms were usual
        host.run(Duration.ofSeconds(30));

        assertThat(host.listener.of("frozen")).isEmpty();
        assertThat(host.listener.of("cycle SHORT").stream()
                        .filter(t -> t.detail().contains("1 late")))
                .isNotEmpty();
        // back-off: a cycle of 2 s at an interval of 2 s leaves every other one out
        assertThat(host.age(0, Group.BALLOON)).isLessThan(Duration.ofSeconds(8));
    }

    /** Two look free over a new link, and may not be risked; a third has let its call go, and is well. */
    @Test
    void aGuestThatMayNotBeRiskedHoldsUpNoneThatIsBack() {
        SimulatedHost host = warm(20);
        host.freeze(0, 1, 2, 3);
        host.run(Duration.ofSeconds(10));
        host.disconnect();
        host.guest(0).holder = "somebody else's call";
        host.guest(1).holder = "somebody else's call";
        host.reconnect();
        host.run(Duration.ofSeconds(10));
        assertThat(host.hanging()).as("the others have been tried").isEqualTo(2);
        host.freeze(4);
        host.run(Duration.ofSeconds(10));
        host.budget = 4;
        host.guest(0).holder = null;
        host.guest(1).holder = null;
        host.run(INTERVAL.plusMillis(500)); // they are asked about once in an interval

        host.thaw(4);
        host.run(INTERVAL);
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(4).id);
        assertThat(host.age(4, Group.BALLOON)).isLessThanOrEqualTo(INTERVAL);
        host.run(Duration.ofSeconds(20));
        assertThat(host.hanging()).as("one of the two was tried in its place").isEqualTo(3);
        host.thaw(0, 1, 2, 3);
        host.run(INTERVAL.multipliedBy(2));
        assertThat(host.core.state().frozen()).isEmpty();
    }

    @Test
    void aGuestOfWhichTheProbeFailsIsTriedOnceInAnInterval() {
        SimulatedHost host = warm(20);
        host.freeze(4);
        host.run(Duration.ofSeconds(10));
        host.probesFail = true;
        host.thaw(4);
        host.run(INTERVAL.multipliedBy(5));
        assertThat(host.countCalls("PROBE")).isBetween(4L, 6L);
        assertThat(host.listener.of("thawed")).isEmpty();
        assertThat(host.listener.of("health")).isEmpty();
        host.probesFail = false;
        host.run(INTERVAL);
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(4).id);
    }

    @Test
    void anUnresponsiveGuestIsToldOnceAndOnceAgainWhenItIsBack() {
        SimulatedHost host = warm(5);
        host.freeze(2);
        host.run(Duration.ofSeconds(20));
        assertThat(host.listener.domains("unresponsive")).containsExactly(host.guest(2).id);
        assertThat(host.stats(2).responsive()).isFalse();
        assertThat(host.stats(1).responsive()).isTrue();
        host.thaw(2);
        host.run(INTERVAL);
        assertThat(host.listener.domains("responsive")).containsExactly(host.guest(2).id);
        assertThat(host.stats(2).responsive()).isTrue();
    }
}
