package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Threads {@code <name>-1}, {@code <name>-2}, …, and the wait for their end: an executor counts itself as terminated a
 * moment before its threads are gone.
 *
 * <p>Thread-safe.
 */
final class NamedThreads implements ThreadFactory {

    private final String name;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final List<Thread> threads = new ArrayList<>();

    @GuardedBy("lock")
    private int made;

    NamedThreads(String name) {
        this.name = name;
    }

    @Override
    public Thread newThread(Runnable task) {
        synchronized (lock) {
            made++;
            Thread thread = new FastThreadLocalThread(task, name + "-" + made);
            thread.setDaemon(true);
            threads.removeIf(old -> old.getState() == Thread.State.TERMINATED);
            threads.add(thread);
            return thread;
        }
    }

    /** Waits for the end of all; false if some are still there after {@code patience}. */
    boolean join(Duration patience) throws InterruptedException {
        List<Thread> all;
        synchronized (lock) {
            all = List.copyOf(threads);
        }
        long deadline = System.nanoTime() + patience.toNanos();
        for (Thread thread : all) {
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            thread.join(Math.max(1, millis));
        }
        return all.stream().noneMatch(Thread::isAlive);
    }
}
