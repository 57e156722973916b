package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What workers do for one connection, in the order in which the peer sent it: one task at a time, so that a destroy never
 * overtakes the create before it.
 *
 * <p>Thread-safe; never blocks the caller. As many tasks wait as the connection's bounds on requests and bytes let in.
 */
final class Sequence {

    private final Workers workers;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Deque<Runnable> tasks = new ArrayDeque<>(); // first: the one that runs

    @GuardedBy("lock")
    private Thread running; // the worker that runs the first one, null before it got to it

    Sequence(Workers workers) {
        this.workers = workers;
    }

    /**
     * Runs the task after those handed over before; at once if this is the thread that runs the one before, of which it
     * then is a part. False if all workers are taken and too much waits for them, or the server is stopping.
     */
    boolean tryRun(Runnable task) {
        synchronized (lock) {
            if (running != Thread.currentThread()) {
                if (!tasks.isEmpty()) {
                    tasks.add(task);
                    return true; // whoever runs the one before goes on with this one
                }
                if (!workers.tryRun(this::runNext)) {
                    return false;
                }
                tasks.add(task);
                return true;
            }
        }
        task.run();
        return true;
    }

    private void runNext() {
        Runnable task;
        synchronized (lock) {
            task = tasks.element();
            running = Thread.currentThread();
        }
        try {
            task.run();
        } finally {
            boolean more;
            synchronized (lock) {
                running = null;
                tasks.remove();
                more = !tasks.isEmpty();
            }
            // At the end of the queue, so that no connection keeps a worker from the others; a full one is no reason to
            // lose what was taken: then this worker goes on.
            if (more && !workers.tryRun(this::runNext)) {
                runNext();
            }
        }
    }
}
