package org.muster.agent.ops;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Meter;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import java.util.Map;
import java.util.TreeMap;
import org.muster.agent.metrics.HistogramTimer;
import org.muster.agent.metrics.SummedTimer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that the agent's parts count, see {@link RegistryNames}. Stateless. */
final class RegistryFamilies {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryFamilies.class);
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double[] QUANTILES = {0.5, 0.95, 0.99};
    private static final long FIRST_BOUND_MICROS = 1000;
    private static final int BOUNDS = 21; // 1 ms and its doubles up to 17 min
    private static final double MICROS_PER_SECOND = 1e6;

    /** One family of the same kind, its metrics by their labels. */
    private record Family(Exposition.Type type, String help, Map<String, Metric> series) {}

    private RegistryFamilies() {}

    static void write(Exposition out, MetricRegistry registry) {
        Map<String, Family> families = new TreeMap<>();
        registry.getMetrics().forEach((name, metric) -> sort(families, name, metric));
        families.forEach((name, family) -> {
            out.family(name, family.type, family.help);
            family.series.forEach((labels, metric) -> write(out, labels, metric));
        });
    }

    private static void sort(Map<String, Family> families, String name, Metric metric) {
        RegistryNames.Place place = RegistryNames.of(name, suffix(metric));
        Exposition.Type type = type(metric, place.counter());
        Family family =
                families.computeIfAbsent(place.family(), key -> new Family(type, place.help(), new TreeMap<>()));
        if (family.type == type) { // another kind under that name would make the family unreadable
            family.series.putIfAbsent(place.labels(), metric);
        }
        if (metric instanceof HistogramTimer timer) {
            longest(families, place, timer);
        }
    }

    /** Which buckets cannot tell: the last of them is without a bound. */
    private static void longest(Map<String, Family> families, RegistryNames.Place place, HistogramTimer timer) {
        Gauge<Double> longest = () -> timer.histogram().greatestNanos() / NANOS_PER_SECOND;
        String help = "The longest since the agent's start of: " + place.help();
        families.computeIfAbsent(
                        place.family() + "_max", key -> new Family(Exposition.Type.GAUGE, help, new TreeMap<>()))
                .series
                .putIfAbsent(place.labels(), longest);
    }

    private static String suffix(Metric metric) {
        if (metric instanceof Timer) {
            return "_seconds";
        }
        return metric instanceof Meter ? "_total" : "";
    }

    private static Exposition.Type type(Metric metric, boolean counter) {
        if (metric instanceof HistogramTimer) {
            return Exposition.Type.HISTOGRAM;
        }
        if (metric instanceof Timer || metric instanceof Histogram) {
            return Exposition.Type.SUMMARY;
        }
        return metric instanceof Meter || counter ? Exposition.Type.COUNTER : Exposition.Type.GAUGE;
    }

    private static void write(Exposition out, String labels, Metric metric) {
        if (metric instanceof HistogramTimer timer) {
            buckets(out, labels, timer);
        } else if (metric instanceof Timer timer) {
            quantiles(out, labels, timer.getSnapshot(), NANOS_PER_SECOND);
            if (timer instanceof SummedTimer summed) {
                out.value("_sum", labels, summed.sumNanos() / NANOS_PER_SECOND);
            }
            out.count("_count", labels, timer.getCount());
        } else if (metric instanceof Histogram histogram) {
            quantiles(out, labels, histogram.getSnapshot(), 1);
            out.count("_count", labels, histogram.getCount());
        } else if (metric instanceof Meter meter) {
            out.value(labels, meter.getCount());
        } else if (metric instanceof Counter counter) {
            out.value(labels, counter.getCount());
        } else if (metric instanceof Gauge<?> gauge) {
            gauge(out, labels, gauge);
        }
    }

    private static void buckets(Exposition out, String labels, HistogramTimer timer) {
        long all = timer.histogram().count(); // first: no bucket may have more than all
        for (int i = 0; i < BOUNDS; i++) {
            long micros = FIRST_BOUND_MICROS << i;
            long shorter = Math.min(all, timer.histogram().shorterThan(micros));
            out.count("_bucket", Labels.and(labels, "le", Double.toString(micros / MICROS_PER_SECOND)), shorter);
        }
        out.count("_bucket", Labels.and(labels, "le", "+Inf"), all);
        out.value("_sum", labels, timer.sumNanos() / NANOS_PER_SECOND);
        out.count("_count", labels, all);
    }

    /** Of no value, where there is none in the window: that is what NaN says. */
    private static void quantiles(Exposition out, String labels, Snapshot snapshot, double unit) {
        boolean empty = snapshot.size() == 0;
        for (double quantile : QUANTILES) {
            out.value(
                    Labels.and(labels, "quantile", Double.toString(quantile)),
                    empty ? Double.NaN : snapshot.getValue(quantile) / unit);
        }
    }

    /** A gauge that has no number at present, or fails, is left out; the others must be told nevertheless. */
    private static void gauge(Exposition out, String labels, Gauge<?> gauge) {
        try {
            Object value = gauge.getValue();
            if (value instanceof Integer || value instanceof Long) {
                out.value(labels, ((Number) value).longValue());
            } else if (value instanceof Number number) {
                out.value(labels, number.doubleValue());
            } else if (value instanceof Boolean flag) {
                out.flag(labels, flag);
            }
        } catch (RuntimeException e) {
            LOG.debug("a gauge has no value", e);
        }
    }
}
