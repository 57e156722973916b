package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class StatisticsTest {
    @Test
    void medianOfAnOddNumberIsTheMiddleOne() {
        assertThat(Statistics.median(new double[] {9, 1, 5})).isEqualTo(5);
    }

    @Test
    void medianOfAnEvenNumberLiesHalfWay() {
        assertThat(Statistics.median(new double[] {4, 1, 3, 2})).isEqualTo(2.5);
    }

    @Test
    void percentileIsTheNearestRank() {
        double[] hundred = IntStream.rangeClosed(1, 100).mapToDouble(i -> i).toArray();
        assertThat(Statistics.percentile(hundred, 0.99)).isEqualTo(99);
        assertThat(Statistics.percentile(hundred, 1)).isEqualTo(100);
        assertThat(Statistics.percentile(new double[] {7}, 0.01)).isEqualTo(7);
    }

    @Test
    void fiveRoundsCoverLessThan95PercentAndSaySo() {
        Statistics.Interval interval = Statistics.medianInterval(new double[] {5, 3, 1, 2, 4});
        assertThat(interval).isEqualTo(new Statistics.Interval(1, 5, 0.9375));
    }

    @Test
    void sixRoundsCover95PercentFromTheLeastToTheMost() {
        Statistics.Interval interval = Statistics.medianInterval(new double[] {6, 5, 3, 1, 2, 4});
        assertThat(interval).isEqualTo(new Statistics.Interval(1, 6, 0.96875));
    }

    @Test
    void nineRoundsLeaveOutTheOutermost() {
        Statistics.Interval interval = Statistics.medianInterval(new double[] {9, 8, 7, 6, 5, 4, 3, 2, 1});
        assertThat(interval.low()).isEqualTo(2);
        assertThat(interval.high()).isEqualTo(8);
        assertThat(interval.coverage()).isCloseTo(0.9609, within(0.0001));
    }

    @Test
    void oneRoundCoversNothing() {
        assertThat(Statistics.medianInterval(new double[] {2})).isEqualTo(new Statistics.Interval(2, 2, 0));
    }

    @Test
    void theIntervalHoldsTheTrueMedianAsOftenAsItSays() {
        long seed = 20261121;
        Random random = new Random(seed);
        int holds = 0;
        int runs = 4000;
        for (int run = 0; run < runs; run++) {
            double[] values =
                    random.doubles(12).map(x -> -Math.log(1 - x)).toArray(); // median ln 2, far from symmetric
            Statistics.Interval interval = Statistics.medianInterval(values);
            if (interval.low() <= Math.log(2) && Math.log(2) <= interval.high()) {
                holds++;
            }
        }
        double says = Statistics.medianInterval(new double[12]).coverage();
        assertThat(holds / (double) runs).as("seed %d", seed).isCloseTo(says, within(0.01));
    }

    @Test
    void nothingHasNoMedian() {
        assertThatIllegalArgumentException().isThrownBy(() -> Statistics.median(new double[0]));
    }
}
