package org.muster.agent.ops;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Something of one moment, made when somebody asks for it and at most once a second, however many ask: those that come while it
 * is being made wait for that one.
 *
 * <p>Thread-safe; never blocks. It is made on the worker.
 */
final class Fresh<T> {
    private final Supplier<T> maker;
    private final Executor worker;
    private final LongSupplier nanoTime;
    private final long freshNanos;

    @GuardedBy("this")
    private CompletableFuture<Dated<T>> latest = none();

    private record Dated<T>(T value, long atNanos) {}

    Fresh(Supplier<T> maker, Executor worker, LongSupplier nanoTime, long freshNanos) {
        this.maker = maker;
        this.worker = worker;
        this.nanoTime = nanoTime;
        this.freshNanos = freshNanos;
    }

    private static <T> CompletableFuture<Dated<T>> none() {
        return CompletableFuture.failedFuture(new IllegalStateException("not made"));
    }

    /** Completes on the worker, or at once. Fails with whatever the maker throws, and then the next one tries again. */
    synchronized CompletableFuture<T> get() {
        if (latest.isDone() && (latest.isCompletedExceptionally() || ageNanos() >= freshNanos)) {
            // The time of the request: whoever comes a second after this one gets a new one.
            long now = nanoTime.getAsLong();
            latest = CompletableFuture.supplyAsync(() -> new Dated<>(maker.get(), now), worker);
        }
        return latest.thenApply(Dated::value);
    }

    /** Gives the memory back when nobody has asked for that long. */
    synchronized void dropOlderThan(long nanos) {
        if (latest.isDone() && !latest.isCompletedExceptionally() && ageNanos() > nanos) {
            latest = none();
        }
    }

    @GuardedBy("this")
    private long ageNanos() {
        return nanoTime.getAsLong() - latest.join().atNanos();
    }
}
