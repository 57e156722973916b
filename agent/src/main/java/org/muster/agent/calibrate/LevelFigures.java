package org.muster.agent.calibrate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.muster.agent.calibrate.CalibrationReport.Level;

/** All that was measured at one limit. Confined to the thread that leads. */
final class LevelFigures {
    private final int limit;
    private final List<Long> callNanos = new ArrayList<>();
    private long wallNanos;
    private long roundTripNanos;
    private double cpuSum;
    private int cpuKnown;

    LevelFigures(int limit) {
        this.limit = limit;
    }

    int limit() {
        return limit;
    }

    /** @param cpuPart negative if not known */
    void add(long wall, List<Long> calls, long roundTrip, double cpuPart) {
        wallNanos += wall;
        callNanos.addAll(calls);
        roundTripNanos = Math.max(roundTripNanos, roundTrip);
        if (cpuPart >= 0) {
            cpuSum += cpuPart;
            cpuKnown++;
        }
    }

    /** Half of the calls took no longer. */
    long medianNanos() {
        List<Long> sorted = new ArrayList<>(callNanos);
        Collections.sort(sorted);
        return part(sorted, 0.5);
    }

    private double meanNanos() {
        return callNanos.stream().mapToLong(Long::longValue).average().orElse(0);
    }

    /** Deviation over mean. */
    double spread() {
        double mean = meanNanos();
        double square = callNanos.stream()
                .mapToDouble(nanos -> (nanos - mean) * (nanos - mean))
                .average()
                .orElse(0);
        return mean == 0 ? 0 : Math.sqrt(square) / mean;
    }

    /** @param medianOfOneNanos at one at a time */
    Level level(long medianOfOneNanos) {
        List<Long> sorted = new ArrayList<>(callNanos);
        Collections.sort(sorted);
        return new Level(
                limit,
                sorted.size(),
                wallNanos,
                meanNanos(),
                part(sorted, 0.5),
                part(sorted, 0.95),
                part(sorted, 0.99),
                part(sorted, 1),
                medianOfOneNanos == 0 ? 1 : part(sorted, 0.5) / (double) medianOfOneNanos,
                roundTripNanos,
                cpuKnown == 0 ? -1 : cpuSum / cpuKnown);
    }

    private static long part(List<Long> sorted, double part) {
        return sorted.isEmpty() ? 0 : sorted.get((int) Math.ceil(part * sorted.size()) - 1);
    }
}
