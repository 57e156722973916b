package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
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
        SimulatedHost host = new SimulatedHost(config, guests);
        host.costPerGuest = 7 * SimulatedHost.MS / 2;
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

    private static void frozenAtOnce(SamplingConfig config, int guests, int count, int budget, int seed) {
        SimulatedHost host = warm(config, guests);
        host.budget = budget;
        host.run(Duration.ofMillis(97L * seed));
        int[] frozen = new Random(seed).ints(0, guests).distinct().limit(count).toArray();
        host.freeze(frozen);
        host.watch(healthy(host));
        host.run(Duration.ofMinutes(1));

        assertNoTickLost(host, seed);
        assertThat(host.mostStuck).as("seed " + seed).isEqualTo(count);
        assertThat(host.listener.domains("frozen")).as("seed " + seed).hasSize(count);
        host.thaw(frozen);
        host.run(host.config.interval());
        assertThat(host.listener.domains("thawed")).as("seed " + seed).hasSize(count);
        assertThat(host.core.state().stuckCalls()).isZero();
        for (int index : frozen) {
            assertThat(host.age(index, Group.BALLOON)).as("seed " + seed).isLessThan(host.config.interval());
        }
    }

    /** C-T7. */
    @Test
    void fortyOfAHundredFrozenAtOnceStayWithinTheBudget() {
        for (int seed = 0; seed < 50; seed++) {
            SimulatedHost host = warm(100);
            host.run(Duration.ofMillis(97L * seed));
            int[] frozen = new Random(seed).ints(0, 100).distinct().limit(40).toArray();
            host.freeze(frozen);
            host.run(Duration.ofMinutes(1));

            assertThat(host.mostStuck).as("seed " + seed).isEqualTo(8);
            assertThat(host.core.state().degraded()).as("seed " + seed).isTrue();
            assertThat(host.listener.of("degraded")).hasSize(1);
            for (int i = 0; i < 100; i++) {
                assertThat(host.age(i, Group.STATE)).as("seed " + seed).isLessThanOrEqualTo(INTERVAL.plusMillis(50));
            }
            host.thaw(frozen);
            host.run(INTERVAL.multipliedBy(2));
            assertThat(host.core.state().degraded()).as("seed " + seed).isFalse();
            assertThat(host.listener.of("degraded")).hasSize(2);
            assertThat(host.core.state().frozen()).as("seed " + seed).isEmpty();
            host.watch(host.ids());
            host.run(Duration.ofMinutes(1));
            assertThat(host.worstAge(Tier.SHORT))
                    .isLessThanOrEqualTo(INTERVAL.multipliedBy(3).dividedBy(2));
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
