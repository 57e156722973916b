package org.muster.agent.rpc;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads of one kind ({@code rpc-worker-%d}, {@code rpc-monitor-%d}): a fixed number, all started at once, before a
 * bounded queue.
 *
 * <p>Thread-safe. Never blocks a caller: a full queue is an answer.
 */
final class Workers implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
    private static final int QUEUE = 4096;
    private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

    private final int count;
    private final NamedThreads threads;
    private final ThreadPoolExecutor pool;

    Workers(String name, int count) {
        this.count = count;
        threads = new NamedThreads(name);
        pool = new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUE), threads);
        pool.prestartAllCoreThreads();
    }

    /** Hands a task over; false if the queue is full or the server is stopping. */
    boolean tryRun(Runnable task) {
        try {
            pool.execute(() -> guarded(task));
            return true;
        } catch (RejectedExecutionException e) {
            return false; // full or stopping: the caller answers for it
        }
    }

    /** Shape: for messages. */
    String capacity() {
        return count + " workers, " + QUEUE + " waiting";
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a task of the wire failed", e);
        }
    }

    @Override
    public void close() {
        pool.shutdownNow();
        try {
            if (!threads.join(STOP_WITHIN)) {
                LOG.warn("{} workers still busy {} s after the stop", pool.getActiveCount(), STOP_WITHIN.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
