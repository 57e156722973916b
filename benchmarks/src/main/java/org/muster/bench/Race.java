package org.muster.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/**
 * Muster and the floor in turn, in one run: first the floor's best number of threads is looked for, then that and its better
 * neighbour take every round beside Muster. Confined to main.
 *
 * <p>Calibration: two rounds over all numbers of threads; the second leaves out those that took 25 % longer than the best in
 * the first. Rounds: each starts with the one the last ended with, so that what the legs leave behind falls on all alike.
 */
final class Race {
    private static final double HOPELESS = 1.25;
    private static final int MUSTER = 0; // beside thread counts, which are 1 and more

    /** One leg, from a clean machine to a clean machine. */
    interface Legs {
        Spans muster() throws BenchException, InterruptedException;

        Spans floor(int threads) throws BenchException, InterruptedException;
    }

    private final String name;
    private final Legs legs;
    private final Map<Integer, List<Spans>> results = new LinkedHashMap<>(); // by thread count, MUSTER for Muster's

    Race(String name, Legs legs) {
        this.name = name;
        this.legs = legs;
    }

    /**
     * Runs it all.
     *
     * @param threads among which the floor's best is looked for
     */
    void run(List<Integer> threads, int rounds) throws BenchException, InterruptedException {
        tell("warm-up", "Muster", legs.muster());
        List<Integer> order = new ArrayList<>(calibrated(threads));
        order.add(0, MUSTER);
        for (int round = 1; round <= rounds; round++) {
            for (int who : order) {
                Spans spans = who == MUSTER ? legs.muster() : legs.floor(who);
                results.computeIfAbsent(who, none -> new ArrayList<>()).add(spans);
                tell("round " + round + "/" + rounds, who == MUSTER ? "Muster" : "floor, " + who + " threads", spans);
            }
            order = new ArrayList<>(order);
            Collections.reverse(order);
        }
    }

    private Set<Integer> calibrated(List<Integer> threads) throws BenchException, InterruptedException {
        if (threads.size() == 1) {
            return Set.copyOf(threads);
        }
        Map<Integer, Double> first = new TreeMap<>();
        for (int count : threads) {
            first.put(count, calibrate(count));
        }
        double best = first.values().stream().min(Comparator.naturalOrder()).orElseThrow();
        Map<Integer, Double> mean = new TreeMap<>(first);
        for (int count : threads) {
            if (first.get(count) <= best * HOPELESS) {
                mean.put(count, (first.get(count) + calibrate(count)) / 2);
            }
        }
        return bestAndNeighbour(threads, mean);
    }

    private double calibrate(int threads) throws BenchException, InterruptedException {
        Spans spans = legs.floor(threads);
        tell("calibration", "floor, " + threads + " threads", spans);
        return spans.total();
    }

    /** The thread count with the least seconds, and whichever of those next to it has fewer. */
    static Set<Integer> bestAndNeighbour(List<Integer> threads, Map<Integer, Double> seconds) {
        Comparator<Integer> bySeconds = Comparator.comparing(seconds::get);
        int best = threads.stream().min(bySeconds).orElseThrow();
        int at = threads.indexOf(best);
        Set<Integer> chosen = new TreeSet<>(Set.of(best));
        threads.subList(Math.max(0, at - 1), Math.min(threads.size(), at + 2)).stream()
                .filter(count -> count != best)
                .min(bySeconds)
                .ifPresent(chosen::add);
        return chosen;
    }

    /** One figure of all rounds; the floor's is that of the thread count whose median is the least. */
    Measured measured(String figure, ToDoubleFunction<Spans> value) {
        int best = results.keySet().stream()
                .filter(who -> who != MUSTER)
                .min(Comparator.comparingDouble(who -> Statistics.median(values(who, value))))
                .orElseThrow();
        String others =
                results.keySet().stream().filter(who -> who != MUSTER).toList().toString();
        return new Measured(
                name + "." + figure,
                "s",
                values(MUSTER, value),
                values(best, value),
                "floor: " + best + " threads, the best by median of " + others);
    }

    private double[] values(int who, ToDoubleFunction<Spans> value) {
        return results.get(who).stream().mapToDouble(value).toArray();
    }

    private void tell(String when, String who, Spans spans) {
        Progress.say("%s, %s, %s: total %.3f s, mean %.3f s".formatted(name, when, who, spans.total(), spans.mean()));
    }
}
