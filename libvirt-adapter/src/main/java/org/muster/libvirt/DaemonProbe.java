package org.muster.libvirt;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Whether libvirtd answers at all, asked on a thread of its own: all of those that ask about domains may be lost to locks.
 *
 * <p>One question at a time: whoever wants to know while one is under way waits for its answer, which comes after that. A
 * libvirtd that is silent thus keeps one thread, however often somebody wants to know.
 *
 * <p>Thread-safe.
 */
final class DaemonProbe implements AutoCloseable {
    private static final String OPERATION = "virConnectGetLibVersion";

    /** Fails if libvirtd itself does not answer. */
    interface AreYouThere {
        void ask() throws HypervisorException;
    }

    private final AreYouThere question;
    private final ThreadPoolExecutor thread;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private FutureTask<Void> underWay; // or over; null before the first

    DaemonProbe(AreYouThere question, String threadName) {
        this.question = question;
        // one waits while the one before it, which is over, leaves the thread
        this.thread = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1), task -> {
            Thread made = new Thread(task, threadName);
            made.setDaemon(true);
            return made;
        });
        thread.prestartAllCoreThreads();
    }

    /** @throws HypervisorException DISCONNECTED when there is no answer by then, or whatever the answer was */
    void answersWithin(Duration patience) throws HypervisorException {
        try {
            ask().get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw disconnected("libvirtd does not answer within " + patience.toMillis() + " ms");
        } catch (RejectedExecutionException e) {
            throw disconnected("closed"); // which is nobody's fault, and no reason to call libvirtd busy
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HypervisorException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HypervisorException(HypervisorException.Kind.BUSY, 0, OPERATION, "", "interrupted", e);
        }
    }

    private FutureTask<Void> ask() {
        synchronized (lock) {
            if (underWay == null || underWay.isDone()) {
                FutureTask<Void> next = new FutureTask<>(() -> {
                    question.ask();
                    return null;
                });
                thread.execute(next);
                underWay = next;
            }
            return underWay;
        }
    }

    private static HypervisorException disconnected(String why) {
        return new HypervisorException(HypervisorException.Kind.DISCONNECTED, 0, OPERATION, "", why, null);
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
