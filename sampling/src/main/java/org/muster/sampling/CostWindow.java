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
    private static final int TIMES_P95 = 4;
    private static final int UNKNOWN_SHARE = 4; // of the timeout, before anything was measured
    private static final int PASSED_OVER_AT_MOST = 3;
    private static final double PERCENTILE = 0.95;

    private final long[] perGuestNanos = new long[REMEMBERED];
    private int usualGuests;
    private int passedOver;
    private int next;
    private int size;
    private long p95PerGuestNanos;

    /** What a call for a few guests costs says little of one for many, so much smaller ones are passed over for a while. */
    void add(long callNanos, int guests) {
        boolean small = 2 * guests < usualGuests;
        passedOver = small ? passedOver + 1 : 0;
        if (small && passedOver <= PASSED_OVER_AT_MOST) {
            return;
        }
        usualGuests = guests;
        perGuestNanos[next] = callNanos / Math.max(1, guests);
        next = (next + 1) % REMEMBERED;
        size = Math.min(REMEMBERED, size + 1);
        long[] sorted = Arrays.copyOf(perGuestNanos, size);
        Arrays.sort(sorted);
        p95PerGuestNanos = sorted[(int) Math.ceil(PERCENTILE * size) - 1];
    }

    /** Age at which a call of so many guests is late: four times what is usual, at least 250 ms, at most the timeout. */
    long lateAfterNanos(int guests, long timeoutNanos) {
        long usual = size == 0 ? timeoutNanos / UNKNOWN_SHARE : TIMES_P95 * p95PerGuestNanos * guests;
        return Math.min(timeoutNanos, Math.max(EARLIEST_LATE_NANOS, usual));
    }

    /** What one guest costs at most, as a rule; 0 when nothing was measured. */
    long perGuestNanos() {
        return p95PerGuestNanos;
    }
}
