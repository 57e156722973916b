package org.muster.agent.create;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.SlidingTimeWindowArrayReservoir;
import com.codahale.metrics.Timer;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.muster.agent.metrics.SummedTimer;

/** What creates and destroys cost, by phase. Thread-safe. */
final class CreateMetrics {
    private static final int WINDOW_MINUTES = 10;

    private final MetricRegistry registry;
    private final CallInflation inflation = new CallInflation();
    private final Timer accept; // from decoded to queued: validation and the journal's fsync
    private final Timer queueWait; // from queued to slot
    private final Timer prepare; // look-ups and define
    private final Timer libvirtCall; // virDomainCreateWithFlags
    private final Timer untilRunning; // from slot to Up or Paused
    private final Timer total; // from decoded to Up or Paused
    private final Timer destroy;
    private final Meter failed;

    CreateMetrics(MetricRegistry registry) {
        this.registry = registry;
        accept = timer("create.accept");
        queueWait = timer("create.queue-wait");
        prepare = timer("create.prepare");
        libvirtCall = timer("create.libvirt-call");
        untilRunning = timer("create.until-running");
        total = timer("create.total");
        destroy = timer("destroy");
        failed = registry.meter("create.failed");
    }

    private Timer timer(String name) {
        // a window of time, not a decaying sample: the worst of the last minutes must not be forgotten
        return registry.timer(
                name, () -> new SummedTimer(new SlidingTimeWindowArrayReservoir(WINDOW_MINUTES, TimeUnit.MINUTES)));
    }

    void gauges(Dispatcher dispatcher) {
        registry.registerAll(() -> Map.of(
                "create.waiting", (Gauge<Integer>) dispatcher::waiting,
                "create.running", (Gauge<Integer>) () -> dispatcher.running().size(),
                "create.limit", (Gauge<Integer>) () -> limit(dispatcher)));
    }

    /** Null where only libvirtd's workers are one. */
    private static Integer limit(Dispatcher dispatcher) {
        int limit = dispatcher.limit();
        return limit == Integer.MAX_VALUE ? null : Integer.valueOf(limit);
    }

    CallInflation inflation() {
        return inflation;
    }

    void accepted(long decodedAt, long queuedAt) {
        accept.update(queuedAt - decodedAt, TimeUnit.NANOSECONDS);
    }

    void slotTaken(long queuedAt, long slotAt) {
        queueWait.update(slotAt - queuedAt, TimeUnit.NANOSECONDS);
    }

    void prepared(long slotAt, long callAt) {
        prepare.update(callAt - slotAt, TimeUnit.NANOSECONDS);
    }

    void called(long callAt, long returnedAt) {
        libvirtCall.update(returnedAt - callAt, TimeUnit.NANOSECONDS);
    }

    void running(long decodedAt, long slotAt, long runningAt) {
        untilRunning.update(runningAt - slotAt, TimeUnit.NANOSECONDS);
        total.update(runningAt - decodedAt, TimeUnit.NANOSECONDS);
    }

    /** Whatever made it fail, and in whichever life of ours it was accepted. */
    void ended(CreateRecord end) {
        if (end.state() == CreateRecord.State.FAILED) {
            failed.mark();
        }
    }

    void destroyed(long nanos) {
        destroy.update(nanos, TimeUnit.NANOSECONDS);
    }
}
