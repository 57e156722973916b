package org.muster.agent.simulation;

import java.time.Duration;

/**
 * How long a call takes: drawn for each from a distribution, and longer while others are under way. Immutable.
 *
 * @param deviation standard deviation; not used by {@link Distribution#FIXED}
 * @param slowdown for each other call of the kind under way, the part of its time that a call takes longer: with 0.1 and ten
 *     others twice as long
 */
record Pace(Distribution distribution, Duration mean, Duration deviation, double slowdown) {
    private static final double MOST = 100; // means: a lognormal tail must not outlast the simulation
    private static final double NANOS = 1e9;

    /** A family of distributions. */
    enum Distribution {
        FIXED,
        NORMAL,
        LOGNORMAL
    }

    /**
     * @param bits chance
     * @param others under way
     */
    Duration draw(long bits, int others) {
        double meanSeconds = mean.toNanos() / NANOS;
        double seconds = switch (distribution) {
            case FIXED -> meanSeconds;
            case NORMAL -> meanSeconds + deviation.toNanos() / NANOS * Draws.normal(bits);
            case LOGNORMAL -> lognormal(meanSeconds, deviation.toNanos() / NANOS, Draws.normal(bits));
        };
        double bounded = Math.max(0, Math.min(seconds, MOST * meanSeconds));
        return Duration.ofNanos((long) (bounded * (1 + slowdown * others) * NANOS));
    }

    /** With the wanted mean and deviation of the times themselves, not of their logarithms. */
    private static double lognormal(double mean, double deviation, double normal) {
        if (mean == 0) {
            return 0;
        }
        double variance = Math.log(1 + deviation * deviation / (mean * mean));
        return Math.exp(Math.log(mean) - variance / 2 + Math.sqrt(variance) * normal);
    }
}
