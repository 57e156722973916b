package org.muster.agent.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Lets at most {@value #MOST} lines of one kind (one logger, one text before its values are put in) through in any {@link #WINDOW}, and
 * counts the others: a guest that comes and goes a thousand times a minute must not push everything else out of the journal.
 *
 * <p>The audit is never left out, nor is what somebody asked for by setting the level to debug. Thread-safe.
 */
final class Repeats extends Filter<ILoggingEvent> {
    static final int MOST = 100; // a bulk of forty creates in two seconds stays whole
    static final Duration WINDOW = Duration.ofSeconds(10);
    private static final int MOST_KINDS = 1000; // of texts in the code there are some hundreds
    private static final Kind OTHERS = new Kind("others", "lines of too many kinds");

    private record Kind(String logger, String text) {}

    /** What was left out of one kind in one window. */
    record LeftOut(String logger, String text, long lines) {}

    private final LongSupplier nanoTime;
    private final Map<Kind, Window> windows = new ConcurrentHashMap<>(); // at most MOST_KINDS and one

    Repeats(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Lines of one kind since a moment. */
    private static final class Window {
        @GuardedBy("this")
        private long sinceNanos;

        @GuardedBy("this")
        private long lines;

        @GuardedBy("this")
        private long leftOut; // not told yet

        Window(long now) {
            sinceNanos = now;
        }

        synchronized boolean take(long now) {
            if (now - sinceNanos >= WINDOW.toNanos()) {
                sinceNanos = now;
                lines = 0;
            }
            lines++;
            if (lines > MOST) {
                leftOut++;
                return false;
            }
            return true;
        }

        synchronized boolean ended(long now) {
            return now - sinceNanos >= WINDOW.toNanos();
        }

        synchronized long tell() {
            long told = leftOut;
            leftOut = 0;
            return told;
        }
    }

    @Override
    public FilterReply decide(ILoggingEvent event) {
        boolean always =
                event.getLoggerName().equals(Audit.NAME) || !event.getLevel().isGreaterOrEqual(Level.INFO);
        return always || window(event).take(nanoTime.getAsLong()) ? FilterReply.NEUTRAL : FilterReply.DENY;
    }

    private Window window(ILoggingEvent event) {
        Kind kind = new Kind(event.getLoggerName(), String.valueOf(event.getMessage()));
        Window known = windows.get(kind);
        if (known != null) {
            return known;
        }
        Kind kept = windows.size() < MOST_KINDS ? kind : OTHERS;
        return windows.computeIfAbsent(kept, x -> new Window(nanoTime.getAsLong()));
    }

    /** What was left out in windows that are over, each told once; kinds that are quiet are forgotten. */
    List<LeftOut> ended() {
        long now = nanoTime.getAsLong();
        List<LeftOut> all = new ArrayList<>();
        windows.forEach((kind, window) -> {
            if (window.ended(now)) {
                windows.remove(kind, window);
                long lines = window.tell();
                if (lines > 0) {
                    all.add(new LeftOut(kind.logger(), kind.text(), lines));
                }
            }
        });
        return all;
    }
}
