package org.muster.agent.simulation;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the guests together take of a simulated host, added up when somebody asks.
 *
 * <p>Counters of the host must not go back when a guest ends, nor exceed what its CPUs can do: so each time what the guests have done
 * since the last time is added, as far as the CPUs can have done it. Thread-safe.
 */
final class HostUse {
    private static final double NANOS = 1e9;
    private static final double FRESH_SECONDS = 0.2; // several files are read for one sample

    /**
     * The host at one moment.
     *
     * @param busySeconds of all its CPUs together since boot; likewise idle
     * @param load how many CPUs were wanted lately
     * @param guestKib memory that guests hold
     */
    record Moment(double busySeconds, double idleSeconds, double load, long guestKib) {}

    private final Supplier<List<GuestLoad.Moment>> guests;
    private final GuestLoad loads;
    private final int cpus;
    private final LongSupplier nanoTime;

    @GuardedBy("this")
    private final Map<UUID, Double> seen =
            new HashMap<>(); // CPU seconds of each guest at the last look; only of those that run

    @GuardedBy("this")
    private long lookedAtNanos;

    @GuardedBy("this")
    private Moment last;

    /**
     * Looks at once: what guests have done before is the host's past, too.
     *
     * @param upSeconds how long the host has been up by then
     */
    HostUse(
            Supplier<List<GuestLoad.Moment>> guests,
            GuestLoad loads,
            int cpus,
            double upSeconds,
            LongSupplier nanoTime) {
        this.guests = guests;
        this.loads = loads;
        this.cpus = cpus;
        this.nanoTime = nanoTime;
        this.lookedAtNanos = nanoTime.getAsLong();
        this.last = next(new Moment(0, 0, 0, 0), upSeconds);
    }

    synchronized Moment now() {
        long now = nanoTime.getAsLong();
        double seconds = (now - lookedAtNanos) / NANOS;
        if (seconds >= FRESH_SECONDS) {
            lookedAtNanos = now;
            last = next(last, seconds);
        }
        return last;
    }

    @GuardedBy("this")
    private Moment next(Moment before, double seconds) {
        double wanted = 0;
        long kib = 0;
        Map<UUID, Double> present = new HashMap<>();
        for (GuestLoad.Moment guest : guests.get()) {
            double done = loads.cpuTime(guest).nanos() / NANOS;
            wanted += Math.max(0, done - seen.getOrDefault(guest.id(), 0.0));
            kib += loads.residentKib(guest);
            present.put(guest.id(), done);
        }
        seen.clear();
        seen.putAll(present);
        double busy = Math.min(wanted, seconds * cpus);
        return new Moment(before.busySeconds + busy, before.idleSeconds + seconds * cpus - busy, wanted / seconds, kib);
    }
}
