package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Whether anybody from elsewhere who may start guests is still there.
 *
 * <p>A peer on loopback is there while its connection is open. One from further away is only as present as its last byte:
 * when the link is cut while bytes of ours are under way, TCP keeps the connection for a quarter of an hour, keepalive or
 * not. The engine asks for statistics every 15 s; a client that has nothing to ask sends heart-beats. Thread-safe.
 */
final class Presence {

    private final LongSupplier clock;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private int openOnLoopback;

    private volatile boolean everHeard; // set once, by whichever event loop was first
    private volatile long lastHeardNanos; // the last of several racing event loops wins: they are as good

    Presence(LongSupplier clock) {
        this.clock = clock;
    }

    static boolean counts(Principal principal, boolean remote) {
        return remote && principal.access().covers(Access.OPERATE);
    }

    void opened(boolean loopback) {
        synchronized (lock) {
            openOnLoopback += loopback ? 1 : 0;
        }
        heard();
    }

    void closed(boolean loopback) {
        synchronized (lock) {
            openOnLoopback -= loopback ? 1 : 0;
        }
        if (loopback) {
            heard(); // it was there until now
        }
    }

    /** A byte came from such a peer. */
    void heard() {
        lastHeardNanos = clock.getAsLong();
        everHeard = true;
    }

    boolean aliveWithin(Duration patience) {
        synchronized (lock) {
            if (openOnLoopback > 0) {
                return true;
            }
        }
        return everHeard && clock.getAsLong() - lastHeardNanos <= patience.toNanos();
    }
}
