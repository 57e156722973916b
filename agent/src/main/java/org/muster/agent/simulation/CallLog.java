package org.muster.agent.simulation;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.muster.agent.simulation.FakeHypervisor.Op;

/**
 * What was asked of a fake hypervisor, in order: for tests to look at. A simulation that runs for days keeps none of it but
 * the number of starts under way.
 *
 * <p>Thread-safe.
 */
final class CallLog {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private record Key(Op op, UUID id) {}

    private final boolean kept;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Map<Key, Integer> entered = new HashMap<>();

    @GuardedBy("lock")
    private final Map<UUID, Integer> started = new HashMap<>();

    @GuardedBy("lock")
    private final List<String> calls = new ArrayList<>();

    @GuardedBy("lock")
    private int startsUnderWay;

    @GuardedBy("lock")
    private int mostStartsAtOnce;

    private CallLog(boolean kept) {
        this.kept = kept;
    }

    static CallLog complete() {
        return new CallLog(true);
    }

    static CallLog none() {
        return new CallLog(false);
    }

    /** @param id null if the call concerns no domain */
    void begun(Op op, UUID id) {
        if (!kept) {
            return;
        }
        lock.lock();
        try {
            calls.add(op + " " + id);
            entered.merge(new Key(op, id), 1, Integer::sum);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** A guest came to run. */
    void started(UUID id) {
        if (!kept) {
            return;
        }
        lock.lock();
        try {
            started.merge(id, 1, Integer::sum);
        } finally {
            lock.unlock();
        }
    }

    void startUnderWay(int change) {
        lock.lock();
        try {
            startsUnderWay += change;
            mostStartsAtOnce = Math.max(mostStartsAtOnce, startsUnderWay);
        } finally {
            lock.unlock();
        }
    }

    int startsUnderWay() {
        lock.lock();
        try {
            return startsUnderWay;
        } finally {
            lock.unlock();
        }
    }

    int mostStartsAtOnce() {
        lock.lock();
        try {
            return mostStartsAtOnce;
        } finally {
            lock.unlock();
        }
    }

    int starts(UUID id) {
        lock.lock();
        try {
            return started.getOrDefault(id, 0);
        } finally {
            lock.unlock();
        }
    }

    int entered(Op op, UUID id) {
        lock.lock();
        try {
            return entered.getOrDefault(new Key(op, id), 0);
        } finally {
            lock.unlock();
        }
    }

    List<String> all() {
        lock.lock();
        try {
            return List.copyOf(calls);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until so many such calls have begun. */
    void awaitEntered(Op op, UUID id, int times) {
        lock.lock();
        try {
            long left = PATIENCE.toNanos();
            while (entered.getOrDefault(new Key(op, id), 0) < times) {
                if (left <= 0) {
                    throw new AssertionError(op + " " + id + " was not called " + times + " times; calls: " + calls);
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } finally {
            lock.unlock();
        }
    }
}
