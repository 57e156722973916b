package org.muster.agent.calibrate;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.muster.agent.calibrate.CalibrationReport.Bottleneck;
import org.muster.agent.calibrate.CalibrationReport.Level;

/**
 * What figures mean: the knee, and what keeps the host from more. Without threads and clocks. Stateless.
 *
 * <p>The knee is the least limit with 95 % of the best throughput at which libvirtd still answers others: in three times what it
 * takes idle, or in 50 ms where that is more, for idle it answers in a fraction of a millisecond.
 */
final class Conclusion {
    private static final double AS_GOOD = 0.95;
    private static final int SLOWER_TIMES = 3;
    private static final long UNNOTICED_NANOS = Duration.ofMillis(50).toNanos();
    private static final double CPU_BUSY = 0.85;
    private static final double INFLATED = 1.3;

    private Conclusion() {}

    /** @param levels by rising limit, at least one */
    static int knee(List<Level> levels, long idleRoundTripNanos) {
        double best = best(levels);
        for (Level level : levels) {
            if (level.perSecond() >= AS_GOOD * best && answersOthers(level, idleRoundTripNanos)) {
                return level.limit();
            }
        }
        // None does both: the best of those at which others are answered, else the fewest at once.
        return levels.stream()
                .filter(level -> answersOthers(level, idleRoundTripNanos))
                .max((a, b) -> Double.compare(a.perSecond(), b.perSecond()))
                .orElse(levels.get(0))
                .limit();
    }

    private static double best(List<Level> levels) {
        return levels.stream().mapToDouble(Level::perSecond).max().orElse(0);
    }

    private static boolean answersOthers(Level level, long idleRoundTripNanos) {
        return level.roundTripNanos() <= Math.max(SLOWER_TIMES * idleRoundTripNanos, UNNOTICED_NANOS);
    }

    static Bottleneck bottleneck(List<Level> levels, long idleRoundTripNanos) {
        Level last = levels.get(levels.size() - 1);
        boolean rises = levels.size() > 1
                && levels.subList(0, levels.size() - 1).stream()
                        .allMatch(level -> level.perSecond() < AS_GOOD * last.perSecond());
        if (last.cpuPart() >= CPU_BUSY) {
            return Bottleneck.CPU;
        }
        if (!answersOthers(last, idleRoundTripNanos)) {
            return Bottleneck.LIBVIRTD_WORKERS;
        }
        return rises || last.inflation() < INFLATED ? Bottleneck.NONE_REACHED : Bottleneck.SERIALISED;
    }

    /** How much slower a limit is than the knee, in words; empty for one that was not measured. */
    static String cost(int limit, List<Level> levels, int knee) {
        return levels.stream()
                .filter(level -> level.limit() == limit)
                .findFirst()
                .map(level -> {
                    double atKnee = levels.stream()
                            .filter(other -> other.limit() == knee)
                            .mapToDouble(Level::perSecond)
                            .findFirst()
                            .orElse(0);
                    return String.format(
                            Locale.ROOT,
                            "%d at once costs %.0f %% against the knee",
                            limit,
                            100 * Math.max(0, 1 - level.perSecond() / atKnee));
                })
                .orElse("");
    }
}
