package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.muster.agent.tls.TlsKeeper;

/**
 * Looks after the certificates' files: opens the port when they are there and it can be had, and judges the open connections anew when
 * they changed.
 *
 * <p>Thread-safe. The files are read on a worker or the caller's thread, never on an event loop.
 */
final class TlsWatch {

    private final TlsKeeper keeper;
    private final Workers workers;
    private final BooleanSupplier open;
    private final Runnable judge;
    private final AtomicBoolean looking = new AtomicBoolean(); // atomic: a slow disk must not take all workers
    private final Object lock = new Object();

    @GuardedBy("lock")
    private boolean isOpen;

    /**
     * Made before the port is open.
     *
     * @param open opens the port; false if that failed and is to be tried again
     * @param judge closes the connections that are good no more
     */
    TlsWatch(TlsKeeper keeper, Workers workers, BooleanSupplier open, Runnable judge) {
        this.keeper = keeper;
        this.workers = workers;
        this.open = open;
        this.judge = judge;
    }

    /** Reads the files for the first time; true if they are good, whether or not the port could be opened then. */
    boolean first() {
        synchronized (lock) {
            boolean good = keeper.reload();
            isOpen = good && open.getAsBoolean();
            return good;
        }
    }

    /** Looks again and again until closed. */
    AutoCloseable every(EventLoopGroup loops, Duration interval) {
        Future<?> timer = loops.next()
                .scheduleWithFixedDelay(this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
        return () -> timer.cancel(false);
    }

    private void look() {
        if (looking.compareAndSet(false, true) && !workers.tryRun(this::lookNow)) {
            looking.set(false); // all workers have too much to do: next time
        }
    }

    private void lookNow() {
        try {
            after(keeper.poll());
        } finally {
            looking.set(false);
        }
    }

    /** Reads the files whether they changed or not. */
    void now() {
        after(keeper.reload());
    }

    private void after(boolean changed) {
        synchronized (lock) {
            if (!isOpen && keeper.current().isPresent()) {
                isOpen = open.getAsBoolean();
            }
        }
        if (changed) {
            judge.run();
        }
    }
}
