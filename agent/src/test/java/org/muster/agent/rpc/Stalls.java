package org.muster.agent.rpc;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * How long this machine keeps a thread waiting that has something to do: what a test with a limit of time has to allow for
 * where others work too. Confined to the test, but for its own thread.
 */
public final class Stalls implements AutoCloseable {
    private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final int HANDS = 5; // threads and processes that pass a message on, each of which may have to wait

    private final AtomicLong longest = new AtomicLong();
    private final Thread thread = new Thread(this::watch, "stalls");
    private volatile boolean stopped; // volatile: set by the test, read by the thread

    public Stalls() {
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        while (!stopped) {
            long since = System.nanoTime();
            LockSupport.parkNanos(EVERY_NANOS);
            longest.accumulateAndGet(System.nanoTime() - since - EVERY_NANOS, Math::max);
        }
    }

    /** The limit, and what the machine itself took from it since this was made. */
    public Duration allow(Duration limit) {
        return limit.plusNanos(HANDS * longest.get());
    }

    @Override
    public void close() {
        stopped = true;
    }
}
