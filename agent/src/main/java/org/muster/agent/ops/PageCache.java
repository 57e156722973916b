package org.muster.agent.ops;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One page, made when somebody asks for it and at most once a second, however many ask: those that come while it is being made
 * wait for that one.
 *
 * <p>Thread-safe; never blocks. Pages are made on the worker.
 */
final class PageCache {
    private final Supplier<byte[]> maker;
    private final Executor worker;
    private final LongSupplier nanoTime;
    private final long freshNanos;

    @GuardedBy("this")
    private CompletableFuture<Page> latest = CompletableFuture.failedFuture(new IllegalStateException("not made yet"));

    PageCache(Supplier<byte[]> maker, Executor worker, LongSupplier nanoTime, long freshNanos) {
        this.maker = maker;
        this.worker = worker;
        this.nanoTime = nanoTime;
        this.freshNanos = freshNanos;
    }

    /** Completes on the worker, or at once. Fails with whatever the maker throws, and then the next one tries again. */
    synchronized CompletableFuture<Page> get() {
        if (stale()) {
            // The time of the request: whoever comes a second after this one gets a new page.
            long now = nanoTime.getAsLong();
            latest = CompletableFuture.supplyAsync(() -> new Page(maker.get(), now), worker);
        }
        return latest;
    }

    @GuardedBy("this")
    private boolean stale() {
        if (!latest.isDone()) {
            return false;
        }
        return latest.isCompletedExceptionally()
                || nanoTime.getAsLong() - latest.join().madeAtNanos() >= freshNanos;
    }

    /** Gives the memory back when nobody has asked for that long. */
    synchronized void dropOlderThan(long nanos) {
        if (latest.isDone()
                && !latest.isCompletedExceptionally()
                && nanoTime.getAsLong() - latest.join().madeAtNanos() > nanos) {
            latest = CompletableFuture.failedFuture(new IllegalStateException("dropped"));
        }
    }
}
