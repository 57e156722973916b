package org.muster.sampling;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Times in which the hypervisor answered nobody: they are held against no guest.
 *
 * <p>Only the latest are kept one by one: before them, two and the time between them count as one. Confined to the thread
 * {@code sampler}.
 */
final class Silences {
    static final int MOST = 64;

    private final Deque<Silence> all = new ArrayDeque<>(); // in their order

    private record Silence(long fromNanos, long untilNanos) {}

    void add(long fromNanos, long untilNanos) {
        all.addLast(new Silence(fromNanos, untilNanos));
        if (all.size() > MOST) {
            Silence first = all.removeFirst();
            all.addFirst(new Silence(first.fromNanos, all.removeFirst().untilNanos));
        }
    }

    /** How much of the time since then was one. */
    long since(long nanos) {
        if (all.isEmpty()) {
            return 0; // asked for every guest: the usual case makes no iterator
        }
        long sum = 0;
        for (Silence silence : all) {
            long from = silence.fromNanos - nanos > 0 ? silence.fromNanos : nanos;
            sum += Math.max(0, silence.untilNanos - from);
        }
        return sum;
    }

    void clear() {
        all.clear();
    }
}
