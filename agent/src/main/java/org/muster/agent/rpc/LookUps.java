package org.muster.agent.rpc;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Finds out who opened local connections, one after the other: a directory service that hangs takes one worker, not all.
 *
 * <p>Thread-safe. Never blocks a caller: a queue that is full is an answer.
 */
final class LookUps {

    static final int MOST = 256; // of those who wait most are gone when their turn comes

    private final Sequence sequence;
    private final AtomicInteger open = new AtomicInteger(); // atomic: one more, if there is room, in one step

    LookUps(Workers workers) {
        sequence = new Sequence(workers, () -> true);
    }

    /** Runs it on a worker, after those that came before; false if too many wait, or the server is stopping. */
    boolean tryRun(Runnable lookUp) {
        if (open.getAndUpdate(n -> n < MOST ? n + 1 : n) >= MOST) {
            return false;
        }
        boolean taken = sequence.tryRun(() -> {
            try {
                lookUp.run();
            } finally {
                open.decrementAndGet();
            }
        });
        if (!taken) {
            open.decrementAndGet();
        }
        return taken;
    }
}
