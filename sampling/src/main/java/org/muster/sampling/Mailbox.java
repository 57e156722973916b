package org.muster.sampling;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What other threads have for the thread {@code sampler}.
 *
 * <p>Bounded by who posts: each worker has one call under way, each guest is added once, and who wants a sign of
 * life waits for it before he asks again. Thread-safe.
 */
final class Mailbox {
    /** Something to do on the thread {@code sampler}. */
    interface Message {
        void deliver(SamplerCore core, long now);
    }

    private final Lock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();

    @GuardedBy("lock")
    private List<Message> messages = new ArrayList<>();

    @GuardedBy("lock")
    private boolean closed;

    void post(Message message) {
        lock.lock();
        try {
            if (!closed) {
                messages.add(message);
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** What has arrived, waiting for it at most so long; null once the box is closed. */
    List<Message> await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (messages.isEmpty() && !closed && left > 0) {
                left = arrived.awaitNanos(left);
            }
            if (closed) {
                return null;
            }
            List<Message> taken = messages;
            messages = new ArrayList<>();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            messages.clear();
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
