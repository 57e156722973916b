package org.muster.agent.calibrate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.muster.agent.calibrate.CalibrationReport.Bottleneck;
import org.muster.agent.calibrate.CalibrationReport.Level;

class ConclusionTest {
    private static final long MILLI = 1_000_000;
    private static final long IDLE = MILLI / 4;
    private static final int[] LIMITS = {1, 2, 4, 8, 16};

    /** Levels as a server gives them that starts {@code together} guests side by side in half a second each. */
    private static List<Level> server(int together, long roundTripNanos, double cpuPart) {
        List<Level> levels = new ArrayList<>();
        for (int limit : LIMITS) {
            double call = Math.max(0.5, limit * 0.5 / together);
            levels.add(level(limit, limit / call, call / 0.5, roundTripNanos, cpuPart));
        }
        return levels;
    }

    private static Level level(int limit, double perSecond, double inflation, long roundTripNanos, double cpuPart) {
        long mean = (long) (inflation * 500 * MILLI);
        return new Level(
                limit, 16, (long) (16e9 / perSecond), mean, mean, mean, mean, mean, inflation, roundTripNanos, cpuPart);
    }

    @Test
    void theKneeIsTheLeastLimitThatIsAsGoodAsAny() {
        assertThat(Conclusion.knee(server(1, IDLE, 0.2), IDLE)).isEqualTo(1);
        assertThat(Conclusion.knee(server(2, IDLE, 0.2), IDLE)).isEqualTo(2);
        assertThat(Conclusion.knee(server(8, IDLE, 0.2), IDLE)).isEqualTo(8);
        assertThat(Conclusion.knee(server(100, IDLE, 0.2), IDLE)).isEqualTo(16);
    }

    @Test
    void aLimitAtWhichLibvirtdAnswersNobodyElseIsNoKnee() {
        List<Level> levels = List.of(
                level(1, 2, 1, IDLE, 0.1),
                level(2, 3.8, 1.05, 40 * MILLI, 0.2),
                level(4, 7, 1.1, 400 * MILLI, 0.3),
                level(8, 12, 1.3, 900 * MILLI, 0.4));

        assertThat(Conclusion.knee(levels, IDLE)).isEqualTo(2);
        assertThat(Conclusion.knee(levels, 150 * MILLI))
                .as("where it is slow when idle, too")
                .isEqualTo(4);
    }

    @Test
    void whatKeepsAHostFromMoreIsTold() {
        assertThat(Conclusion.bottleneck(server(100, IDLE, 0.3), IDLE)).isEqualTo(Bottleneck.NONE_REACHED);
        assertThat(Conclusion.bottleneck(server(2, IDLE, 0.97), IDLE)).isEqualTo(Bottleneck.CPU);
        assertThat(Conclusion.bottleneck(server(1, IDLE, 0.3), IDLE)).isEqualTo(Bottleneck.SERIALISED);
        assertThat(Conclusion.bottleneck(server(1, IDLE, -1), IDLE))
                .as("processors not known")
                .isEqualTo(Bottleneck.SERIALISED);
        assertThat(Conclusion.bottleneck(server(4, 800 * MILLI, 0.3), IDLE)).isEqualTo(Bottleneck.LIBVIRTD_WORKERS);
    }

    @Test
    void theCostOfAnotherLimitIsToldAgainstTheKnee() {
        assertThat(Conclusion.cost(4, server(8, IDLE, 0.2), 8)).isEqualTo("4 at once costs 50 % against the knee");
        assertThat(Conclusion.cost(3, server(8, IDLE, 0.2), 8)).isEmpty();
    }
}
