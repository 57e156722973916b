package org.muster.agent.metrics;

import com.codahale.metrics.Snapshot;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** What a {@link DurationHistogram} had at one moment, as the library wants it. Immutable. */
final class HistogramSnapshot extends Snapshot {
    private final DurationHistogram taken; // a copy that nobody changes

    HistogramSnapshot(DurationHistogram taken) {
        this.taken = taken;
    }

    @Override
    public double getValue(double quantile) {
        return taken.quantileNanos(quantile);
    }

    /** One for each length that came, however often. */
    @Override
    public long[] getValues() {
        return taken.middles();
    }

    @Override
    public int size() {
        return taken.size();
    }

    @Override
    public long getMax() {
        return taken.summary().greatestNanos();
    }

    @Override
    public double getMean() {
        return taken.summary().meanNanos();
    }

    @Override
    public long getMin() {
        return taken.summary().leastNanos();
    }

    @Override
    public double getStdDev() {
        return taken.deviationNanos();
    }

    @Override
    public void dump(OutputStream output) {
        PrintWriter out = new PrintWriter(output, false, StandardCharsets.UTF_8);
        for (long value : getValues()) {
            out.println(value);
        }
        out.flush();
    }
}
