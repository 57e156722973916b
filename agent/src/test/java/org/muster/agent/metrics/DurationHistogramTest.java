package org.muster.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.Snapshot;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.muster.agent.metrics.DurationHistogram.Summary;

class DurationHistogramTest {
    private static final long MILLI = 1_000_000;
    private static final Percentage CLOSE = Percentage.withPercentage(1.6);

    private final DurationHistogram histogram = new DurationHistogram();

    @Test
    void percentilesAreThoseOfTheSortedDurationsWhateverTheirShape() {
        long seed = 20_240_901;
        Random random = new Random(seed);
        long[] lengths = LongStream.generate(() -> (long) (Math.exp(random.nextGaussian() * 3) * MILLI) + 1000)
                .limit(20_000)
                .toArray();
        Arrays.stream(lengths).forEach(histogram::update);
        Arrays.sort(lengths);

        Summary summary = histogram.summary();

        assertThat(summary.count()).isEqualTo(lengths.length);
        assertThat(summary.sumNanos()).isEqualTo(LongStream.of(lengths).sum());
        assertThat(summary.leastNanos()).isEqualTo(lengths[0]);
        assertThat(summary.greatestNanos()).isEqualTo(lengths[lengths.length - 1]);
        assertThat(summary.p50Nanos()).isCloseTo(rank(lengths, 0.5), CLOSE);
        assertThat(summary.p90Nanos()).isCloseTo(rank(lengths, 0.9), CLOSE);
        assertThat(summary.p95Nanos()).isCloseTo(rank(lengths, 0.95), CLOSE);
        assertThat(summary.p99Nanos()).isCloseTo(rank(lengths, 0.99), CLOSE);
    }

    private static long rank(long[] sorted, double part) {
        return sorted[(int) Math.ceil(part * sorted.length) - 1];
    }

    @Test
    void oneDurationIsToldExactly() {
        histogram.update(1_234_567_891L);

        assertThat(histogram.summary())
                .isEqualTo(new Summary(
                        1,
                        1_234_567_891L,
                        1_234_567_891L,
                        1_234_567_891L,
                        1_234_567_891L,
                        1_234_567_891L,
                        1_234_567_891L,
                        1_234_567_891L));
    }

    @Test
    void nothingAndExtremesDoNoHarm() {
        assertThat(histogram.summary()).isEqualTo(new Summary(0, 0, 0, 0, 0, 0, 0, 0));
        assertThat(histogram.getSnapshot().get99thPercentile()).isZero();

        histogram.update(-5);
        histogram.update(Long.MAX_VALUE / 4);

        assertThat(histogram.summary().leastNanos()).isZero();
        assertThat(histogram.summary().greatestNanos()).isEqualTo(Long.MAX_VALUE / 4);
        assertThat(histogram.summary().count()).isEqualTo(2);
    }

    @Test
    void countsBelowMillisecondsAndTheirDoublesAreExact() {
        for (int i = 0; i < 21; i++) {
            histogram.update((MILLI << i) - 1000);
            histogram.update(MILLI << i);
        }
        for (int i = 0; i < 21; i++) {
            assertThat(histogram.shorterThan(1000L << i))
                    .as("below %d ms", 1 << i)
                    .isEqualTo(2L * i + 1);
        }
        assertThat(histogram.shorterThan(Long.MAX_VALUE)).isEqualTo(42);
    }

    @Test
    void whatTwoHaveTogetherIsTheirSum() {
        DurationHistogram other = new DurationHistogram();
        histogram.update(10 * MILLI);
        other.update(30 * MILLI);
        other.update(50 * MILLI);

        histogram.addAll(other);

        Summary both = histogram.summary();
        assertThat(both.count()).isEqualTo(3);
        assertThat(both.sumNanos()).isEqualTo(90 * MILLI);
        assertThat(both.meanNanos()).isEqualTo(30.0 * MILLI);
        assertThat(both.p50Nanos()).isCloseTo(30 * MILLI, CLOSE);
        assertThat(other.summary().count()).isEqualTo(2);
    }

    @Test
    void theLibrarysSnapshotSaysTheSameAndStaysAsItWas() {
        histogram.update(2 * MILLI);
        histogram.update(4 * MILLI);
        Snapshot snapshot = histogram.getSnapshot();
        histogram.update(100 * MILLI);

        assertThat(snapshot.size()).isEqualTo(2);
        assertThat(snapshot.getMax()).isEqualTo(4 * MILLI);
        assertThat(snapshot.getMin()).isEqualTo(2 * MILLI);
        assertThat(snapshot.getMean()).isEqualTo(3.0 * MILLI);
        assertThat(snapshot.getStdDev()).isCloseTo(1.0 * MILLI, within(1.0));
        assertThat(snapshot.getValues()).hasSize(2);
    }
}
