package org.muster.agent.calibrate;

import java.util.List;
import java.util.TreeSet;

/**
 * What to measure.
 *
 * @param limits how many to start at once, in rising order; 1 is always among them
 * @param guests how many to start at each limit, each time
 * @param repeats how often
 */
public record CalibrationRequest(List<Integer> limits, int guests, int repeats) {
    private static final int MOST_USUAL = 16;

    public CalibrationRequest {
        TreeSet<Integer> rising = new TreeSet<>(limits);
        rising.add(1); // what all others are compared with
        limits = List.copyOf(rising);
    }

    /** Doubles up to 16, or to {@code most} itself where that is less. */
    public static List<Integer> usualLimits(int most) {
        TreeSet<Integer> limits = new TreeSet<>(List.of(1, 2, 4, 8, MOST_USUAL));
        limits.add(Math.min(most, MOST_USUAL));
        return List.copyOf(limits.headSet(most, true));
    }
}
