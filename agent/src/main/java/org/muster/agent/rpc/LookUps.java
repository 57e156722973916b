package org.muster.agent.rpc;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Finds out who opened local connections, in two lines: a directory service that hangs takes two workers, not all, and one user
 * for whom it hangs keeps nobody else waiting.
 *
 * <p>Thread-safe. Never blocks a caller: a queue that is full is an answer.
 */
final class LookUps {

    static final int MOST = 256; // of those who wait most are gone when their turn comes

    private final List<Line> lines;

    /** Those that are looked up one after the other. */
    private static final class Line {
        private final Sequence sequence;
        private final AtomicInteger open = new AtomicInteger(); // atomic: one more, if there is room, in one step

        Line(Workers workers) {
            sequence = new Sequence(workers, () -> true);
        }

        boolean tryRun(Runnable lookUp) {
            if (open.getAndUpdate(n -> n < MOST / 2 ? n + 1 : n) >= MOST / 2) {
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

    LookUps(Workers workers) {
        lines = List.of(new Line(workers), new Line(workers));
    }

    /** Runs it on a worker, after those that came before; false if too many wait, or the server is stopping. */
    boolean tryRun(Runnable lookUp) {
        Line first = lines.get(0);
        Line second = lines.get(1);
        return (first.open.get() <= second.open.get() ? first : second).tryRun(lookUp);
    }
}
