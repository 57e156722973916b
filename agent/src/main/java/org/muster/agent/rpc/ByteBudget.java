package org.muster.agent.rpc;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that all connections together hold, in and out. Thread-safe. */
final class ByteBudget {

    private final long limit;
    private final AtomicLong held = new AtomicLong(); // atomic: taken and given back on all threads

    ByteBudget(long limit) {
        this.limit = limit;
    }

    /** Takes the bytes if they fit. */
    boolean tryTake(long bytes) {
        if (held.addAndGet(bytes) <= limit) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    /** Takes the bytes even if they do not fit: for what is held already and has to be counted. */
    void take(long bytes) {
        held.addAndGet(bytes);
    }

    void giveBack(long bytes) {
        held.addAndGet(-bytes);
    }

    long held() {
        return held.get();
    }

    long limit() {
        return limit;
    }
}
