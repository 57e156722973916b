package org.muster.agent.stats;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/** Guesses from when somebody asked when somebody will ask again. Thread-safe; never blocks. */
final class Readers {
    @GuardedBy("this")
    private long lastNanos;

    @GuardedBy("this")
    private long pauseNanos; // between the last two; 0 before there were two

    @GuardedBy("this")
    private boolean any;

    synchronized void asked(long nowNanos) {
        pauseNanos = any ? Math.max(1, nowNanos - lastNanos) : 0;
        lastNanos = nowNanos;
        any = true;
    }

    /** Whether it may be so within that time: somebody asks regularly, and has not stopped to. */
    synchronized boolean expected(long nowNanos, long withinNanos) {
        long since = nowNanos - lastNanos;
        boolean goesOn = since < 2 * Math.max(pauseNanos, withinNanos);
        return pauseNanos > 0 && goesOn && pauseNanos - since <= withinNanos;
    }
}
