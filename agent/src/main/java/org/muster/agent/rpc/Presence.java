package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Whether anybody from elsewhere who may start guests is still there.
 *
 * <p>An open connection counts as alive; TCP's keepalive ends those whose peer is gone. Thread-safe.
 */
final class Presence {

    private final LongSupplier clock;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private int open;

    @GuardedBy("lock")
    private boolean everSeen;

    @GuardedBy("lock")
    private long lastSeenNanos;

    Presence(LongSupplier clock) {
        this.clock = clock;
    }

    static boolean counts(Principal principal, boolean remote) {
        return remote && principal.access().covers(Access.OPERATE);
    }

    void opened() {
        synchronized (lock) {
            open++;
        }
    }

    void closed() {
        synchronized (lock) {
            open--;
            everSeen = true;
            lastSeenNanos = clock.getAsLong();
        }
    }

    boolean aliveWithin(Duration patience) {
        synchronized (lock) {
            return open > 0 || (everSeen && clock.getAsLong() - lastSeenNanos <= patience.toNanos());
        }
    }
}
