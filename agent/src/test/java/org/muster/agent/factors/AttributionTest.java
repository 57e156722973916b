package org.muster.agent.factors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.muster.agent.factors.FactorsReport.GroupCost;
import org.muster.agent.factors.FactorsReport.Weights;
import org.muster.libvirt.StatsGroup;

class AttributionTest {
    private static final long ROUND_TRIP = 120_000;
    private static final long SEED = 42;

    /** A server that takes two round trips a call, 30 us a guest, and 900 us or twice that a monitor. */
    private static Map<StatsGroup, GroupCost> server(double noise) {
        Random random = new Random(SEED);
        Map<StatsGroup, GroupCost> costs = new EnumMap<>(StatsGroup.class);
        for (StatsGroup group : StatsGroup.values()) {
            double monitor = switch (group) {
                case STATE, INTERFACE -> 0;
                case BLOCK -> 1_800_000;
                default -> 900_000;
            };
            Map<Integer, Long> nanos = new TreeMap<>();
            for (int guests : new int[] {1, 10, 50, 100}) {
                double exact = 2 * ROUND_TRIP + guests * (30_000 + monitor);
                nanos.put(guests, Math.round(exact * (1 + noise * random.nextGaussian())));
            }
            costs.put(group, Attribution.cost(nanos));
        }
        return costs;
    }

    @Test
    void findsTheWeightsThatTheServerHas() {
        Weights weights = Attribution.weights(server(0), ROUND_TRIP);

        assertThat(weights.roundTrips()).isCloseTo(2, within(0.01));
        assertThat(weights.perGuestNanos()).isCloseTo(30_000, within(100.0));
        assertThat(weights.perMonitorNanos()).as("the mean of four groups").isCloseTo(1_125_000, within(1000.0));
        assertThat(weights.unexplained()).isLessThan(0.001);
    }

    @Test
    void explainsMostOfANoisyServer() {
        assertThat(Attribution.weights(server(0.1), ROUND_TRIP).unexplained())
                .as("seed " + SEED)
                .isLessThan(0.2);
    }

    @Test
    void oneGuestAloneHasNoFixedPartThatCouldBeTold() {
        GroupCost cost = Attribution.cost(Map.of(1, 500L));

        assertThat(cost.perGuestNanos()).isEqualTo(500);
        assertThat(cost.fixedNanos()).isZero();
    }

    @Test
    void whatThePointsSayNothingOfIsZero() {
        Weights weights = Attribution.weights(
                Map.of(StatsGroup.STATE, Attribution.cost(new TreeMap<>(Map.of(1, 250_000L, 11, 350_000L)))),
                ROUND_TRIP);

        assertThat(weights.perMonitorNanos()).isZero();
        assertThat(weights.perGuestNanos()).isCloseTo(10_000, within(1.0));
    }
}
