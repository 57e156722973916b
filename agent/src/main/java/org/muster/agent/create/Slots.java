package org.muster.agent.create;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Decides whether one more create may run. A create that hangs keeps its own slot but not the place of others: it is
 * counted out as soon as it is known to hang, as far as the guard on libvirtd's workers allows.
 *
 * <p>Without threads and clocks. Confined to the lock of {@link Dispatcher}.
 */
final class Slots {
    /** design.md 6.8: after this a create is slow, whatever the host is like. */
    static final Duration SLOW = Duration.ofSeconds(30);

    // A self-tuning limit may know earlier, from what creates take on this host.
    private static final Duration SUSPECT_AT_LEAST = Duration.ofSeconds(3);
    private static final Duration SUSPECT_UNKNOWN = Duration.ofSeconds(6);
    private static final int SUSPECT_FACTOR = 5;
    private static final int REMEMBERED = 32;

    // A start waits for QEMU about half of its time, so twice the CPUs keep them busy: on 2 CPUs, 4 at once need 0.8 of
    // the time of 2 at once, and 8 no less than 4 (docs/architecture.md, departures).
    private static final int AUTO_PER_CPU = 2;
    private static final int AUTO_MIN = 4;
    private static final int AUTO_MAX = 8;

    /** What libvirtd can bear at the moment. */
    record Guard(int createSlots, int maxStuck, int overdueElsewhere) {}

    /** One running create. */
    static final class Slot {
        private final CreateRequest request;
        private final long sinceNanos;
        private boolean hung;

        Slot(CreateRequest request, long sinceNanos) {
            this.request = request;
            this.sinceNanos = sinceNanos;
        }

        CreateRequest request() {
            return request;
        }

        long sinceNanos() {
            return sinceNanos;
        }

        boolean hung() {
            return hung;
        }
    }

    private final Set<Slot> running = new HashSet<>();
    private final long[] lastNanos = new long[REMEMBERED];
    private int finished;
    private final int hostCpus;
    private Concurrency concurrency;

    Slots(Concurrency concurrency, int hostCpus) {
        this.concurrency = concurrency;
        this.hostCpus = hostCpus;
    }

    /** Changes how many may run from now on; what runs goes on. Answers what it was. */
    Concurrency set(Concurrency next) {
        Concurrency before = concurrency;
        concurrency = next;
        return before;
    }

    Concurrency concurrency() {
        return concurrency;
    }

    /** How many creates may run at once, before the guard has its say. */
    int limit() {
        if (concurrency instanceof Concurrency.Fixed fixed) {
            return fixed.limit();
        }
        return concurrency instanceof Concurrency.Auto
                ? Math.max(AUTO_MIN, Math.min(AUTO_MAX, AUTO_PER_CPU * hostCpus))
                : Integer.MAX_VALUE;
    }

    /** Empty string: a create may start. Else the reason why it waits. */
    String refusal(Guard guard) {
        int hung = (int) running.stream().filter(Slot::hung).count();
        if (hung + guard.overdueElsewhere > guard.maxStuck) {
            return (hung + guard.overdueElsewhere) + " calls hang in libvirtd, more than the " + guard.maxStuck
                    + " it can bear";
        }
        if (running.size() >= guard.createSlots) {
            return "all " + guard.createSlots + " creates that libvirtd's workers allow are running";
        }
        return running.size() - hung < limit() ? "" : "all " + limit() + " slots are taken";
    }

    Slot take(CreateRequest request, long nowNanos) {
        Slot slot = new Slot(request, nowNanos);
        running.add(slot);
        return slot;
    }

    void release(Slot slot, boolean started, long nowNanos) {
        running.remove(slot);
        if (started) {
            lastNanos[finished++ % REMEMBERED] = nowNanos - slot.sinceNanos;
        }
    }

    Set<Slot> running() {
        return running;
    }

    /** Marks the slot if it hangs; true when that is news. */
    boolean judge(Slot slot, long nowNanos) {
        if (slot.hung || nowNanos - slot.sinceNanos < suspectAfter().toNanos()) {
            return false;
        }
        slot.hung = true;
        return true;
    }

    /** After how long a create counts as hanging. */
    Duration suspectAfter() {
        if (concurrency instanceof Concurrency.Fixed) {
            return SLOW; // somebody chose the number: it is kept to until the create is certainly slow
        }
        int known = Math.min(finished, REMEMBERED);
        if (known == 0) {
            return SUSPECT_UNKNOWN;
        }
        long[] sorted = Arrays.copyOf(lastNanos, known);
        Arrays.sort(sorted);
        Duration byMedian = Duration.ofNanos(SUSPECT_FACTOR * sorted[known / 2]);
        Duration atLeast = byMedian.compareTo(SUSPECT_AT_LEAST) < 0 ? SUSPECT_AT_LEAST : byMedian;
        return atLeast.compareTo(SLOW) > 0 ? SLOW : atLeast;
    }
}
