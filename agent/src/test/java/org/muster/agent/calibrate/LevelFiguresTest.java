package org.muster.agent.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is made of the calls that were measured at one limit. */
class LevelFiguresTest {
    private static LevelFigures figures(int limit, Long... calls) {
        LevelFigures figures = new LevelFigures(limit);
        figures.add(1, List.of(calls), 1, -1);
        return figures;
    }

    @Test
    void inflationIsOfMediansSoThatOneSlowCallIsNone() {
        LevelFigures one = figures(1, 100L, 100L, 10_000L);

        assertThat(one.level(one.medianNanos()).inflation()).isEqualTo(1);
        assertThat(figures(4, 50_000L, 250L, 240L, 250L, 260L)
                        .level(one.medianNanos())
                        .inflation())
                .isCloseTo(2.5, within(1e-9));
    }

    @Test
    void nothingMeasuredIsNoInflation() {
        assertThat(new LevelFigures(4).level(0).inflation()).isEqualTo(1);
    }
}
