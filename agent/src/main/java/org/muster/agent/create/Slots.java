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
    private int limit;
    private boolean selfTuning;

    Slots(int limit, boolean selfTuning) {
        this.limit = limit;
        this.selfTuning = selfTuning;
    }

    void setLimit(int newLimit, boolean newSelfTuning) {
        limit = newLimit;
        selfTuning = newSelfTuning;
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
        return running.size() - hung < limit ? "" : "all " + limit + " slots are taken";
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
        if (!selfTuning) {
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
