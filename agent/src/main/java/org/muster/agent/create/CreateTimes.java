package org.muster.agent.create;

import com.codahale.metrics.MetricRegistry;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.metrics.DurationHistogram;
import org.muster.agent.metrics.HistogramTimer;

/**
 * How long creates took that came up, phase by phase and class by class, since the start or the last reset; and the slowest of them.
 *
 * <p>Only those count that were seen from their request to their end: then every phase has as many, and the sums of the phases
 * are the sum of the totals. The registry's timers, for JMX and Prometheus, are never reset. Thread-safe.
 */
final class CreateTimes {
    private static final int SLOWEST = 20;
    private static final Set<Phase> ALL_THE_WAY = EnumSet.of(
            Phase.VALIDATE,
            Phase.JOURNAL,
            Phase.QUEUE_WAIT,
            Phase.PREPARE,
            Phase.TO_RUNNING,
            Phase.PUBLISH,
            Phase.TOTAL);
    private static final Comparator<CreateRecord> FASTEST_FIRST =
            Comparator.comparingLong(create -> create.phaseNanos().get(Phase.TOTAL));

    private final MetricRegistry registry;
    private final CallInflation inflation;
    private final LongSupplier wallMillis;

    @GuardedBy("this")
    private final Map<CreateClass, Map<Phase, DurationHistogram>> times = new EnumMap<>(CreateClass.class);

    @GuardedBy("this")
    private final Map<State, Long> outcomes = new EnumMap<>(State.class);

    @GuardedBy("this")
    private final PriorityQueue<CreateRecord> slowest = new PriorityQueue<>(FASTEST_FIRST);

    @GuardedBy("this")
    private long timed;

    @GuardedBy("this")
    private long sinceMillis;

    CreateTimes(MetricRegistry registry, CallInflation inflation, LongSupplier wallMillis) {
        this.registry = registry;
        this.inflation = inflation;
        this.wallMillis = wallMillis;
        this.sinceMillis = wallMillis.getAsLong();
        // There from the start, at zero, so that whoever computes rates misses no first create.
        ALL_THE_WAY.forEach(phase -> timer(phase, CreateClass.NORMAL));
    }

    /** A create has ended, and everybody has been told. */
    void ended(CreateRecord end) {
        count(end);
        if (isTimed(end)) {
            end.phaseNanos()
                    .forEach((phase, nanos) -> timer(phase, end.createClass()).update(nanos, TimeUnit.NANOSECONDS));
        }
    }

    /** One that came up and was seen all the way, so that the phases add up. */
    static boolean isTimed(CreateRecord end) {
        return cameUp(end) && end.phaseNanos().keySet().containsAll(ALL_THE_WAY);
    }

    private static boolean cameUp(CreateRecord end) {
        return end.state() == State.UP || end.state() == State.PAUSED;
    }

    private synchronized void count(CreateRecord end) {
        outcomes.merge(end.state(), 1L, Long::sum);
        if (!isTimed(end)) {
            return;
        }
        timed++;
        Map<Phase, DurationHistogram> mine = times.computeIfAbsent(end.createClass(), c -> new EnumMap<>(Phase.class));
        end.phaseNanos()
                .forEach((phase, nanos) -> mine.computeIfAbsent(phase, p -> new DurationHistogram())
                        .update(nanos));
        slowest.add(end);
        if (slowest.size() > SLOWEST) {
            slowest.remove();
        }
    }

    private HistogramTimer timer(Phase phase, CreateClass createClass) {
        String name = "create.phase." + word(phase) + "." + word(createClass);
        return (HistogramTimer) registry.timer(name, HistogramTimer::new); // nobody else uses such names
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** From now on only what ends later counts. */
    synchronized void reset() {
        times.clear();
        outcomes.clear();
        slowest.clear();
        timed = 0;
        inflation.reset();
        sinceMillis = wallMillis.getAsLong();
    }

    synchronized CreateStats stats() {
        Map<Phase, DurationHistogram> sums = new EnumMap<>(Phase.class);
        Map<CreateClass, Map<Phase, DurationHistogram.Summary>> classes = new EnumMap<>(CreateClass.class);
        times.forEach((createClass, phases) -> {
            classes.put(createClass, summaries(phases));
            phases.forEach((phase, each) ->
                    sums.computeIfAbsent(phase, p -> new DurationHistogram()).addAll(each));
        });
        List<CreateRecord> slow = new ArrayList<>(slowest);
        slow.sort(FASTEST_FIRST.reversed());
        return new CreateStats(
                sinceMillis, new EnumMap<>(outcomes), timed, summaries(sums), classes, slow, inflation.all());
    }

    private static Map<Phase, DurationHistogram.Summary> summaries(Map<Phase, DurationHistogram> phases) {
        Map<Phase, DurationHistogram.Summary> summaries = new EnumMap<>(Phase.class);
        phases.forEach((phase, histogram) -> summaries.put(phase, histogram.summary()));
        return summaries;
    }

    /** The same of these creates alone. */
    static CreateStats of(List<CreateRecord> ended, long sinceMillis) {
        CreateTimes times = new CreateTimes(new MetricRegistry(), new CallInflation(), () -> sinceMillis);
        ended.forEach(times::count);
        return times.stats();
    }

    /**
     * How fast these were, together, whichever lives of ours they had. One whose end was lost with a life of ours counts among them: it
     * ended before those of the next one.
     */
    static CreateStats.Span span(List<CreateRecord> ended) {
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        int started = 0;
        for (CreateRecord end : ended) {
            if (!cameUp(end)) {
                continue;
            }
            started++;
            if (end.acceptedAtMillis() > 0) {
                first = Math.min(first, beganNanos(end));
            }
            if (end.endedAtMillis() > 0) {
                last = Math.max(last, TimeUnit.MILLISECONDS.toNanos(end.endedAtMillis()));
            }
        }
        return new CreateStats.Span(started, first < last ? last - first : 0);
    }

    /** Wall clock: when its message had been read, or it was accepted, where that alone is known. */
    private static long beganNanos(CreateRecord end) {
        Long total = end.phaseNanos().get(Phase.TOTAL);
        boolean exact = total != null && end.endedAtMillis() > 0;
        return exact
                ? TimeUnit.MILLISECONDS.toNanos(end.endedAtMillis()) - total
                : TimeUnit.MILLISECONDS.toNanos(end.acceptedAtMillis());
    }
}
