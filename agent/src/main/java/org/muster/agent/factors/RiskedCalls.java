package org.muster.agent.factors;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/**
 * The threads of a measurement, and how many of their calls a guest may be keeping: those that have not returned, and
 * all that the measurement may still make. Nobody waits for one for longer than his patience.
 *
 * <p>Thread-safe.
 */
final class RiskedCalls implements AutoCloseable {
    private static final String NAME = "factors-";
    private static final int LINGER_SECONDS = 5;

    private final Duration patience;
    private final ExecutorService threads;
    private final AtomicInteger underWay = new AtomicInteger(); // of a former measurement if guests keep them
    private volatile int reserved; // by the one who measures, read by whoever shares libvirtd's workers with us

    /**
     * None yet.
     *
     * @param most calls side by side
     * @param patience with what is begun, however many calls it makes
     */
    RiskedCalls(int most, Duration patience) {
        this.patience = patience;
        AtomicInteger number = new AtomicInteger(); // one per thread, whoever makes it
        threads = new ThreadPoolExecutor(
                0, 1 + most, LINGER_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread thread = new Thread(task, NAME + number.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    static boolean isThread(String name) {
        return name.startsWith(NAME);
    }

    /** Runs what makes no such call itself. */
    void execute(Runnable task) {
        threads.execute(task);
    }

    /** From now on so many calls may be made side by side. */
    void reserve(int calls) {
        reserved = calls;
    }

    /** Has the calls made, one after the other; from here until they have returned they count as one. */
    <T> Future<T> begin(Callable<T> calls) {
        underWay.incrementAndGet();
        try {
            return threads.submit(() -> {
                try {
                    return calls.call();
                } finally {
                    underWay.decrementAndGet();
                }
            });
        } catch (RejectedExecutionException e) {
            underWay.decrementAndGet();
            throw e;
        }
    }

    /**
     * What came of it.
     *
     * @throws HypervisorException TIMED_OUT when that takes too long; the calls go on, and count
     */
    <T> T answer(Future<T> begun) throws HypervisorException, InterruptedException {
        try {
            return begun.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            String late = "not back after " + patience.toMillis() + " ms: a guest, or libvirtd, has frozen meanwhile";
            throw new HypervisorException(Kind.TIMED_OUT, 0, "the measurement", "", late, e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof HypervisorException known
                    ? known
                    : new HypervisorException(Kind.FAILED, 0, "the measurement", "", e.toString(), e);
        }
    }

    int underWay() {
        return underWay.get();
    }

    int atRisk() {
        return Math.max(reserved, underWay.get());
    }

    /** Threads that hang end with the process. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
