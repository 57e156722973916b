package org.muster.agent.rpc;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads {@code rpc-tls-%d}: what costs time in a handshake, and nothing else, so that it waits for no verb.
 *
 * <p>The newest comes first: the engine gives up after 450 ms, so in a rush the ones that waited longest are the ones to
 * lose. Thread-safe.
 */
final class TlsThreads implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TlsThreads.class);
    private static final int COUNT = 2;
    private static final int QUEUE = 1024; // one a connection at most, so never full
    private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

    private final NamedThreads threads = new NamedThreads("rpc-tls");
    private final ThreadPoolExecutor pool;

    TlsThreads() {
        pool = new ThreadPoolExecutor(COUNT, COUNT, 0, TimeUnit.SECONDS, new NewestFirst(), threads);
        pool.prestartAllCoreThreads();
    }

    Executor executor() {
        return pool;
    }

    @Override
    public void close() {
        pool.shutdownNow();
        try {
            if (!threads.join(STOP_WITHIN)) {
                LOG.warn("TLS threads still busy {} s after the stop", STOP_WITHIN.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A queue that is a stack. */
    private static final class NewestFirst extends LinkedBlockingDeque<Runnable> {
        NewestFirst() {
            super(QUEUE);
        }

        @Override
        public boolean offer(Runnable task) {
            return offerFirst(task);
        }
    }
}
