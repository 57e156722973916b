package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * Output bytes waiting for one peer, part of the budget of all.
 *
 * <p>Thread-safe. Once closed it takes nothing more, and what it held has gone back to the budget.
 */
final class Account {

    enum Verdict {
        TAKEN,
        /** The peer does not read what it gets. */
        OVER_LIMIT,
        /** All peers together hold too much; taken nevertheless. */
        TAKEN_OVER_TOTAL,
        CLOSED
    }

    private final ByteBudget budget;
    private final long limit;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private long held;

    @GuardedBy("lock")
    private long underWay; // the part of it that is being written: whether the peer takes it is watched elsewhere

    @GuardedBy("lock")
    private long oversized; // the part of it that is one answer larger than the limit, until it is being written

    @GuardedBy("lock")
    private boolean closed;

    Account(ByteBudget budget, long limit) {
        this.budget = budget;
        this.limit = limit;
    }

    Verdict take(long bytes) {
        synchronized (lock) {
            if (closed) {
                return Verdict.CLOSED;
            }
            // One answer larger than the limit is let through, whatever else waits: it says nothing about who reads it.
            long waiting = held - underWay - oversized;
            boolean large = bytes > limit;
            if (large ? oversized > 0 : waiting + bytes > limit) {
                return Verdict.OVER_LIMIT;
            }
            oversized += large ? bytes : 0;
            held += bytes;
            if (budget.tryTake(bytes)) {
                return Verdict.TAKEN;
            }
            budget.take(bytes);
            return Verdict.TAKEN_OVER_TOTAL;
        }
    }

    /** That much of what is held is being written from now on. */
    void begun(long bytes) {
        synchronized (lock) {
            underWay += bytes;
            oversized = bytes > limit ? 0 : oversized; // no others come to that much together
        }
    }

    /** The peer has taken what was begun. */
    void written(long bytes) {
        synchronized (lock) {
            underWay -= bytes;
        }
        back(bytes);
    }

    /** Nothing of it is written. */
    void giveBack(long bytes) {
        synchronized (lock) {
            oversized = bytes > limit ? 0 : oversized;
        }
        back(bytes);
    }

    private void back(long bytes) {
        synchronized (lock) {
            if (!closed) {
                held -= bytes;
                budget.giveBack(bytes);
            }
        }
    }

    /** True while all peers together hold more than they may. */
    boolean overTotal() {
        return budget.held() > budget.limit();
    }

    long held() {
        synchronized (lock) {
            return held;
        }
    }

    void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                budget.giveBack(held);
                held = 0;
            }
        }
    }
}
