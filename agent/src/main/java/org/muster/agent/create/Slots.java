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
    private static final int WAITED_FOR = 3; // times the median, before others are learnt from
    private static final double BEYOND_MEDIAN = 1.5; // on a host whose starts take about as long as SLOW
    private static final int REMEMBERED = 32;

    /** What libvirtd can bear at the moment. */
    record Guard(int createSlots, int maxStuck, int overdueElsewhere) {}

    /** One running create. */
    static final class Slot {
        private final CreateRequest request;
        private final long sinceNanos;
        private final double workBefore; // of all creates, when it began
        private final double allWorkBefore;
        private boolean hung;
        private boolean suspected; // once held for hung
        private boolean guessed; // the same, at a time when nothing was known of what creates take here

        private Slot(CreateRequest request, long sinceNanos, double workBefore, double allWorkBefore) {
            this.request = request;
            this.sinceNanos = sinceNanos;
            this.workBefore = workBefore;
            this.allWorkBefore = allWorkBefore;
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
    private final AutoLimit auto; // learns also while somebody has chosen a number
    private final ErrorBrake brake = new ErrorBrake();
    private Concurrency concurrency;
    private int guarded = Integer.MAX_VALUE; // what the guard allowed last
    private double work; // creates that run, hung ones left out, by nanoseconds
    private double allWork; // the same with them
    private long workAtNanos;

    Slots(Concurrency concurrency, int hostCpus) {
        this.concurrency = concurrency;
        this.auto = new AutoLimit(hostCpus);
    }

    /** Changes how many may run from now on; what runs goes on. Answers what it was. */
    Concurrency set(Concurrency next) {
        Concurrency before = concurrency;
        concurrency = next;
        return before;
    }

    /** The limit that finds itself; under the same lock as this. */
    AutoLimit auto() {
        return auto;
    }

    Concurrency concurrency() {
        return concurrency;
    }

    /** How many creates may run at once, before the guard has its say. */
    int limit() {
        if (concurrency instanceof Concurrency.Fixed fixed) {
            return fixed.limit();
        }
        return concurrency instanceof Concurrency.Auto ? brake.limit(auto.limit()) : Integer.MAX_VALUE;
    }

    /** How many run and do not hang. */
    int active() {
        return running.size() - (int) running.stream().filter(Slot::hung).count();
    }

    private void goOn(long nowNanos) {
        work += (double) active() * (nowNanos - workAtNanos);
        allWork += (double) running.size() * (nowNanos - workAtNanos);
        workAtNanos = nowNanos;
    }

    /** Empty string: a create may start. Else the reason why it waits. */
    String refusal(Guard guard) {
        guarded = guard.createSlots;
        int active = active();
        int hung = running.size() - active;
        int stuck = hung + guard.overdueElsewhere;
        int left = guard.maxStuck - stuck;
        if (left < 0 || (left == 0 && hung > 0)) {
            return stuck + " calls hang in libvirtd, which can bear " + guard.maxStuck;
        }
        if (running.size() >= guard.createSlots) {
            return "all " + guard.createSlots + " creates that libvirtd's workers allow are running";
        }
        if (active >= limit()) {
            return "all " + limit() + " slots are taken";
        }
        // Starts hang, and half of what libvirtd can bear is used up: no more run than may hang as well.
        return hung == 0 || active < left || 2 * left >= guard.maxStuck
                ? ""
                : stuck + " calls hang in libvirtd, which can bear " + guard.maxStuck + ": no more than " + left
                        + " creates at once";
    }

    /** @param waiting how many wait for a slot: if none runs that does not hang, a bulk begins */
    void asked(int waiting) {
        if (active() == 0) {
            auto.asked(waiting, guarded);
        }
    }

    Slot take(CreateRequest request, long nowNanos) {
        goOn(nowNanos);
        Slot slot = new Slot(request, nowNanos, work, allWork);
        running.add(slot);
        return slot;
    }

    /** @param waiting how many wait for a slot */
    void release(Slot slot, Outcome outcome, int waiting, long nowNanos) {
        goOn(nowNanos);
        long took = nowNanos - slot.sinceNanos;
        if (outcome == Outcome.STARTED) {
            lastNanos[finished++ % REMEMBERED] = took;
        }
        if (outcome == Outcome.STARTED && slot.guessed && finished <= REMEMBERED) {
            auto.forget(); // it did run all the time: of the others it was thought that fewer ran beside them
        }
        if (outcome == Outcome.STARTED && took > 0) {
            // One that was held for hung was none, and the others that are held for it may be none either.
            double atOnce = (slot.suspected ? allWork - slot.allWorkBefore : work - slot.workBefore) / took;
            auto.ended(atOnce, slot.sinceNanos, nowNanos);
            brake.ended(auto.limit());
        } else if (outcome == Outcome.OVERLOADED) {
            brake.overloaded(auto.limit(), active(), slot.sinceNanos, nowNanos);
        }
        running.remove(slot);
        learn(waiting, nowNanos);
        clear(nowNanos);
    }

    /** Of what has ended. Also to be called when {@link #judge} has found some that hang: for those nobody waits any more. */
    void learn(int waiting, long nowNanos) {
        auto.learn(oldest(nowNanos), waiting + active(), guarded, nowNanos);
    }

    /** When the oldest of those began that can be waited for: what takes so much longer than usual may never end. */
    private long oldest(long nowNanos) {
        long patience = finished == 0 ? Long.MAX_VALUE : WAITED_FOR * median();
        return running.stream()
                .filter(slot -> !slot.hung && nowNanos - slot.sinceNanos < patience)
                .mapToLong(Slot::sinceNanos)
                .min()
                .orElse(nowNanos);
    }

    /** Starts take longer here than was known: those that do not take too long by that have their places back. */
    private void clear(long nowNanos) {
        long patience = suspectAfter().toNanos();
        for (Slot slot : running) {
            slot.hung = slot.hung && nowNanos - slot.sinceNanos >= patience;
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
        goOn(nowNanos); // until now it was one of them
        slot.hung = true;
        slot.guessed = finished == 0 && !auto.knows();
        boolean news = !slot.suspected;
        slot.suspected = true;
        return news;
    }

    /** After how long a create counts as hanging. */
    Duration suspectAfter() {
        if (concurrency instanceof Concurrency.Fixed) {
            return SLOW; // somebody chose the number: it is kept to until the create is certainly slow
        }
        if (finished == 0) {
            return SUSPECT_UNKNOWN;
        }
        long median = median();
        long most = Math.max(SLOW.toNanos(), (long) (BEYOND_MEDIAN * median));
        return Duration.ofNanos(Math.max(SUSPECT_AT_LEAST.toNanos(), Math.min(SUSPECT_FACTOR * median, most)));
    }

    /** Of what the last of them took; there must be one. */
    private long median() {
        long[] sorted = Arrays.copyOf(lastNanos, Math.min(finished, REMEMBERED));
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
