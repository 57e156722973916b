package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which limit is best if the time of a start is known. */
class WaveCostTest {
    private static final double SAME = 0.01;

    @Test
    void allAtOnceIsAmongTheChoicesWhateverTheirDistance() {
        for (int starts = 1; starts <= 300; starts++) {
            assertThat(WaveCost.best(starts, WaveCost.limits(1, 512), atOnce -> 0, SAME))
                    .as("of %d, where nobody slows anybody down", starts)
                    .isEqualTo(starts);
        }
    }

    @Test
    void ofEqualOnesTheSmallestIsTaken() {
        int[] limits = WaveCost.limits(1, 512);

        int best = WaveCost.best(1000, limits, atOnce -> Math.log(Math.max(1, atOnce / 2)), SAME);

        assertThat(best)
                .as("on a host that serves two, whatever is asked of it")
                .isEqualTo(2);
    }
}
