package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.muster.sampling.Announcer.Pace;

final class AnnouncerTest {
    private final Announcer announcer = new Announcer(new SamplingListener() {});

    private Pace pace(Tier tier, int late, int missed) {
        return announcer.pace(tier, new SamplerState.Cycle(0, 1, 1, late, missed));
    }

    @Test
    void aTierThatOutrunsItsIntervalIsToldOnceAndOnceWhenItKeepsToItAgain() {
        assertThat(pace(Tier.SHORT, 0, 0)).isEqualTo(Pace.AS_BEFORE);
        assertThat(pace(Tier.SHORT, 1, 2)).isEqualTo(Pace.OUTRUN);
        assertThat(pace(Tier.SHORT, 0, 1)).isEqualTo(Pace.AS_BEFORE);
        assertThat(pace(Tier.SHORT, 1, 0)).as("it may be so again").isEqualTo(Pace.AS_BEFORE);
        assertThat(pace(Tier.SHORT, 0, 0)).isEqualTo(Pace.KEPT);
        assertThat(pace(Tier.SHORT, 0, 0)).isEqualTo(Pace.AS_BEFORE);
        assertThat(pace(Tier.SHORT, 0, 1)).isEqualTo(Pace.OUTRUN);
    }

    @Test
    void eachTierHasItsOwnPace() {
        assertThat(pace(Tier.BLOCK, 0, 1)).isEqualTo(Pace.OUTRUN);
        assertThat(pace(Tier.SHORT, 0, 0)).isEqualTo(Pace.AS_BEFORE);
        assertThat(pace(Tier.BLOCK, 0, 0)).isEqualTo(Pace.KEPT);
    }
}
