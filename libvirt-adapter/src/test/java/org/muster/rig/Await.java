package org.muster.rig;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Polls a condition until it holds, or throws at the deadline naming what was waited for. */
public final class Await {
    private static final long POLL_NANOS = Duration.ofMillis(20).toNanos();

    private Await() {}

    /** Returns when {@code condition} holds; throws {@link AssertionError} when it does not within {@code deadline}. */
    public static void until(String what, Duration deadline, Callable<Boolean> condition) {
        long start = System.nanoTime();
        while (true) {
            if (holds(what, condition)) {
                return;
            }
            if (System.nanoTime() - start > deadline.toNanos()) {
                throw new AssertionError("not within " + deadline + ": " + what);
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("interrupted while waiting for: " + what);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    private static boolean holds(String what, Callable<Boolean> condition) {
        try {
            return condition.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError("could not check: " + what, e);
        }
    }
}
