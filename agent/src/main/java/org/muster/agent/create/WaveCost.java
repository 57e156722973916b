package org.muster.agent.create;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** Which limit is best for so many starts if their time by how many run at once is known. Stateless. */
final class WaveCost {
    private static final double FINER = 1.03; // limits that differ by less are the same

    private WaveCost() {}

    /** What may be chosen from, ascending: the larger, the wider apart. */
    static int[] limits(int from, int to) {
        int[] all = new int[to - from + 1];
        int count = 0;
        for (double limit = from; limit < to; limit = Math.max(limit + 1, limit * FINER)) {
            all[count++] = (int) Math.round(limit);
        }
        all[count++] = to;
        return Arrays.stream(all, 0, count).distinct().toArray();
    }

    /**
     * Of the limits the one with the least total and mean time; of those that are as good the smallest.
     *
     * @param same costs that differ by no more are equal
     */
    static int best(int starts, int[] limits, DoubleUnaryOperator logSeconds, double same) {
        int all = Math.max(starts, limits[0]); // larger ones are the same
        int[] some = Arrays.stream(limits)
                .map(limit -> Math.min(limit, all))
                .distinct()
                .toArray();
        double[] costs = Arrays.stream(some)
                .mapToDouble(limit -> of(starts, limit, logSeconds))
                .toArray();
        double least = Arrays.stream(costs).min().orElseThrow();
        int first = 0;
        while (costs[first] > least + same) {
            first++;
        }
        return some[first];
    }

    /** The logarithm of the product of the time until all are started and the mean time until one is: in waves. */
    static double of(int starts, int limit, DoubleUnaryOperator logSeconds) {
        if (limit >= starts) {
            return 2 * logSeconds.applyAsDouble(starts);
        }
        double wave = Math.exp(logSeconds.applyAsDouble(limit));
        int waves = starts / limit;
        int rest = starts - waves * limit;
        double total = waves * wave + (rest == 0 ? 0 : Math.exp(logSeconds.applyAsDouble(rest)));
        double mean = (limit * wave * waves * (waves + 1) / 2.0 + rest * total) / starts;
        return Math.log(total) + Math.log(mean);
    }
}
