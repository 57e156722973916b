package org.muster.agent.create;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * The curves that explain what was measured: each shape with each number of starts that the host may serve side by side, by
 * least squares, the time alone following from these.
 *
 * <p>Immutable.
 */
final class CurveFit {
    private static final int PER_OCTAVE = 16;
    private static final int FEWEST_OCTAVE = -1;
    private static final int CAPACITIES = 11 * PER_OCTAVE + 1; // half a start to 1024 side by side
    private static final double LEAST_ERROR = 0.03; // no start's time is known better
    private static final double DOUBT = 0.02; // in place of what few starts do not show of their scatter

    // What is expected of a host that nothing is known of: as many as it has CPUs, to a factor of 2.8, and suddenly.
    private static final double EXPECTED_OCTAVES = 1.5;
    private static final double UNEXPECTED_SHAPE = 0.5;

    // What the curve does not explain is put right near to where it was measured, as if two starts said that it does.
    private static final double NEAR_OCTAVES = 0.12;
    private static final double NEAR_AT_MOST = 3 * NEAR_OCTAVES;
    private static final double TRUST_IN_CURVE = 2;
    private static final double TRUST_IN_VARIANCE = 24;

    /** One curve. */
    private record Curve(int shape, double capacityOctaves, double logAlone, double misfit) {
        double log(double octaves) {
            return logAlone + CurveShapes.log(shape, octaves - capacityOctaves);
        }
    }

    private final StartTimes times;
    private final List<Curve> curves = new ArrayList<>();
    private final Curve best;
    private final double variance;

    private CurveFit(StartTimes times, int hostCpus) {
        this.times = times;
        Points points = new Points(times);
        List<Curve> raw = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        for (int shape = 0; shape < CurveShapes.count(); shape++) {
            for (int i = 0; i < CAPACITIES; i++) {
                Curve curve = points.curve(shape, FEWEST_OCTAVE + (double) i / PER_OCTAVE);
                raw.add(curve);
                least = Math.min(least, curve.misfit);
            }
        }
        variance = Math.max(LEAST_ERROR * LEAST_ERROR, (points.scatter + least + DOUBT) / (points.freedom + 1));
        double expected = StartTimes.octavesOf(hostCpus);
        Curve found = null;
        for (Curve curve : raw) {
            double off = (curve.capacityOctaves - expected) / EXPECTED_OCTAVES;
            double misfit = curve.misfit / variance + off * off + (curve.shape == 0 ? 0 : UNEXPECTED_SHAPE);
            Curve judged = new Curve(curve.shape, curve.capacityOctaves, curve.logAlone, misfit);
            curves.add(judged);
            found = found == null || misfit < found.misfit ? judged : found;
        }
        best = found;
    }

    /** @param times at least one start */
    static CurveFit of(StartTimes times, int hostCpus) {
        return new CurveFit(times, hostCpus);
    }

    /** By how much a start's time differs from the curve, as a variance of logarithms. */
    double variance() {
        return variance;
    }

    /** How many are served side by side, and what a start takes alone, by the best curve. */
    double capacity() {
        return Math.pow(2, best.capacityOctaves);
    }

    double secondsAlone() {
        return Math.exp(best.logAlone);
    }

    /** The logarithm of a usual start's seconds by how many run at once, as far as is known. */
    double logSeconds(double atOnce) {
        return near(StartTimes.octavesOf(atOnce)).log;
    }

    /**
     * The logarithm of the mean of starts' seconds, lognormal: of this follows what gets done, and many at once differ more than few do, for
     * none of them has its turn for certain.
     */
    double logMeanSeconds(double atOnce) {
        Near near = near(StartTimes.octavesOf(atOnce));
        return near.log + near.variance / 2;
    }

    private record Near(double log, double variance) {}

    private Near near(double octaves) {
        double[] sums = new double[3];
        times.forEachLevel(level -> {
            double off = times.octaves(level) - octaves;
            if (Math.abs(off) < NEAR_AT_MOST) {
                double share = Math.exp(-off * off / (2 * NEAR_OCTAVES * NEAR_OCTAVES));
                double weight = share * times.weight(level);
                double error = times.log(level) - best.log(times.octaves(level));
                sums[0] += weight;
                sums[1] += weight * error;
                sums[2] += share * times.scatter(level) + weight * error * error;
            }
        });
        double mean = sums[0] == 0 ? 0 : sums[1] / sums[0];
        double scatter = Math.max(0, sums[2] - sums[0] * mean * mean);
        return new Near(
                best.log(octaves) + sums[1] / (sums[0] + TRUST_IN_CURVE),
                (scatter + TRUST_IN_VARIANCE * variance) / (sums[0] + TRUST_IN_VARIANCE));
    }

    /** How much longer those took than is explained, as a logarithm. */
    double unexplained(StartTimes some) {
        double[] sums = new double[2];
        some.forEachLevel(level -> {
            double seconds = logSeconds(Math.pow(2, some.octaves(level)));
            sums[0] += some.weight(level) * (some.log(level) - seconds);
            sums[1] += some.weight(level);
        });
        return sums[0] / sums[1];
    }

    /** Every curve that explains nearly as much as the best one. */
    List<DoubleUnaryOperator> plausible(double tolerance) {
        List<DoubleUnaryOperator> some = new ArrayList<>();
        for (Curve curve : curves) {
            if (curve.misfit <= best.misfit + tolerance) {
                some.add(atOnce -> curve.log(StartTimes.octavesOf(atOnce)));
            }
        }
        return some;
    }

    /** What was measured, in arrays: it is gone through a thousand times. */
    private static final class Points {
        private final double[] weight;
        private final double[] octaves;
        private final double[] log;
        private double sum;
        private double scatter;
        private double freedom;

        Points(StartTimes times) {
            List<Integer> levels = new ArrayList<>();
            times.forEachLevel(levels::add);
            weight = levels.stream().mapToDouble(times::weight).toArray();
            octaves = levels.stream().mapToDouble(times::octaves).toArray();
            log = levels.stream().mapToDouble(times::log).toArray();
            for (int level : levels) {
                sum += times.weight(level);
                scatter += times.scatter(level);
                freedom += 1 + Math.max(0, times.weight(level) - 1);
            }
        }

        Curve curve(int shape, double capacityOctaves) {
            double errors = 0;
            double squares = 0;
            for (int i = 0; i < weight.length; i++) {
                double error = log[i] - CurveShapes.log(shape, octaves[i] - capacityOctaves);
                errors += weight[i] * error;
                squares += weight[i] * error * error;
            }
            double alone = errors / sum;
            return new Curve(shape, capacityOctaves, alone, Math.max(0, squares - errors * alone));
        }
    }
}
