package org.muster.bench;

import java.util.Arrays;

/**
 * One metric of Muster's and of the floor's, round by round.
 *
 * @param muster one value a round
 * @param floor the same rounds
 * @param note what the figures are, for a reader who was not there
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never changed or compared
record Measured(String metric, String unit, double[] muster, double[] floor, String note) {
    Measured {
        if (muster.length == 0 || muster.length != floor.length) {
            throw new IllegalArgumentException(
                    metric + " needs as many rounds of both, got " + muster.length + " and " + floor.length);
        }
    }

    /**
     * What must never be more than {@code most}: the worst of all rounds stands for each, for a median would forgive it.
     *
     * @param worst the most of each round
     */
    static Measured never(String metric, String unit, double[] worst, double most, String note) {
        double[] every = new double[worst.length];
        Arrays.fill(every, Arrays.stream(worst).max().orElseThrow());
        double[] allowed = new double[worst.length];
        Arrays.fill(allowed, most);
        return new Measured(metric, unit, every, allowed, note);
    }
}
