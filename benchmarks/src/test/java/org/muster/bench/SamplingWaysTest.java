package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class SamplingWaysTest {
    @Test
    void upToFiftyGuestsVdsmIsTheMeasureAndAboveAFixedSize() {
        assertThat(SamplingWays.allowedMib(50)).isCloseTo(124, within(1e-9));
        assertThat(SamplingWays.allowedMib(51)).isEqualTo(160);
        assertThat(SamplingWays.allowedMib(300)).isEqualTo(160);
    }
}
