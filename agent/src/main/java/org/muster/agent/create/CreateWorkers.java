package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.muster.libvirt.CallGuard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that start guests, {@code create-%d}: always one that is idle, so that a free slot never waits for a thread,
 * whatever the limit is at the moment. Once there they stay; a start that never returns keeps its own.
 *
 * <p>Thread-safe.
 */
final class CreateWorkers {
    private static final Logger LOG = LoggerFactory.getLogger(CreateWorkers.class);
    private static final String NAME = "create-";
    private static final int LEAST = 16;
    private static final int MOST = 64 + CallGuard.MOST_STUCK; // as many creates as there are connections for them

    private final Dispatcher dispatcher;
    private final Function<Slots.Slot, Outcome> create;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private int threads;

    @GuardedBy("lock")
    private int busy;

    /** @param create starts a guest, for as long as that takes, and answers what came of it; must not throw */
    CreateWorkers(Dispatcher dispatcher, Function<Slots.Slot, Outcome> create) {
        this.dispatcher = dispatcher;
        this.create = create;
    }

    void start() {
        synchronized (lock) {
            while (threads < LEAST) {
                startOne();
            }
        }
    }

    @GuardedBy("lock")
    private void startOne() {
        Thread thread = new Thread(this::work, NAME + threads++);
        thread.setDaemon(true);
        thread.start();
    }

    private void work() {
        try {
            for (Slots.Slot slot = next(); slot != null; slot = next()) {
                Outcome outcome = Outcome.NOTHING;
                begin();
                try {
                    outcome = create.apply(slot);
                } finally {
                    end();
                    dispatcher.finished(slot, outcome);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("a create worker was told to stop");
        }
    }

    /** A fault of ours in the queue must not cost the host its creates. */
    private Slots.Slot next() throws InterruptedException {
        while (true) {
            try {
                return dispatcher.next();
            } catch (RuntimeException e) {
                LOG.error("taking the next create from the queue failed; tried again in a second", e);
                TimeUnit.SECONDS.sleep(1);
            }
        }
    }

    /** Whether a thread of that name is one of these. */
    static boolean isThread(String name) {
        return name.startsWith(NAME) && Character.isDigit(name.charAt(name.length() - 1)); // create-watch is none
    }

    private void begin() {
        synchronized (lock) {
            busy++;
            if (busy == threads && threads < MOST) {
                startOne();
            }
        }
    }

    private void end() {
        synchronized (lock) {
            busy--;
        }
    }
}
