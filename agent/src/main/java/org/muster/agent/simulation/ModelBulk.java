package org.muster.agent.simulation;

import java.util.Random;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Many starts at once on a {@link ModelHost}, under a limit, in virtual time. Stateless. */
public final class ModelBulk {
    private static final double WITHIN = 1e-12;

    private ModelBulk() {}

    /** How many may run at once; may learn. */
    public interface Limit {
        int now();

        /** So many are asked for. */
        default void asked(int count) {}

        /**
         * A start has ended.
         *
         * @param atOnce how many ran meanwhile, in the mean, itself counted
         * @param began when it began
         * @param oldest when the oldest that still runs began; {@code at} if none runs
         * @param left how many wait or run
         * @param at the time
         */
        default void ended(double atOnce, double began, double oldest, int left, double at) {}

        static Limit of(int fixed) {
            return () -> fixed;
        }
    }

    /**
     * What came of it; seconds since all were asked for.
     *
     * @param ended of each start, in the order in which they were asked
     */
    @SuppressWarnings("ArrayRecordComponent") // figures of a model: nobody compares two
    public record Times(double total, double mean, double[] ended) {
        /** By how much, at worst, it is slower than another in the total or in the mean. */
        public double beside(Times other) {
            return Math.max(total / other.total, mean / other.mean);
        }
    }

    /**
     * Starts that differ in size: lognormal around 1.
     *
     * @param spread the deviation of its logarithm; 0: all alike
     */
    public static double[] sizes(int count, double spread, long seed) {
        Random random = new Random(seed);
        double[] sizes = new double[count];
        for (int i = 0; i < count; i++) {
            sizes[i] = spread == 0 ? 1 : Math.exp(spread * random.nextGaussian() - spread * spread / 2);
        }
        return sizes;
    }

    /** @param from the time at which all are asked for; nothing else runs then */
    public static Times run(ModelHost host, Limit limit, double[] sizes, double from) {
        int count = sizes.length;
        double[] began = new double[count];
        double[] workBefore = new double[count];
        double[] ended = new double[count];
        boolean[] over = new boolean[count];
        double work = 0;
        double sum = 0;
        double now = from;
        int next = 0;
        int oldest = 0;
        int running = 0;
        limit.asked(count);
        for (int done = 0; done < count; done++) {
            for (; next < count && running < Math.max(1, limit.now()); next++) {
                host.begin(next, sizes[next], now);
                began[next] = now;
                workBefore[next] = work;
                running++;
            }
            double end = host.nextEnd();
            work += running * (end - now);
            now = end;
            int id = host.endNext();
            running--;
            over[id] = true;
            ended[id] = now - from;
            sum += ended[id];
            double took = now - began[id];
            while (oldest < next && over[oldest]) {
                oldest++;
            }
            double since = oldest < next ? began[oldest] : now;
            double atOnce = (work - workBefore[id]) / Math.max(WITHIN, took);
            limit.ended(atOnce, began[id], since, running + count - next, now);
        }
        return new Times(now - from, sum / count, ended);
    }

    /** The best that any one limit gives of total and mean together. */
    public static Times best(Supplier<ModelHost> host, double[] sizes, int mostAtOnce) {
        Times best = null;
        double least = Double.POSITIVE_INFINITY;
        for (int limit : candidates(Math.min(mostAtOnce, sizes.length))) {
            Times times = run(host.get(), Limit.of(limit), sizes, 0);
            double cost = times.total * times.mean;
            if (cost < least) {
                least = cost;
                best = times;
            }
        }
        return best;
    }

    private static int[] candidates(int most) {
        TreeSet<Integer> all = new TreeSet<>();
        for (double limit = 1; limit < most; limit = Math.max(limit + 1, limit * 1.04)) {
            all.add((int) limit);
        }
        for (int waves = 1; waves <= 8; waves++) {
            all.add((most + waves - 1) / waves);
        }
        return all.stream().mapToInt(Integer::intValue).toArray();
    }
}
