package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.muster.client.EventListener;

/**
 * When each of some guests was started, as the agent's events tell.
 *
 * <p>Thread-safe. {@code onEvent}: the connection's reader thread; the rest: main.
 */
final class StartedWatch implements EventListener {
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Set<String> missing = new HashSet<>();

    @GuardedBy("lock")
    private final Map<String, Long> startedAtNanos = new HashMap<>();

    @GuardedBy("lock")
    private String wanted = ""; // the status that says so

    @GuardedBy("lock")
    private String failure = "";

    /** Forgets all and waits for these from now on. */
    void expect(List<Guest> guests, GuestShape shape) {
        lock.lock();
        try {
            missing.clear();
            startedAtNanos.clear();
            failure = "";
            wanted = shape.paused() ? "Paused" : "Up";
            guests.forEach(guest -> missing.add(guest.id().toString()));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onEvent(String method, JsonNode params, long notifyTime) {
        long now = System.nanoTime();
        if (!method.startsWith("|virt|VM_status|")) {
            return;
        }
        lock.lock();
        try {
            for (Map.Entry<String, JsonNode> vm : params.properties()) {
                status(vm.getKey(), vm.getValue(), now);
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void status(String vmId, JsonNode stats, long now) {
        String status = stats.path("status").asText("");
        if (!missing.contains(vmId)) {
            return;
        }
        if (status.equals(wanted)) {
            missing.remove(vmId);
            startedAtNanos.put(vmId, now);
        } else if (status.equals("Down")) {
            failure = vmId + " went down: " + stats.path("exitMessage").asText("no reason given");
        } else {
            return;
        }
        if (missing.isEmpty() || !failure.isEmpty()) {
            changed.signalAll();
        }
    }

    /** When those were started that have been, soonest first. */
    List<Long> startedAt() {
        lock.lock();
        try {
            return startedAtNanos.values().stream().sorted().toList();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the last of them. */
    Spans await(long sentAtNanos, Duration limit) throws BenchException, InterruptedException {
        double[] seconds = awaitEach(sentAtNanos, limit);
        return new Spans(Statistics.percentile(seconds, 1), Statistics.mean(seconds));
    }

    /** The same; the seconds to each one, in no order. */
    double[] awaitEach(long sentAtNanos, Duration limit) throws BenchException, InterruptedException {
        long left = limit.toNanos();
        lock.lock();
        try {
            while (!missing.isEmpty() && failure.isEmpty()) {
                if (left <= 0) {
                    throw new BenchException("after " + limit.toSeconds() + " s no event says that these are " + wanted
                            + ": " + missing);
                }
                left = changed.awaitNanos(left);
            }
            if (!failure.isEmpty()) {
                throw new BenchException(failure);
            }
            return startedAtNanos.values().stream()
                    .mapToDouble(at -> (at - sentAtNanos) / (double) TimeUnit.SECONDS.toNanos(1))
                    .toArray();
        } finally {
            lock.unlock();
        }
    }
}
