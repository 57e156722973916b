package org.muster.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.muster.agent.simulation.ModelBulk;

/** What the literature has instead of Muster's rule, in its simplest form: for the table in docs/limiter.md. */
final class Alternatives {
    private static final double MOST = 512;

    private Alternatives() {}

    static Map<String, ModelBulk.Limit> all(int cpus) {
        int first = Math.max(4, Math.min(8, 2 * cpus));
        Map<String, ModelBulk.Limit> all = new LinkedHashMap<>();
        all.put("AIMD on latency", new Aimd(first));
        all.put("Vegas", new Vegas(first));
        all.put("Gradient2", new Gradient2(first));
        return all;
    }

    private abstract static class Learning implements ModelBulk.Limit {
        private double limit;

        Learning(int first) {
            limit = first;
        }

        @Override
        public final int now() {
            return (int) limit;
        }

        @Override
        public final void ended(double atOnce, double began, double oldest, int left, double at) {
            limit = Math.max(1, Math.min(MOST, next(limit, atOnce, at - began)));
        }

        abstract double next(double limit, double atOnce, double seconds);
    }

    /** One more each round, a tenth less for a start that took more than twice the least time seen. */
    private static final class Aimd extends Learning {
        private double least = Double.POSITIVE_INFINITY;

        Aimd(int first) {
            super(first);
        }

        @Override
        double next(double limit, double atOnce, double seconds) {
            least = Math.min(least, seconds);
            if (seconds > 2 * least) {
                return limit * 0.9;
            }
            return atOnce * 2 < limit ? limit : limit + 1 / limit;
        }
    }

    /** Keeps a queue of three to six times the logarithm of the limit, as far as the least time seen tells. */
    private static final class Vegas extends Learning {
        private double least = Double.POSITIVE_INFINITY;

        Vegas(int first) {
            super(first);
        }

        @Override
        double next(double limit, double atOnce, double seconds) {
            least = Math.min(least, seconds);
            if (atOnce * 2 < limit) {
                return limit;
            }
            double queue = Math.ceil(limit * (1 - least / seconds));
            double unit = Math.max(1, Math.log10(limit));
            if (queue <= unit) {
                return limit + 6 * unit;
            }
            if (queue < 3 * unit) {
                return limit + unit;
            }
            return queue > 6 * unit ? limit - unit : limit;
        }
    }

    /** The limit times the long-term time by the present one, half as much again tolerated, and four more. */
    private static final class Gradient2 extends Learning {
        private static final int WARM_UP = 10;
        private static final double LONG_TERM = 600;

        private double longTerm;
        private int count;

        Gradient2(int first) {
            super(first);
        }

        @Override
        double next(double limit, double atOnce, double seconds) {
            count++;
            longTerm += (seconds - longTerm) * (count <= WARM_UP ? 1.0 / count : 2 / (LONG_TERM + 1));
            if (longTerm > 2 * seconds) {
                longTerm *= 0.95;
            }
            if (atOnce * 2 < limit) {
                return limit;
            }
            double gradient = Math.max(0.5, Math.min(1, 1.5 * longTerm / seconds));
            return 0.8 * limit + 0.2 * (limit * gradient + 4);
        }
    }
}
