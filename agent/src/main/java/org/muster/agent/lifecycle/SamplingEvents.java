package org.muster.agent.lifecycle;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.muster.agent.domain.VmTable;
import org.muster.agent.verbs.StatusEvents;
import org.muster.sampling.ControlState;
import org.muster.sampling.SamplingListener;
import org.muster.sampling.Tier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log, the metrics and the engine what sampling finds out. Called on {@code sampler}; never blocks. */
final class SamplingEvents implements SamplingListener {
    private static final Logger LOG = LoggerFactory.getLogger(SamplingEvents.class);

    private final VmTable table;
    private final StatusEvents events;
    private final MetricRegistry metrics;
    private volatile int stuck; // written by sampler, read by the gauge

    SamplingEvents(VmTable table, StatusEvents events, MetricRegistry metrics) {
        this.table = table;
        this.events = events;
        this.metrics = metrics;
        metrics.registerGauge("sampling.stuck-calls", (Gauge<Integer>) () -> stuck);
    }

    @Override
    public void frozen(UUID domain, ControlState.Kind reason) {
        LOG.warn("{} does not answer ({}): left out of sampling until it does", domain, reason);
        metrics.meter("sampling.frozen").mark();
    }

    @Override
    public void thawed(UUID domain) {
        LOG.info("{} answers again", domain);
    }

    @Override
    public void unresponsive(UUID domain, long ageNanos) {
        LOG.warn("{} has not answered for {} s", domain, TimeUnit.NANOSECONDS.toSeconds(ageNanos));
        table.whileRunning(domain, vm -> events.responsive(vm, false));
    }

    @Override
    public void responsive(UUID domain) {
        table.whileRunning(domain, vm -> events.responsive(vm, true));
    }

    @Override
    public void degraded(boolean degraded, int frozenCount) {
        if (degraded) {
            LOG.warn("sampling is degraded: {} guests do not answer, more than libvirtd can bear", frozenCount);
        } else {
            LOG.info("sampling is complete again");
        }
    }

    @Override
    public void cycle(Tier tier, long durationNanos, int calls, int late) {
        String name = "sampling." + tier.name().toLowerCase(Locale.ROOT);
        metrics.timer(name + ".cycle").update(durationNanos, TimeUnit.NANOSECONDS);
        metrics.meter(name + ".calls").mark(calls);
        metrics.meter(name + ".late").mark(late);
    }

    @Override
    public void stuckCalls(int count) {
        stuck = count;
    }
}
