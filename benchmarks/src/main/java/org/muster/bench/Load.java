package org.muster.bench;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests at a fixed rate, whatever becomes of them: each stream 50 a second, one stream after another.
 *
 * <p>Threads: {@code load} sends; {@code start} and {@code stop}: main.
 */
final class Load {
    private static final int RATE = 50; // requests a second, each stream
    private static final Duration DRAIN = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 5;

    private final List<Stream> streams;
    private final Thread thread = new Thread(this::send, "load");
    private volatile boolean stopping; // set by main, read by load

    Load(List<Stream> streams) {
        this.streams = List.copyOf(streams);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void send() {
        long slotNanos = TimeUnit.SECONDS.toNanos(1) / RATE / streams.size();
        long next = System.nanoTime();
        for (int slot = 0; !stopping; slot++) {
            next += slotNanos;
            for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            streams.get(slot % streams.size()).send(next);
        }
    }

    /** Ends it and waits for the last answer. */
    void stop() throws BenchException, InterruptedException {
        stopping = true;
        thread.join(DRAIN.toMillis());
        long deadline = System.nanoTime() + DRAIN.toNanos();
        for (Stream stream : streams) {
            while (!stream.idle()) {
                if (System.nanoTime() > deadline) {
                    throw new BenchException(
                            "requests have no answer " + DRAIN.toSeconds() + " s after the load ended");
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
    }
}
