package org.muster.agent.ops;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.muster.agent.ops.GuestSet.Guest;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;

/**
 * How busy each guest was in the last minutes, for the status page's curves: whoever opens it at night wants to see what was
 * before. A value each {@link #EVERY_SECONDS}; where none was fresh then, a gap.
 *
 * <p>Bounded: {@link #VALUES} numbers a guest that is sampled. Confined to the worker.
 */
final class CpuHistory {
    static final int EVERY_SECONDS = 5;
    static final int VALUES = 60;

    /** No value: a guest that is frozen, or new. */
    static final short GAP = -1;

    private static final long STALE_NANOS = 30_000_000_000L;

    private final OpsSources sources;
    private final LongSupplier nanoTime;
    private Map<UUID, short[]> rings = new HashMap<>(); // percent of one host CPU; all have the same next place
    private int next;

    CpuHistory(OpsSources sources) {
        this.sources = sources;
        this.nanoTime = sources.nanoTime();
    }

    /** Notes what is known now, and forgets the guests that are gone. */
    void note() {
        GuestSet set = GuestSet.of(sources.table().all(), sources.samples(), nanoTime.getAsLong());
        Map<UUID, short[]> kept = new HashMap<>(set.guests().size() * 2);
        for (Guest guest : set.guests()) {
            UUID id = guest.vm().id();
            short[] ring = rings.getOrDefault(id, empty());
            ring[next] = value(guest.stats(), set.nowNanos());
            kept.put(id, ring);
        }
        rings = kept;
        next = (next + 1) % VALUES;
    }

    private static short[] empty() {
        short[] ring = new short[VALUES];
        Arrays.fill(ring, GAP);
        return ring;
    }

    private static short value(GuestStats stats, long nowNanos) {
        OptionalDouble percent = fresh(stats, nowNanos) ? percent(stats) : OptionalDouble.empty();
        return percent.isPresent() ? (short) Math.min(Short.MAX_VALUE, Math.round(percent.getAsDouble())) : GAP;
    }

    private static boolean fresh(GuestStats stats, long nowNanos) {
        return stats.frozen().isEmpty()
                && stats.ageNanos(nowNanos, Group.CPU_TOTAL).orElse(Long.MAX_VALUE) < STALE_NANOS;
    }

    /** Of one host CPU, guest and emulator together; empty before the second sample. */
    static OptionalDouble percent(GuestStats stats) {
        Optional<GuestStats.Cpu> cpu = stats.cpu();
        if (cpu.isEmpty()
                || (cpu.get().userPercent().isEmpty()
                        && cpu.get().systemPercent().isEmpty())) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(
                cpu.get().userPercent().orElse(0) + cpu.get().systemPercent().orElse(0));
    }

    /** The oldest first, {@link #VALUES} of them; of a guest that was never noted, gaps. */
    short[] of(UUID id) {
        short[] ring = rings.get(id);
        if (ring == null) {
            return empty();
        }
        short[] values = new short[VALUES];
        System.arraycopy(ring, next, values, 0, VALUES - next);
        System.arraycopy(ring, 0, values, VALUES - next, next);
        return values;
    }
}
