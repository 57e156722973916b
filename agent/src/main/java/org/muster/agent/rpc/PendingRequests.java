package org.muster.agent.rpc;

import java.util.concurrent.atomic.AtomicInteger;

/** Requests of one connection that are begun and not answered. Thread-safe. */
final class PendingRequests {

    private final int limit;
    private final AtomicInteger pending = new AtomicInteger(); // atomic: begun on the loop, ended anywhere

    PendingRequests(int limit) {
        this.limit = limit;
    }

    boolean tryBegin() {
        return pending.getAndUpdate(n -> n < limit ? n + 1 : n) < limit;
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
}
