package org.muster.agent.metrics;

/** A timer that forgets nothing, for those who want counts by length since the start: Prometheus. Thread-safe. */
public final class HistogramTimer extends SummedTimer {
    private final DurationHistogram histogram;

    public HistogramTimer() {
        this(new DurationHistogram());
    }

    private HistogramTimer(DurationHistogram histogram) {
        super(histogram);
        this.histogram = histogram;
    }

    public DurationHistogram histogram() {
        return histogram;
    }
}
