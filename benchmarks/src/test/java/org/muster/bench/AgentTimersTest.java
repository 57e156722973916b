package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class AgentTimersTest {
    private static final long SECOND = 1_000_000_000L;

    private static AgentTimers.Reading reading(long... seconds) {
        long[] nanos = seconds.clone();
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] *= SECOND;
        }
        return new AgentTimers.Reading(nanos.length, nanos);
    }

    @Test
    void whatWasThereBeforeIsLeftOutOnceEach() throws BenchException {
        assertThat(reading(5, 3, 3, 1, 3, 9).since(reading(3, 1, 3))).containsExactlyInAnyOrder(3, 5, 9);
    }

    @Test
    void aTimerThatDroppedMostValuesIsAnError() {
        AgentTimers.Reading after = new AgentTimers.Reading(9, new long[] {1, 2, 3});
        assertThatThrownBy(() -> after.since(new AgentTimers.Reading(2, new long[] {8, 9})))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining("7 times")
                .hasMessageContaining("3 new values");
    }
}
