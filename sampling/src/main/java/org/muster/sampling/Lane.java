package org.muster.sampling;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A fixed number of threads, all started at once, that take a task only when one of them is free for it. Thread-safe.
 */
final class Lane implements AutoCloseable {
    private final int size;
    private final Semaphore free;
    private final ThreadPoolExecutor threads;

    /** @param name the threads are called name-0, name-1 and so on */
    Lane(String name, int size) {
        this.size = size;
        this.free = new Semaphore(size);
        AtomicInteger number = new AtomicInteger(); // one per thread, whoever makes it
        this.threads = new ThreadPoolExecutor(size, size, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(size), task -> {
            Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
    }

    void start() {
        threads.prestartAllCoreThreads();
    }

    /** A task in two steps: the call, which may never return, and telling what came of it. */
    interface Task {
        Runnable call();
    }

    /** Runs the task on a free thread; false if there is none. What the call gives is run when the thread counts as free. */
    boolean run(Task task) {
        if (!free.tryAcquire()) {
            return false;
        }
        threads.execute(() -> {
            Runnable report;
            try {
                report = task.call();
            } finally {
                free.release();
            }
            report.run();
        });
        return true;
    }

    int busy() {
        return size - free.availablePermits();
    }

    int size() {
        return size;
    }

    /** Waits for nothing: a thread that hangs ends with the process. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
