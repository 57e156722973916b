package org.muster.agent.lifecycle;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.muster.agent.journal.Journal;
import org.muster.libvirt.CallGuard;

/** Counts what parts do that know nothing of metrics: libvirt calls and the journal. Stateless. */
final class AgentMetrics {
    private AgentMetrics() {}

    static void observe(MetricRegistry metrics, CallGuard calls, Journal journal) {
        calls.observe((role, operation, nanos, failed) -> {
            metrics.timer("libvirt." + operation).update(nanos, TimeUnit.NANOSECONDS);
            if (failed) {
                metrics.meter("libvirt." + operation + ".failed").mark();
            }
        });
        // Here from the start: the rise of a counter that is first seen at 1 is seen by no alert.
        Meter failures = metrics.meter("journal.failed");
        journal.observe((nanos, failed) -> {
            metrics.timer("journal.append").update(nanos, TimeUnit.NANOSECONDS);
            if (failed) {
                failures.mark();
            }
        });
        metrics.registerAll(() -> Map.of(
                "libvirt.calls-in-flight",
                        (Gauge<Integer>) () -> calls.inFlight().size(),
                "libvirt.calls-overdue", (Gauge<Integer>) calls::overdue,
                "journal.waiting", (Gauge<Integer>) journal::waiting,
                "journal.owed", (Gauge<Integer>) journal::owed,
                "journal.bytes", (Gauge<Long>) journal::bytes,
                "journal.trouble", (Gauge<Integer>) () -> journal.trouble().isEmpty() ? 0 : 1));
    }
}
