package org.muster.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The calls without an answer yet, at most {@link #CAPACITY}. Whoever takes one out completes it, and nobody else can.
 *
 * <p>Thread-safe. {@code add}: callers. {@code remove}, {@code takeExpired}, {@code close}: the reader thread.
 */
final class CallTable {
    static final int CAPACITY = 4096;

    /** @param deadlineNanos on the clock of {@code System.nanoTime} */
    record Call(String method, Duration timeout, long deadlineNanos, CompletableFuture<JsonNode> answer) {}

    private final Lock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Call> outstanding = new HashMap<>();

    /** Not after the deadline of any outstanding call; may be earlier, which costs a look that finds nothing. */
    @GuardedBy("lock")
    private long earliestNanos;

    @GuardedBy("lock")
    private ConnectionLostException closedBy; // null while open

    /**
     * Takes a call in. Errors: ConnectionLostException once closed, RejectedExecutionException when full.
     *
     * @return whether this call's deadline is now the earliest
     */
    boolean add(String id, Call call) throws ConnectionLostException {
        lock.lock();
        try {
            if (closedBy != null) {
                throw closedBy;
            }
            if (outstanding.size() >= CAPACITY) {
                throw new RejectedExecutionException(call.method() + " not sent: " + CAPACITY
                        + " calls of this connection have no answer yet, and that is the limit");
            }
            boolean earliest = outstanding.isEmpty() || call.deadlineNanos() - earliestNanos < 0;
            if (earliest) {
                earliestNanos = call.deadlineNanos();
            }
            outstanding.put(id, call);
            return earliest;
        } finally {
            lock.unlock();
        }
    }

    /** Empty when the call is not outstanding (any more): a late answer, say. */
    Optional<Call> remove(String id) {
        lock.lock();
        try {
            return Optional.ofNullable(outstanding.remove(id));
        } finally {
            lock.unlock();
        }
    }

    /** The only outstanding call; empty when there are none or several. */
    Optional<Call> removeOnly() {
        lock.lock();
        try {
            if (outstanding.size() != 1) {
                return Optional.empty();
            }
            Call only = outstanding.values().iterator().next();
            outstanding.clear();
            return Optional.of(only);
        } finally {
            lock.unlock();
        }
    }

    List<Call> takeExpired(long now) {
        lock.lock();
        try {
            return outstanding.isEmpty() || earliestNanos - now > 0 ? List.of() : sweep(now);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private List<Call> sweep(long now) {
        List<Call> expired = new ArrayList<>();
        long untilNext = Long.MAX_VALUE;
        for (Iterator<Call> calls = outstanding.values().iterator(); calls.hasNext(); ) {
            Call call = calls.next();
            long left = call.deadlineNanos() - now;
            if (left <= 0) {
                expired.add(call);
                calls.remove();
            } else {
                untilNext = Math.min(untilNext, left);
            }
        }
        earliestNanos = now + untilNext;
        return expired;
    }

    /** Refuses all further calls, and gives those outstanding. */
    List<Call> close(ConnectionLostException cause) {
        lock.lock();
        try {
            List<Call> left = List.copyOf(outstanding.values());
            outstanding.clear();
            closedBy = cause;
            return left;
        } finally {
            lock.unlock();
        }
    }

    /** Nanoseconds until {@link #takeExpired} may find something, at most {@code longest}. */
    long nanosUntilNext(long now, long longest) {
        lock.lock();
        try {
            return outstanding.isEmpty() ? longest : Math.max(0, Math.min(longest, earliestNanos - now));
        } finally {
            lock.unlock();
        }
    }
}
