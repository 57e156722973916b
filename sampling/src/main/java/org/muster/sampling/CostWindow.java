package org.muster.sampling;

import java.util.Arrays;

/**
 * What calls of one tier cost of late, per guest, and from that: when a call is late.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class CostWindow {
    static final long EARLIEST_LATE_NANOS = 250_000_000;

    private static final int REMEMBERED = 32;
    private static final int LATELY = 3;
    private static final int TIMES_P95 = 4;
    private static final int UNKNOWN_SHARE = 4; // of the timeout, before anything was measured
    private static final double PERCENTILE = 0.95;

    private final long[] perGuestNanos = new long[REMEMBERED];
    private final int[] guestsAsked = new int[REMEMBERED];
    private int next;
    private int size;

    void add(long callNanos, int guests) {
        int asked = Math.max(1, guests);
        perGuestNanos[next] = callNanos / asked;
        guestsAsked[next] = asked;
        next = (next + 1) % REMEMBERED;
        size = Math.min(REMEMBERED, size + 1);
    }

    /**
     * Age at which a call of so many guests is late: four times what is usual, at least 250 ms.
     *
     * @param atMostNanos however long calls usually take
     */
    long lateAfterNanos(int guests, long atMostNanos) {
        long usual = size == 0 ? atMostNanos / UNKNOWN_SHARE : TIMES_P95 * perGuestNanos(guests, PERCENTILE) * guests;
        return Math.min(atMostNanos, Math.max(EARLIEST_LATE_NANOS, usual));
    }

    /**
     * What half of the calls of that size take at most; 0 when nothing was measured. By the last of them, if those were
     * quicker: a host that has just started its guests is soon another one, and should not be waited for as before.
     */
    long usualNanos(int guests) {
        return Math.min(perGuestNanos(guests, 0.5, size), perGuestNanos(guests, 0.5, LATELY)) * guests;
    }

    /** What one guest costs at most, as a rule, in the largest calls; 0 when nothing was measured. */
    long perGuestNanos() {
        return perGuestNanos(Integer.MAX_VALUE, PERCENTILE);
    }

    /**
     * From calls of about that size only: every call has a cost of its own, so what a single guest takes, times a
     * hundred, says nothing about a call for a hundred.
     */
    private long perGuestNanos(int guests, double percentile) {
        return perGuestNanos(guests, percentile, size);
    }

    /** @param last so many of them, the latest */
    private long perGuestNanos(int guests, double percentile, int last) {
        int largest = 0;
        for (int i = 0; i < size; i++) {
            largest = Math.max(largest, guestsAsked[i]);
        }
        int likeIt = Math.min(guests, largest);
        long[] comparable = new long[size];
        int found = 0;
        for (int back = 1; back <= size && found < last; back++) {
            int i = Math.floorMod(next - back, REMEMBERED);
            if (2 * guestsAsked[i] >= likeIt) {
                comparable[found++] = perGuestNanos[i];
            }
        }
        if (found == 0) {
            return 0;
        }
        Arrays.sort(comparable, 0, found);
        return comparable[(int) Math.ceil(percentile * found) - 1];
    }
}
