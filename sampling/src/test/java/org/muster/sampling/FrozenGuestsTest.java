package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
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
        SimulatedHost host = new SimulatedHost(CONFIG, guests);
        host.costPerGuest = 150 * SimulatedHost.MS / guests;
        host.run(Duration.ofSeconds(20));
        return host;
    }

    private static List<UUID> healthy(SimulatedHost host) {
        return host.ids().stream().filter(id -> !host.guests.get(id).frozen).toList();
    }

    private static void assertNoTickLost(SimulatedHost host) {
        assertThat(host.worstAge(Tier.SHORT))
                .as(() -> host.log.toString())
                .isLessThanOrEqualTo(INTERVAL.multipliedBy(3).dividedBy(2));
        assertThat(host.worstAge(Tier.BLOCK))
                .isLessThanOrEqualTo(BLOCK_INTERVAL.multipliedBy(3).dividedBy(2));
    }

    @Test
    void oneFrozenGuestCostsTheOthersNothing() {
        SimulatedHost host = warm(20);
        host.freeze(7);
        host.watch(healthy(host));
        host.run(Duration.ofMinutes(2));

        assertNoTickLost(host);
        assertThat(host.mostStuck).isEqualTo(1);
        assertThat(host.listener.domains("frozen")).containsExactly(host.guest(7).id);
        assertThat(host.stats(7).frozen()).isPresent();
        assertThat(host.age(7, Group.STATE)).isLessThanOrEqualTo(INTERVAL.plusMillis(50));
        assertThat(host.age(7, Group.BALLOON)).isGreaterThan(Duration.ofMinutes(1));
    }

    @Test
    void fiveFrozenAtOnceCostTheOthersNothing() {
        for (int seed = 0; seed < 50; seed++) {
            SimulatedHost host = warm(20);
            int[] frozen = new Random(seed).ints(0, 20).distinct().limit(5).toArray();
            host.freeze(frozen);
            host.watch(healthy(host));
            host.run(Duration.ofMinutes(1));

            assertNoTickLost(host);
            assertThat(host.mostStuck).as("seed " + seed).isEqualTo(5);
            assertThat(host.listener.domains("frozen")).as("seed " + seed).hasSize(5);
            host.thaw(frozen);
            host.run(INTERVAL);
            assertThat(host.listener.domains("thawed")).hasSize(5);
            assertThat(host.core.state().stuckCalls()).isZero();
        }
    }
}
