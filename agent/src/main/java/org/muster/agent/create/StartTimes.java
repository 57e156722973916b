package org.muster.agent.create;

import java.util.function.IntConsumer;

/**
 * How long starts took, by how many ran at once: a mean for each sixteenth of an octave, older ones weighing less and less.
 *
 * <p>Logarithms throughout: twice as long is as far off as half as long. Confined to its owner.
 */
final class StartTimes {
    private static final int PER_OCTAVE = 16;
    private static final int LEVELS = 10 * PER_OCTAVE + 1; // 1 to 1024 at once
    private static final double LEAST_WEIGHT = 0.05;

    private final double[] weight = new double[LEVELS];
    private final double[] octaves = new double[LEVELS];
    private final double[] log = new double[LEVELS];
    private final double[] logSquared = new double[LEVELS];

    static double octavesOf(double atOnce) {
        return Math.log(Math.max(1, atOnce)) / Math.log(2);
    }

    private static int level(double octaves) {
        return Math.min(LEVELS - 1, (int) Math.round(octaves * PER_OCTAVE));
    }

    void add(double atOnce, double seconds) {
        double x = octavesOf(atOnce);
        double y = Math.log(seconds);
        int level = level(x);
        weight[level] += 1;
        octaves[level] += x;
        log[level] += y;
        logSquared[level] += y * y;
    }

    /** Has everything that is known weigh less. */
    void fade(double factor) {
        for (int level = 0; level < LEVELS; level++) {
            weight[level] *= factor;
            octaves[level] *= factor;
            log[level] *= factor;
            logSquared[level] *= factor;
        }
    }

    void forEachLevel(IntConsumer what) {
        for (int level = 0; level < LEVELS; level++) {
            if (weight[level] > LEAST_WEIGHT) {
                what.accept(level);
            }
        }
    }

    double weight(int level) {
        return weight[level];
    }

    /** Where in the level its starts were. */
    double octaves(int level) {
        return octaves[level] / weight[level];
    }

    /** The mean of the logarithms of their seconds. */
    double log(int level) {
        return log[level] / weight[level];
    }

    /** By how much starts of one level differ: the sum of squares. */
    double scatter(int level) {
        return Math.max(0, logSquared[level] - log[level] * log[level] / weight[level]);
    }

    /** The fewest at once of which enough is known; NaN if nothing is. */
    double fewest(double enough) {
        double sum = 0;
        for (int level = 0; level < LEVELS; level++) {
            sum += weight[level];
            if (sum >= enough) {
                return Math.pow(2, (double) level / PER_OCTAVE);
            }
        }
        return Double.NaN;
    }

    /** The most at once of which enough is known; NaN if nothing is. */
    double most(double enough) {
        double sum = 0;
        for (int level = LEVELS - 1; level >= 0; level--) {
            sum += weight[level];
            if (sum >= enough) {
                return Math.pow(2, (double) level / PER_OCTAVE);
            }
        }
        return Double.NaN;
    }
}
