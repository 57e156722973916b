package org.muster.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HeartBeatTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Duration OURS = Duration.ofSeconds(10);

    @Test
    void theLongerOfBothIntervalsHolds() throws Exception {
        HeartBeat beat = HeartBeat.agreed(OURS, "30000,20000", 0);
        assertThat(beat.due(10 * SECOND - 1)).isFalse();
        assertThat(beat.due(10 * SECOND)).isTrue();
        assertThat(beat.due(10 * SECOND)).isFalse();
        assertThat(beat.dead(60 * SECOND)).isFalse();
        assertThat(beat.dead(60 * SECOND + 1)).isTrue();
        beat.heard(50 * SECOND);
        assertThat(beat.dead(60 * SECOND + 1)).isFalse();
    }

    @Test
    void theNextMomentIsTheEarlierOfBoth() throws Exception {
        HeartBeat beat = HeartBeat.agreed(OURS, "10000,10000", 0);
        assertThat(beat.nanosUntilNext(0, 99 * SECOND)).isEqualTo(5 * SECOND);
        assertThat(beat.nanosUntilNext(SECOND, SECOND)).isEqualTo(SECOND);
        assertThat(beat.nanosUntilNext(6 * SECOND, 99 * SECOND)).isZero();
    }

    @Test
    void aPeerThatWantsNoneGetsNoneAndNeverDies() throws Exception {
        for (String answer : new String[] {"0,0", ""}) {
            HeartBeat beat = HeartBeat.agreed(OURS, answer, 0);
            assertThat(beat.due(1000 * SECOND)).isFalse();
            assertThat(beat.dead(1000 * SECOND)).isFalse();
            assertThat(beat.nanosUntilNext(0, 7)).isEqualTo(7);
        }
    }

    @Test
    void nonsenseIsRefused() {
        for (String answer : new String[] {"1", "a,b", "-1,5", ","}) {
            assertThatThrownBy(() -> HeartBeat.agreed(OURS, answer, 0))
                    .as(answer)
                    .isInstanceOf(MalformedFrameException.class)
                    .hasMessageContaining("heart-beat:" + answer);
        }
    }
}
