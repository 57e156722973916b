package org.muster.agent.calibrate;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.muster.agent.calibrate.CalibrationRefusedException.Reason;
import org.muster.libvirt.HypervisorException;

/**
 * Asks libvirtd on a thread that can be lost, and waits for it no longer than libvirtd is silent. Thread-safe, but meant for one asker
 * at a time.
 */
final class Answers {
    /** What asks libvirtd, once or many times. */
    interface Work<T> {
        /** @param answered to be told of each answer */
        T run(Runnable answered) throws HypervisorException, InterruptedException;
    }

    private final Executor threads;
    private final Duration patience;
    private volatile FutureTask<?> last; // what was asked last; written by the asker

    Answers(Executor threads, Duration patience) {
        this.threads = threads;
        this.patience = patience;
    }

    /** False while a call is out that nobody waits for any more. */
    boolean returned() {
        FutureTask<?> asked = last;
        return asked == null || asked.isDone();
    }

    /**
     * The work's own answer.
     *
     * @param meanwhile such as "while guests were removed"
     * @throws CalibrationRefusedException when libvirtd stays silent; the work goes on if it ever answers
     */
    <T> T to(Work<T> work, String meanwhile)
            throws CalibrationRefusedException, HypervisorException, InterruptedException {
        AtomicLong answeredAt = new AtomicLong(System.nanoTime());
        FutureTask<T> task = new FutureTask<>(() -> work.run(() -> answeredAt.set(System.nanoTime())));
        last = task;
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            task.cancel(false);
            throw new CalibrationRefusedException(Reason.FAILED, "calls of a former calibration have not returned");
        }
        for (long left = patience.toNanos(); left > 0; left = left(answeredAt)) {
            try {
                return task.get(left, TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                // it may have answered something meanwhile
            } catch (ExecutionException e) {
                throw failure(e.getCause());
            }
        }
        throw new CalibrationRefusedException(
                Reason.FAILED, "libvirtd has not answered for " + patience.toMillis() / 1000.0 + " s, " + meanwhile);
    }

    private long left(AtomicLong answeredAt) {
        return patience.toNanos() - (System.nanoTime() - answeredAt.get());
    }

    private static IllegalStateException failure(Throwable cause) throws HypervisorException, InterruptedException {
        if (cause instanceof HypervisorException e) {
            throw e;
        }
        if (cause instanceof InterruptedException e) {
            throw e;
        }
        return new IllegalStateException(cause);
    }
}
