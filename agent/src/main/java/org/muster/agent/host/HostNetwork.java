package org.muster.agent.host;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.muster.netlink.NetworkSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the state of the host's network: read anew when the kernel says that something changed, half a second after the first
 * of several changes, and once a minute.
 *
 * <p>Thread {@code host-net}, its own: the kernel answers about its network only when nobody configures it. Thread-safe.
 */
final class HostNetwork implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostNetwork.class);
    private static final Duration TICK = Duration.ofMillis(500); // how long a stop may take
    private static final Duration COALESCE = Duration.ofMillis(500);
    private static final Duration READ_AGAIN = Duration.ofSeconds(60); // speed changes without a word on some drivers
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

    private final NetworkSource source;
    private final HostRoot root;
    private final Runnable onChange;
    private final Thread thread = new Thread(this::run, "host-net");
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private boolean closed;

    @GuardedBy("lock")
    private boolean known;

    private volatile boolean overdue; // somebody went on without the first reading
    private volatile NetworkState state = NetworkState.unknown(); // replaced as a whole by host-net
    private String lastFailure = ""; // confined to host-net

    /** @param onChange called on host-net when something other than a guest's own interface changed */
    HostNetwork(NetworkSource source, HostRoot root, Runnable onChange) {
        this.source = source;
        this.root = root;
        this.onChange = onChange;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    NetworkState state() {
        return state;
    }

    /** Waits for the first reading; false if there is none yet after {@code patience}. */
    boolean awaitKnown(Duration patience) {
        lock.lock();
        try {
            long left = patience.toNanos();
            while (!known && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            overdue = !known;
            return known;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** False as long as there was no reading. */
    boolean known() {
        lock.lock();
        try {
            return known;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (!isClosed()) {
            try (NetworkSource.Changes changes = source.watch()) {
                read(); // after the watch has begun, so that nothing falls between
                follow(changes);
            } catch (IOException | RuntimeException | LinkageError e) {
                complain(e);
                pause();
            }
        }
    }

    private void follow(NetworkSource.Changes changes) throws IOException {
        long readAtNanos = System.nanoTime();
        while (!isClosed()) {
            boolean news = changes.await(TICK);
            if (news) {
                swallow(changes);
            }
            if (news || System.nanoTime() - readAtNanos > READ_AGAIN.toNanos()) {
                read();
                readAtNanos = System.nanoTime();
            }
        }
    }

    /** Lets a burst of changes pass: all of them are in the next reading. */
    private static void swallow(NetworkSource.Changes changes) throws IOException {
        long deadline = System.nanoTime() + COALESCE.toNanos();
        for (long left = COALESCE.toNanos(); left > 0; left = deadline - System.nanoTime()) {
            changes.await(Duration.ofNanos(left));
        }
    }

    private void read() throws IOException {
        NetworkState fresh = NetworkFacts.of(source.dump(), root);
        NetworkState old = state;
        state = fresh;
        lastFailure = "";
        boolean first = setKnown();
        if (first ? overdue : !fresh.mark().equals(old.mark())) {
            LOG.info("the host's network changed");
            onChange.run();
        }
    }

    /** Answers true the first time. */
    private boolean setKnown() {
        lock.lock();
        try {
            boolean first = !known;
            known = true;
            changed.signalAll();
            return first;
        } finally {
            lock.unlock();
        }
    }

    private void complain(Throwable e) {
        if (!lastFailure.equals(e.toString())) {
            lastFailure = e.toString();
            LOG.warn("the host's network cannot be read, trying on: {}", lastFailure);
        }
    }

    private void pause() {
        lock.lock();
        try {
            long left = RETRY.toNanos();
            while (left > 0 && !closed) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(TimeUnit.NANOSECONDS.toMillis(STOP_WITHIN.toNanos()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
