package org.muster.bench;

import java.util.Arrays;

/** Medians, their intervals and percentiles. Pure; arguments are not changed. */
final class Statistics {
    private static final double WANTED_COVERAGE = 0.95;

    private Statistics() {}

    /**
     * Where the median of the whole distribution lies.
     *
     * @param coverage how often such an interval holds the true median, whatever the distribution
     */
    record Interval(double low, double high, double coverage) {}

    static double median(double[] values) {
        double[] sorted = sorted(values);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow(Statistics::nothing);
    }

    /** The smallest value that at least this part of all values does not exceed (nearest rank). */
    static double percentile(double[] values, double part) {
        double[] sorted = sorted(values);
        int rank = (int) Math.ceil(part * sorted.length);
        return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1];
    }

    /**
     * The narrowest interval between two order statistics, equally far from both ends, that holds the true median in 95 %
     * of all cases or more.
     *
     * <p>It assumes nothing about the distribution. With fewer than six values even the widest one covers less (five: 93.75
     * %); it is given all the same, with what it covers.
     */
    static Interval medianInterval(double[] values) {
        double[] sorted = sorted(values);
        int cut = 0; // values left out at either end
        while (2 * (cut + 1) < sorted.length && coverage(sorted.length, cut + 1) >= WANTED_COVERAGE) {
            cut++;
        }
        return new Interval(sorted[cut], sorted[sorted.length - 1 - cut], coverage(sorted.length, cut));
    }

    /** 1 minus the chance that at most {@code cut} of {@code count} fair coins, or all but that many, show heads. */
    private static double coverage(int count, int cut) {
        double term = Math.pow(0.5, count);
        double tail = term;
        for (int i = 1; i <= cut; i++) {
            term = term * (count - i + 1) / i;
            tail += term;
        }
        return Math.max(0, 1 - 2 * tail);
    }

    private static double[] sorted(double[] values) {
        if (values.length == 0) {
            throw nothing();
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    private static IllegalArgumentException nothing() {
        return new IllegalArgumentException("statistics need at least one value");
    }
}
