package org.muster.sampling;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A fixed number of threads, all started at once, that take a task only when one of them is free for it.
 *
 * <p>The one that was free last is the first to get a task: with nobody stuck, one thread does all of the work, and finds
 * its memory, and libvirt's for that thread, as it left it. Thread-safe.
 */
final class Lane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    private static final Task END = () -> () -> {};

    private final Lock lock = new ReentrantLock();
    private final List<Worker> workers = new ArrayList<>();

    @GuardedBy("lock")
    private final Deque<Worker> free = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean closed;

    /** @param name the threads are called name-0, name-1 and so on */
    Lane(String name, int size) {
        for (int i = 0; i < size; i++) {
            Worker worker = new Worker(name + "-" + i);
            workers.add(worker);
            free.addLast(worker);
        }
    }

    void start() {
        workers.forEach(worker -> worker.thread.start());
    }

    /** A task in two steps: the call, which may never return, and telling what came of it. */
    interface Task {
        Runnable call();
    }

    private final class Worker {
        private final Thread thread;
        private final BlockingQueue<Task> next = new ArrayBlockingQueue<>(1); // filled by whoever took it for a task

        Worker(String name) {
            thread = new Thread(this::work, name);
            thread.setDaemon(true);
        }

        private void work() {
            try {
                for (Task task = next.take(); task != END; task = next.take()) {
                    run(task);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void run(Task task) {
            try {
                Runnable report;
                try {
                    report = task.call();
                } finally {
                    giveBack(this);
                }
                report.run();
            } catch (RuntimeException | Error e) {
                LOG.error("a task failed, its thread goes on", e);
            }
        }
    }

    /** Runs the task on a free thread; false if there is none. What the call gives is run when the thread counts as free. */
    boolean run(Task task) {
        lock.lock();
        try {
            return !free.isEmpty() && free.pop().next.offer(task);
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(Worker worker) {
        lock.lock();
        try {
            free.push(worker);
            if (closed) {
                endAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void endAll() {
        free.forEach(worker -> worker.next.add(END));
        free.clear();
    }

    int busy() {
        lock.lock();
        try {
            return workers.size() - free.size();
        } finally {
            lock.unlock();
        }
    }

    int size() {
        return workers.size();
    }

    /** Waits for nothing: a thread that hangs ends with the process. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            endAll();
        } finally {
            lock.unlock();
        }
    }
}
