package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RaceTest {
    private final List<String> legs = new ArrayList<>();

    /** A floor whose best is 4 threads by its total and 8 by its mean; Muster takes as long as the round's number says. */
    private final class Scripted implements Race.Legs {
        private final Map<Integer, Spans> floor = Map.of(
                1, new Spans(9, 5),
                2, new Spans(6, 4),
                4, new Spans(3, 2),
                8, new Spans(3.5, 1),
                16, new Spans(5, 3));

        @Override
        public Spans muster() {
            legs.add("muster");
            return new Spans(legs.size(), 2);
        }

        @Override
        public Spans floor(int threads) {
            legs.add("floor-" + threads);
            return floor.get(threads);
        }
    }

    @Test
    void theSecondCalibrationRoundLeavesOutTheHopeless() throws Exception {
        new Race("race", new Scripted()).run(Floor.THREADS, 1);
        assertThat(legs.subList(0, 8))
                .containsExactly(
                        "muster", "floor-1", "floor-2", "floor-4", "floor-8", "floor-16", "floor-4", "floor-8");
    }

    @Test
    void theOrderTurnsRoundByRound() throws Exception {
        new Race("race", new Scripted()).run(Floor.THREADS, 2);
        assertThat(legs.subList(8, legs.size()))
                .containsExactly("muster", "floor-4", "floor-8", "floor-8", "floor-4", "muster");
    }

    @Test
    void eachFigureHasItsOwnBestFloor() throws Exception {
        Race race = new Race("race", new Scripted());
        race.run(Floor.THREADS, 3);
        assertThat(race.measured("total", Spans::total).floor()).containsOnly(3);
        assertThat(race.measured("mean", Spans::mean).floor()).containsOnly(1);
        assertThat(race.measured("mean", Spans::mean).metric()).isEqualTo("race.mean");
        assertThat(race.measured("mean", Spans::mean).muster()).hasSize(3);
    }

    @Test
    void theWarmUpIsNotCounted() throws Exception {
        Race race = new Race("race", new Scripted());
        race.run(List.of(1), 1);
        assertThat(legs).containsExactly("muster", "muster", "floor-1");
        assertThat(race.measured("total", Spans::total).muster()).containsExactly(2);
    }

    @Test
    void theNeighbourIsTheBetterOneOfTwo() {
        Map<Integer, Double> seconds = Map.of(1, 3.0, 2, 2.0, 4, 1.0, 8, 1.5, 16, 9.0);
        assertThat(Race.bestAndNeighbour(Floor.THREADS, seconds)).containsExactlyInAnyOrder(4, 8);
    }

    @Test
    void theOutermostHasOneNeighbour() {
        Map<Integer, Double> seconds = Map.of(1, 3.0, 2, 2.0, 4, 1.9, 8, 1.5, 16, 1.0);
        assertThat(Race.bestAndNeighbour(Floor.THREADS, seconds)).containsExactlyInAnyOrder(8, 16);
    }
}
