package org.muster.agent.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.muster.systemd.ServiceManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the service manager that we live, as long as our own event loops, the pools behind them, the creates' watch and the
 * sampler do their work. None of them waits for libvirt or a disk, so a host in trouble never gets its agent restarted for it.
 *
 * <p>Who owes a sign of life for {@link #TELL} looks has every thread's stack and every call in libvirt written to the
 * log; after {@link #STOP} looks the manager hears nothing more, ends us and starts us again. Without a manager only the log
 * is written.
 *
 * <p>Thread: {@code watchdog}, which takes no lock of any other part. Thread-safe.
 */
final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
    private static final Duration USUAL = Duration.ofSeconds(30);
    private static final int LOOKS = 6; // in the time that the manager gives us
    static final int TELL = 2;
    static final int STOP = 3;

    private final HeartBeats beats;
    private final Consumer<String[]> manager;
    private final Duration every;
    private final Supplier<String> status;
    private final Runnable report;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "watchdog");
    private String lastStatus = ""; // confined to watchdog
    private boolean reported; // likewise
    private volatile List<String> ailments = List.of(); // written by watchdog, read by anybody

    /**
     * @param status what an admin sees beside the service; must not block
     * @param report writes what everybody is doing to the log; must take no lock of any part
     */
    Watchdog(ServiceManager manager, List<HeartBeats.Part> parts, Supplier<String> status, Runnable report) {
        this(manager::tell, manager.watchdog().orElse(USUAL).dividedBy(LOOKS), parts, status, report);
    }

    Watchdog(
            Consumer<String[]> manager,
            Duration every,
            List<HeartBeats.Part> parts,
            Supplier<String> status,
            Runnable report) {
        this.manager = manager;
        this.every = every;
        this.beats = new HeartBeats(parts);
        this.status = status;
        this.report = report;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Whom it asks. */
    List<String> asked() {
        return beats.owing(0);
    }

    private void run() {
        try {
            do {
                look();
            } while (!closed.await(every.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody watches any more: the manager will see to it
        }
    }

    /** One look, as often as {@code every} says. */
    void look() {
        int owed = beats.look();
        if (owed < STOP) {
            manager.accept(new String[] {"WATCHDOG=1"});
        }
        ailments = beats.owing(TELL).stream()
                .map(part -> part + " has given no sign of life")
                .toList();
        if (owed >= TELL && !reported) {
            reported = true;
            report.run();
            LOG.error(
                    "no sign of life for {} s from {}", every.multipliedBy(owed).toSeconds(), beats.owing(TELL));
        } else if (owed == STOP) {
            LOG.error("still none from {}: the service manager is not told any more that we live", beats.owing(TELL));
        } else if (owed == 0 && reported) {
            reported = false;
            LOG.warn("all parts give signs of life again");
        }
        String now = status.get();
        if (!now.equals(lastStatus)) {
            lastStatus = now;
            manager.accept(new String[] {"STATUS=" + now});
        }
    }

    /** Who does not go on, as of the last look; empty while all do. */
    List<String> ailments() {
        return ailments;
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
