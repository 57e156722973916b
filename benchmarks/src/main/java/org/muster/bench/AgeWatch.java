package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.muster.client.ConnectionLostException;
import org.muster.client.Json;
import org.muster.client.MusterConnection;

/**
 * Asks the agent four times a second how old every guest's values are, and notes when it was told by event that one hangs.
 *
 * <p>Thread {@code ages} asks, the connection's reader hears events, main reads; thread-safe. Times are {@link System#nanoTime}.
 */
final class AgeWatch implements AutoCloseable {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long STOP_MILLIS = 30_000;
    private static final String EVENT = "|muster|VM_condition|";
    private static final Map<Tier, List<String>> GROUPS =
            Map.of(Tier.SHORT, List.of("cpu", "vcpu", "memory"), Tier.BLOCK, List.of("block"));

    /** What is sampled together. */
    enum Tier {
        SHORT(5),
        BLOCK(15);

        private final double interval;

        Tier(double interval) {
            this.interval = interval;
        }

        /** The agent's default, in seconds. */
        double interval() {
            return interval;
        }
    }

    /**
     * One guest at one moment.
     *
     * @param seconds since the watch began
     * @param age of the tier's oldest value, in seconds
     * @param frozen whether it is one of those that were frozen
     */
    record Age(double seconds, Tier tier, double age, boolean frozen) {}

    private final MusterConnection connection;
    private final Thread thread = new Thread(this::run, "ages");
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final List<Age> ages = new ArrayList<>();

    @GuardedBy("lock")
    private final Map<UUID, Long> toldAt = new HashMap<>();

    @GuardedBy("lock")
    private final Map<Tier, Map<UUID, Long>> lastTakenAt = new EnumMap<>(Tier.class);

    @GuardedBy("lock")
    private Set<UUID> healthy = Set.of();

    @GuardedBy("lock")
    private Set<UUID> frozen = Set.of();

    @GuardedBy("lock")
    private long beganAt;

    @GuardedBy("lock")
    private long countsFrom; // ages are not counted from before that

    @GuardedBy("lock")
    private boolean pausing; // nobody can be asked, and nothing is held against anybody

    @GuardedBy("lock")
    private String failure = "";

    private volatile boolean stopping; // set by main

    AgeWatch(Agent agent) throws BenchException, InterruptedException {
        connection = agent.connect();
        try {
            connection.subscribe((method, params, notifyTime) -> heard(method, params));
        } catch (ConnectionLostException e) {
            throw new BenchException(e.getMessage(), e);
        }
        thread.setDaemon(true);
        thread.start();
    }

    /** Forgets what it knows and watches these from now on. */
    void begin(List<Guest> others, List<Guest> toFreeze) {
        synchronized (lock) {
            ages.clear();
            toldAt.clear();
            lastTakenAt.clear();
            healthy = ids(others);
            frozen = ids(toFreeze);
            beganAt = System.nanoTime();
            countsFrom = beganAt - TimeUnit.HOURS.toNanos(1);
            pausing = false;
        }
    }

    private static Set<UUID> ids(List<Guest> guests) {
        return Set.copyOf(guests.stream().map(Guest::id).toList());
    }

    /** From now until {@link #countFromNow} no age is noted. */
    void pause() {
        synchronized (lock) {
            pausing = true;
        }
    }

    /** What could not be asked before is as old as if it had been taken now. */
    void countFromNow() {
        synchronized (lock) {
            pausing = false;
            countsFrom = System.nanoTime();
        }
    }

    private void heard(String method, JsonNode params) {
        if (!method.startsWith(EVENT)) {
            return;
        }
        UUID id = UUID.fromString(method.substring(EVENT.length()));
        boolean ok = params.path(id.toString()).path("condition").asText("").equals("ok");
        synchronized (lock) {
            if (!ok) {
                toldAt.putIfAbsent(id, System.nanoTime());
            }
        }
    }

    private void run() {
        long next = System.nanoTime();
        while (!stopping) {
            next += PERIOD_NANOS;
            try {
                JsonNode stats = connection.callAndWait("Host.getAllVmStats", Json.object());
                note(stats, System.nanoTime());
                TimeUnit.NANOSECONDS.sleep(Math.max(0, next - System.nanoTime()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (Exception e) { // told by whoever reads the result
                synchronized (lock) {
                    failure = e.toString();
                }
                return;
            }
        }
    }

    private void note(JsonNode stats, long now) {
        synchronized (lock) {
            for (JsonNode vm : stats) {
                UUID id = UUID.fromString(vm.path("vmId").asText());
                boolean cold = frozen.contains(id);
                if (cold || healthy.contains(id)) {
                    JsonNode told = vm.path("sampleAges");
                    for (Tier tier : Tier.values()) {
                        note(id, tier, seconds(told, tier), cold, now);
                    }
                }
            }
        }
    }

    private static double seconds(JsonNode ages, Tier tier) {
        double oldest = 0;
        for (String group : GROUPS.get(tier)) {
            oldest = Math.max(oldest, ages.path(group).asDouble(1e9) / 1000);
        }
        return oldest;
    }

    @GuardedBy("lock")
    private void note(UUID id, Tier tier, double age, boolean cold, long now) {
        long takenAt = now - (long) (age * 1e9);
        lastTakenAt.computeIfAbsent(tier, none -> new HashMap<>()).put(id, takenAt);
        if (!pausing) {
            double counted = (now - Math.max(takenAt, countsFrom)) / 1e9;
            ages.add(new Age((now - beganAt) / 1e9, tier, counted, cold));
        }
    }

    /** All that was noted since it began. */
    List<Age> ages() throws BenchException {
        synchronized (lock) {
            if (!failure.isEmpty()) {
                throw new BenchException("the agent cannot be asked any more: " + failure);
            }
            return List.copyOf(ages);
        }
    }

    /** When it was told by event that the guest hangs, in seconds after {@code sinceNanos}; infinite if it was not. */
    double toldAfter(Guest guest, long sinceNanos) {
        synchronized (lock) {
            Long at = toldAt.get(guest.id());
            return at == null ? Double.POSITIVE_INFINITY : (at - sinceNanos) / 1e9;
        }
    }

    /** When values of the guest were taken that are younger than {@code sinceNanos}, in seconds after that; infinite if none was yet. */
    double takenAfter(Guest guest, Tier tier, long sinceNanos) {
        synchronized (lock) {
            Long at = lastTakenAt.getOrDefault(tier, Map.of()).get(guest.id());
            return at == null || at < sinceNanos ? Double.POSITIVE_INFINITY : (at - sinceNanos) / 1e9;
        }
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connection.close();
    }
}
