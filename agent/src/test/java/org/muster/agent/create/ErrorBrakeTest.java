package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What errors do to the limit that finds itself. */
class ErrorBrakeTest {
    private final ErrorBrake brake = new ErrorBrake();

    private void endWell(int count) {
        for (int i = 0; i < count; i++) {
            brake.ended(8);
        }
    }

    @Test
    void anErrorHalvesTheLimitAndEveryRoundWithoutAddsOne() {
        assertThat(brake.limit(8)).isEqualTo(8);

        brake.overloaded(8, 8, 0, 100);

        assertThat(brake.limit(8)).isEqualTo(4);
        endWell(3);
        assertThat(brake.limit(8)).as("a round is as many as may run").isEqualTo(4);
        endWell(1);
        assertThat(brake.limit(8)).isEqualTo(5);
        endWell(5 + 6);
        assertThat(brake.limit(8)).isEqualTo(7);
        endWell(7);
        assertThat(brake.limit(20)).as("out of the way").isEqualTo(20);
    }

    @Test
    void errorsOfStartsThatBeganBeforeDoNotHalveItAgain() {
        brake.overloaded(16, 16, 0, 100);
        for (int i = 0; i < 15; i++) {
            brake.overloaded(16, 16, i, 101);
        }
        assertThat(brake.limit(16)).isEqualTo(8);

        brake.overloaded(16, 8, 102, 103);

        assertThat(brake.limit(16)).isEqualTo(4);
    }

    @Test
    void oneIsTheLeast() {
        for (int i = 0; i < 10; i++) {
            brake.overloaded(4, 4, 10L * i, 10L * i + 5);
        }
        assertThat(brake.limit(4)).isEqualTo(1);
    }

    @Test
    void whatRanCountsIfThatWasLessThanTheLimit() {
        brake.overloaded(64, 6, 0, 1);

        assertThat(brake.limit(64)).isEqualTo(3);
    }
}
