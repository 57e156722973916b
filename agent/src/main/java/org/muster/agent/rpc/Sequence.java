package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;

/**
 * What the threads of one kind do for one connection, in the order in which the peer sent it: one task at a time, so that
 * a destroy never overtakes the create before it. Connections take turns, task by task.
 *
 * <p>A sequence rests while its peer has too much to read already. Thread-safe; never blocks the caller. As many tasks wait
 * as the connection's bounds on requests and bytes let in.
 */
final class Sequence {

    private final Workers workers;
    private final BooleanSupplier mayGoOn; // asked before each task, under the lock; must not block
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Deque<Runnable> tasks = new ArrayDeque<>(); // first: the one that runs

    @GuardedBy("lock")
    private Thread running; // the worker that runs the first one, null before it got to it

    @GuardedBy("lock")
    private boolean resting;

    /** @param mayGoOn false: nothing is begun until {@link #resume} */
    Sequence(Workers workers, BooleanSupplier mayGoOn) {
        this.workers = workers;
        this.mayGoOn = mayGoOn;
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

    /** To be called whenever {@code mayGoOn} may have become true. */
    void resume() {
        synchronized (lock) {
            if (!resting) {
                return;
            }
            resting = !workers.tryRun(this::runNext); // false: the server is stopping, or the next call has more luck
        }
    }

    private void runNext() {
        Runnable task;
        synchronized (lock) {
            if (!mayGoOn.getAsBoolean()) {
                resting = true;
                return;
            }
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
            workers.progressed();
            // At the end of the queue, so that no connection keeps a worker from the others; a full one is no reason to
            // lose what was taken: then this worker goes on.
            if (more && !workers.tryRun(this::runNext)) {
                runNext();
            }
        }
    }
}
