package org.muster.agent.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What is repeated is left out and counted. */
class RepeatsTest {
    private final AtomicLong now = new AtomicLong();
    private final Repeats repeats = new Repeats(now::get);
    private final LoggerContext context = new LoggerContext();

    private boolean passes(String logger, Level level, String text) {
        LoggingEvent event = new LoggingEvent("x", context.getLogger(logger), level, text, null, new Object[] {1});
        return repeats.decide(event) != FilterReply.DENY;
    }

    private int passing(int times, String logger, Level level, String text) {
        int passed = 0;
        for (int i = 0; i < times; i++) {
            passed += passes(logger, level, text) ? 1 : 0;
        }
        return passed;
    }

    private void later() {
        now.addAndGet(Repeats.WINDOW.toNanos());
    }

    @Test
    void oneKindIsLimitedAndNoOther() {
        assertThat(passing(250, "a", Level.WARN, "gone {}")).isEqualTo(Repeats.MOST);

        assertThat(passes("a", Level.WARN, "other {}")).isTrue();
        assertThat(passes("b", Level.WARN, "gone {}")).isTrue();
        assertThat(repeats.ended()).as("its time is not over").isEmpty();
        later();
        assertThat(repeats.ended()).containsExactly(new Repeats.LeftOut("a", "gone {}", 150));
        assertThat(repeats.ended()).as("told once").isEmpty();
        assertThat(passes("a", Level.WARN, "gone {}")).isTrue();
    }

    @Test
    void whatGoesOnIsLetThroughAgainInTheNextWindowAndNothingIsForgotten() {
        assertThat(passing(150, "a", Level.INFO, "x")).isEqualTo(100);
        later();
        assertThat(passing(150, "a", Level.INFO, "x")).isEqualTo(100);
        later();
        assertThat(repeats.ended()).containsExactly(new Repeats.LeftOut("a", "x", 100));
    }

    @Test
    void theAuditAndWhatSomebodyAskedForAreNeverLeftOut() {
        assertThat(passing(500, "audit", Level.INFO, "{}")).isEqualTo(500);
        assertThat(passing(500, "a", Level.DEBUG, "{}")).isEqualTo(500);
        assertThat(passing(500, "audit.refused", Level.WARN, "{}")).isEqualTo(Repeats.MOST);
    }

    @Test
    void textsWithoutEndTakeNoMemoryWithoutEnd() {
        int passed = 0;
        for (int i = 0; i < 5000; i++) {
            passed += passes("a", Level.INFO, "text " + i) ? 1 : 0;
        }

        assertThat(passed).isEqualTo(1000 + Repeats.MOST);
        later();
        assertThat(repeats.ended()).containsExactly(new Repeats.LeftOut("others", "lines of too many kinds", 3900));
    }
}
