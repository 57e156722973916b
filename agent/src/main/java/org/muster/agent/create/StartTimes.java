package org.muster.agent.create;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.muster.agent.journal.JournalRecord.Learnt.Level;

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

    /** What {@link #levels} gave; empty if that cannot be it. */
    static Optional<StartTimes> of(List<Level> levels) {
        StartTimes times = new StartTimes();
        for (Level one : levels) {
            double sum = one.octaves() + one.log() + one.logSquared();
            boolean good = one.level() >= 0 && one.level() < LEVELS && one.weight() > 0 && one.octaves() >= 0;
            if (!good || !Double.isFinite(one.weight() + sum)) {
                return Optional.empty();
            }
            times.weight[one.level()] = one.weight();
            times.octaves[one.level()] = one.octaves();
            times.log[one.level()] = one.log();
            times.logSquared[one.level()] = one.logSquared();
        }
        return Optional.of(times);
    }

    /** All that counts for something. */
    List<Level> levels() {
        List<Level> levels = new ArrayList<>();
        forEachLevel(i -> levels.add(new Level(i, weight[i], octaves[i], log[i], logSquared[i])));
        return levels;
    }

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

    /** Has all that is known have taken longer, by so much of a logarithm; their scatter stays. */
    void shift(double longer) {
        for (int level = 0; level < LEVELS; level++) {
            logSquared[level] += (2 * log[level] + weight[level] * longer) * longer;
            log[level] += weight[level] * longer;
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
