package org.muster.agent.rpc;

import java.util.concurrent.atomic.AtomicInteger;

/** Requests of one connection that are begun and not answered. Thread-safe. */
final class PendingRequests {

    private static final int MAX_APART = 2;

    private final int limit;
    private final AtomicInteger pending = new AtomicInteger(); // atomic: begun on the loop, ended anywhere
    private final AtomicInteger apart = new AtomicInteger(); // likewise

    PendingRequests(int limit) {
        this.limit = limit;
    }

    boolean tryBegin() {
        return tryIncrement(pending, limit);
    }

    void end() {
        pending.decrementAndGet();
    }

    /** A message whose requests are not known yet; pair with {@link #end}. Its bytes are what bounds these. */
    void beginMessage() {
        pending.incrementAndGet();
    }

    int limit() {
        return limit;
    }

    int count() {
        return pending.get();
    }

    /**
     * Asks to encode a large answer away from the event loop. At most {@value #MAX_APART} at once: the others are
     * encoded on the loop, where their size is felt before the next request is read.
     */
    boolean tryEncodeApart() {
        return tryIncrement(apart, MAX_APART);
    }

    void encodedApart() {
        apart.decrementAndGet();
    }

    private static boolean tryIncrement(AtomicInteger counter, int most) {
        return counter.getAndUpdate(n -> n < most ? n + 1 : n) < most;
    }
}
