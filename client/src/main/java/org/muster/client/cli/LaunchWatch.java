package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.muster.client.EventListener;

/**
 * Which of the VMs being started have come to an end, from events, answers and polls in any order: an event may overtake the
 * answer to the request. The first end told is kept.
 *
 * <p>Thread-safe. {@code onEvent}: the connection's reader thread. The rest: main.
 */
final class LaunchWatch implements EventListener {
    private final LongSupplier nanoClock;
    private final boolean paused; // whether Paused is what was asked for
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Map<String, Launch> launches = new LinkedHashMap<>();

    @GuardedBy("lock")
    private final Set<String> missedOnce = new HashSet<>(); // pending, and not in the last poll

    @GuardedBy("lock")
    private long sentNanos;

    @GuardedBy("lock")
    private long lastHeardNanos; // any event about one of ours

    @GuardedBy("lock")
    private final List<Launch> lost = new ArrayList<>(); // in the order they were

    @GuardedBy("lock")
    private int settled;

    LaunchWatch(LongSupplier nanoClock, boolean paused, List<Launch> pending) {
        this.nanoClock = nanoClock;
        this.paused = paused;
        pending.forEach(launch -> launches.put(launch.vmId(), launch));
    }

    /** To be called right before the request is sent: all seconds count from here. */
    void sending() {
        lock.lock();
        try {
            sentNanos = nanoClock.getAsLong();
            lastHeardNanos = sentNanos;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onEvent(String method, JsonNode params, long notifyTime) {
        if (!method.startsWith("|virt|VM_status|")) {
            return;
        }
        lock.lock();
        try {
            for (Map.Entry<String, JsonNode> vm : params.properties()) {
                if (launches.containsKey(vm.getKey())) {
                    lastHeardNanos = nanoClock.getAsLong();
                    status(vm.getKey(), vm.getValue(), "event");
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes the agent's verdicts, one per VM in the order asked. */
    void verdicts(JsonNode verdicts) {
        lock.lock();
        try {
            int index = 0;
            for (Launch launch : List.copyOf(launches.values())) {
                JsonNode verdict = verdicts.path(index++);
                if (verdict.path("status").asText("").equals("REFUSED")) {
                    end(launch.refused(
                            seconds(),
                            verdict.path("code").asInt(),
                            verdict.path("reason").asText("no reason given"),
                            verdict.get("problems")));
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes a Host.getAllVmStats that was asked for after the verdicts: whoever is in neither of two is gone. */
    void polled(JsonNode allStats) {
        lock.lock();
        try {
            Set<String> seen = new HashSet<>();
            for (JsonNode stats : allStats) {
                String vmId = stats.path("vmId").asText("");
                seen.add(vmId);
                status(vmId, stats, "poll");
            }
            for (Launch launch : List.copyOf(launches.values())) {
                if (launch.isPending() && !seen.contains(launch.vmId()) && !missedOnce.add(launch.vmId())) {
                    String why = "the agent knows it no more: was it destroyed?";
                    end(launch.ended(Launch.Outcome.FAILED, seconds(), "poll", why));
                }
            }
            missedOnce.removeAll(seen);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void status(String vmId, JsonNode stats, String source) {
        Launch launch = launches.get(vmId);
        if (launch == null || !launch.isPending()) {
            return;
        }
        switch (stats.path("status").asText("")) {
            case "Up" -> end(launch.ended(Launch.Outcome.UP, seconds(), source, ""));
            case "Paused" -> {
                if (paused) {
                    end(launch.ended(Launch.Outcome.PAUSED, seconds(), source, ""));
                }
            }
            case "Down" ->
                end(launch.ended(
                        Launch.Outcome.FAILED,
                        seconds(),
                        source,
                        stats.path("exitMessage").asText("it went down, no reason given")));
            default -> {} // on its way
        }
    }

    @GuardedBy("lock")
    private void end(Launch ended) {
        launches.put(ended.vmId(), ended);
        if (ended.isLost()) {
            lost.add(ended);
        }
        settled++;
        changed.signalAll();
    }

    @GuardedBy("lock")
    private double seconds() {
        return (nanoClock.getAsLong() - sentNanos) / 1e9;
    }

    /** Waits until more than {@code known} have come to an end, at most this long, and tells how many have. */
    int awaitMoreThan(int known, Duration atMost) throws InterruptedException {
        lock.lock();
        try {
            long left = atMost.toNanos();
            while (settled <= known && left > 0) {
                left = changed.awaitNanos(left);
            }
            return settled;
        } finally {
            lock.unlock();
        }
    }

    /** How long no event has come about any of ours. */
    Duration silence() {
        lock.lock();
        try {
            return Duration.ofNanos(nanoClock.getAsLong() - lastHeardNanos);
        } finally {
            lock.unlock();
        }
    }

    /** Those that failed or were refused, in that order, without the first {@code known}. */
    List<Launch> lostAfter(int known) {
        lock.lock();
        try {
            return List.copyOf(lost.subList(known, lost.size()));
        } finally {
            lock.unlock();
        }
    }

    /** All launches in the order asked, as they stand. */
    List<Launch> launches() {
        lock.lock();
        try {
            return new ArrayList<>(launches.values());
        } finally {
            lock.unlock();
        }
    }
}
