package org.muster.agent.rpc;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
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

    private final NamedThreads threads;
    private final ThreadPoolExecutor pool;
    private final AtomicReference<Runnable> beat = new AtomicReference<>(); // atomic: answered once, by who is first

    Workers(String name, int count) {
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

    /**
     * Has {@code answer} run as soon as these threads come to the end of anything, of a task of its own if they have nothing
     * to do: so a queue that is long, and gets on, is no reason to worry.
     */
    void beat(Runnable answer) {
        beat.set(answer);
        boolean unused = tryRun(() -> {}); // a queue that is full has enough that can end
    }

    /** Something has come to its end. */
    void progressed() {
        if (beat.get() != null) { // hardly ever
            Runnable asked = beat.getAndSet(null);
            if (asked != null) {
                asked.run();
            }
        }
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a task of the wire failed", e);
        } finally {
            progressed();
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
