package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what blocks in libvirt for one VM: one VM's tasks one after another, different VMs' side by side on a fixed number
 * of threads {@code vm-%d}.
 *
 * <p>Thread-safe; never blocks the caller.
 */
final class VmLane implements AutoCloseable {
    /** Tasks that may wait for one VM. */
    static final int WAITING_PER_VM = 32;

    private static final Logger LOG = LoggerFactory.getLogger(VmLane.class);

    private final ThreadPoolExecutor threads;
    private final Flows flows;

    @GuardedBy("this")
    private final Map<UUID, Deque<Runnable>> tasks = new HashMap<>(); // first: the one that runs

    VmLane(int size) {
        this(size, new Flows());
    }

    VmLane(int size, Flows flows) {
        this.flows = flows;
        AtomicInteger number = new AtomicInteger();
        // The queue holds one entry per VM at most, so the number of VMs bounds it.
        this.threads = new ThreadPoolExecutor(size, size, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, "vm-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
        threads.prestartAllCoreThreads();
    }

    /** Runs the task after those of the same VM that wait already; false if too many do, or the lane is closed. */
    boolean submit(UUID id, Runnable task) {
        synchronized (this) {
            if (threads.isShutdown()) {
                return false;
            }
            Deque<Runnable> mine = tasks.computeIfAbsent(id, x -> new ArrayDeque<>());
            if (mine.size() >= WAITING_PER_VM) {
                return false;
            }
            mine.add(task);
            if (mine.size() > 1) {
                return true; // whoever runs the one before runs this one
            }
        }
        threads.execute(() -> runNext(id));
        return true;
    }

    private void runNext(UUID id) {
        Runnable task;
        synchronized (this) {
            task = tasks.get(id).peek();
        }
        try {
            flows.about(id, task);
        } catch (RuntimeException | LinkageError | StackOverflowError | AssertionError e) {
            LOG.error("a task of {} failed", id, e);
        } finally {
            goOn(id);
        }
    }

    private void goOn(UUID id) {
        boolean more;
        synchronized (this) {
            Deque<Runnable> mine = tasks.get(id);
            mine.remove();
            more = !mine.isEmpty();
            if (!more) {
                tasks.remove(id);
            }
        }
        if (more && !threads.isShutdown()) {
            threads.execute(() -> runNext(id)); // at the end of the queue: no VM keeps a thread from the others
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
