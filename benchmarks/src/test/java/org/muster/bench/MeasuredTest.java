package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MeasuredTest {
    private static final Bound AT_MOST = new Bound(Bound.Judged.RATIO, 1);

    @Test
    void oneRoundThatIsTooLateIsEnoughToMissWhatMustNeverBe() {
        double[] worst = {20, 20, 20, 20, 20, 201};
        assertThat(Row.judge(Measured.never("late", "ms", worst, 200, ""), AT_MOST)
                        .ok())
                .isFalse();
        worst[5] = 199;
        assertThat(Row.judge(Measured.never("late", "ms", worst, 200, ""), AT_MOST)
                        .ok())
                .isTrue();
    }
}
