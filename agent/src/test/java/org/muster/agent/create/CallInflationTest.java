package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CallInflationTest {
    private static final long MILLI = 1_000_000;

    private final CallInflation inflation = new CallInflation();

    /** So many begin together, each taking that long. */
    private void together(int count, long millisEach) {
        int[] atOnce = new int[count];
        for (int i = 0; i < count; i++) {
            atOnce[i] = inflation.begins();
        }
        for (int each : atOnce) {
            inflation.ended(each, millisEach * MILLI, true);
        }
    }

    @Test
    void eachCallCountsByHowManyWereUnderWayWhenItBegan() {
        together(1, 100);
        together(1, 200);
        together(3, 450);

        assertThat(inflation.all()).extracting(CreateStats.AtOnce::atOnce).containsExactly(1, 2, 3);
        assertThat(inflation.all())
                .extracting(CreateStats.AtOnce::count)
                .containsExactly(3L, 1L, 1L); // the first of the three was alone, too
        assertThat(inflation.all())
                .extracting(CreateStats.AtOnce::meanNanos)
                .containsExactly(250.0 * MILLI, 450.0 * MILLI, 450.0 * MILLI);
        assertThat(inflation.all().get(0).inflation()).isEqualTo(1);
        assertThat(inflation.all().get(2).inflation())
                .as("of medians, which one slow call does not change")
                .isCloseTo(450.0 / 200, within(0.05));
    }

    @Test
    void whatFailsTellsNothingButNoLongerCountsAsUnderWay() {
        inflation.ended(inflation.begins(), MILLI, false);

        assertThat(inflation.all()).isEmpty();
        assertThat(inflation.begins()).isEqualTo(1);
    }

    @Test
    void moreThanSixtyFourCountAsThatAndAResetForgets() {
        together(100, 10);

        assertThat(inflation.all()).hasSize(64);
        assertThat(inflation.all().get(63).count()).isEqualTo(37);
        inflation.reset();
        assertThat(inflation.all()).isEmpty();
    }
}
