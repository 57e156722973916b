package org.muster.client.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Option;

/** The options of a command that can show its table again and again. Confined to main. */
final class Repeat {
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

    @Option(names = "--watch", description = "Again every --interval seconds, until --times or Ctrl-C.")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "S",
            converter = SecondsConverter.class,
            description = "With --watch. Default: 1.")
    private Duration interval; // null without the option

    @Option(names = "--times", paramLabel = "N", description = "With --watch: end after N times.")
    private Long times;

    /** Shows one table. */
    interface Show {
        void show() throws Exception;
    }

    /** What is meant for a repetition that is not asked for is a mistake, not to be passed over. */
    static void check(boolean watch, Long times, Duration interval) throws CommandFailure {
        if (!watch && (times != null || interval != null)) {
            throw CommandFailure.usage((times != null ? "--times" : "--interval") + " goes with --watch");
        }
        if (times != null && times < 1) {
            throw CommandFailure.usage("--times must be at least 1, got " + times);
        }
    }

    /** Shows it once, or as often as asked; returns when whoever reads it has gone. Errors: those of the connection. */
    void run(Muster muster, MusterConnection connection, Show show) throws Exception {
        check(watch, times, interval);
        Duration pause = interval == null ? DEFAULT_INTERVAL : interval;
        CountDownLatch ended = new CountDownLatch(1);
        var unused = connection.closed().whenComplete((nothing, failure) -> ended.countDown());
        show(muster, show);
        for (long shown = 1; watch && (times == null || shown < times); shown++) {
            if (ended.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                connection.closed().join();
            }
            show(muster, show);
            if (muster.console().out().checkError()) {
                return;
            }
        }
    }

    private void show(Muster muster, Show show) throws Exception {
        if (watch && !muster.json()) {
            muster.console().out().print(muster.console().movable() ? "\033[H\033[2J" : "\n");
        }
        show.show();
    }
}
