package org.muster.libvirt;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.muster.libvirt.CallGuard.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that an admin changes libvirtd's workers while it runs: how many of them there are decides how many calls may hang.
 *
 * <p>Thread {@code libvirt-workers}, which waits for the program that asks. Where libvirtd does not tell, it is asked every tenth
 * time, until the next link or {@link #soon}: its configuration file says nothing of the daemon that runs.
 *
 * <p>Thread-safe; no method blocks.
 */
final class WorkerWatch implements AutoCloseable {
    static final Duration USUAL = Duration.ofMinutes(1);
    private static final Logger LOG = LoggerFactory.getLogger(WorkerWatch.class);
    private static final int IN_VAIN = 9; // then every tenth question is asked

    private final BooleanSupplier connected;
    private final Supplier<Optional<Workers>> question;
    private final CallGuard guard;
    private final Duration every;
    private final ScheduledExecutorService thread;
    private volatile int
            passOver; // so many questions, since the last had no answer; written by whoever asks or has it asked anew

    /** @param question what libvirtd says now; may block for as long as a program needs, and is empty if it says nothing */
    WorkerWatch(BooleanSupplier connected, Supplier<Optional<Workers>> question, CallGuard guard, Duration every) {
        this.connected = connected;
        this.question = question;
        this.guard = guard;
        this.every = every;
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "libvirt-workers");
            made.setDaemon(true);
            return made;
        });
    }

    void start() {
        thread.scheduleWithFixedDelay(this::look, every.toNanos(), every.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** There is another libvirtd, which may tell what the last one did not. */
    void linked() {
        passOver = 0;
    }

    /** Asks now. */
    void soon() {
        passOver = 0;
        try {
            thread.execute(this::look);
        } catch (RejectedExecutionException e) {
            LOG.debug("not asked any more: {}", e.toString()); // closed meanwhile
        }
    }

    private void look() {
        try {
            int more = passOver;
            if (!connected.getAsBoolean()) {
                return;
            }
            if (more > 0) {
                passOver = more - 1;
            } else {
                ask();
            }
        } catch (RuntimeException e) { // a mistake of ours must not end it for good
            LOG.error("asking for libvirtd's workers failed, going on", e);
        }
    }

    private void ask() {
        Workers before = guard.workers();
        Optional<Workers> found = question.get();
        passOver = found.isEmpty() ? IN_VAIN : 0;
        if (found.isEmpty() || found.get().equals(before)) {
            return;
        }
        // Not if there is a new link by now: that has asked another libvirtd.
        if (guard.workers(before, found.get())) {
            LOG.info("libvirtd has {} by now, had {}: {} calls may hang", found.get(), before, guard.maxStuck());
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
