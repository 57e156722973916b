package org.muster.agent.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** One line an event, whatever is in it. */
class LineEncoderTest {
    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final LineEncoder journal = new LineEncoder(true, ZoneOffset.UTC);
    private final LineEncoder terminal = new LineEncoder(false, ZoneOffset.UTC);

    private LoggingEvent event(String logger, Level level, String text, Throwable thrown, Object... values) {
        Logger named = context.getLogger(logger);
        LoggingEvent event = new LoggingEvent("x", named, level, text, thrown, values);
        event.setThreadName("create-3");
        event.setTimeStamp(3_723_004);
        return event;
    }

    private LoggingEvent about(Map<String, String> fields, LoggingEvent event) {
        event.setMDCPropertyMap(fields);
        return event;
    }

    private static String text(LineEncoder encoder, LoggingEvent event) {
        return new String(encoder.encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void journaldGetsThePriorityAndNoTime() {
        assertThat(text(journal, event("org.muster.A", Level.ERROR, "bad", null)))
                .isEqualTo("<3>ERROR [create-3] A: bad\n");
        assertThat(text(journal, event("org.muster.A", Level.WARN, "so {}", null, "so")))
                .isEqualTo("<4>WARN  [create-3] A: so so\n");
        assertThat(text(journal, event("org.muster.A", Level.INFO, "x", null))).startsWith("<6>INFO  ");
        assertThat(text(journal, event("org.muster.A", Level.TRACE, "x", null))).startsWith("<7>TRACE ");
        assertThat(text(journal, event("audit", Level.INFO, "x", null))).startsWith("<5>INFO  ");
    }

    @Test
    void aTerminalGetsTheTime() {
        assertThat(text(terminal, event("org.muster.A", Level.INFO, "x", null)))
                .isEqualTo("01:02:03.004 INFO  [create-3] A: x\n");
    }

    @Test
    void whoeverNamesAGuestCannotWriteALineOfHisOwn() {
        String name = "vm\n<3>ERROR [main] Musterd: all is lost\r\033[2J";

        for (LineEncoder encoder : new LineEncoder[] {journal, terminal}) {
            assertThat(text(encoder, event("a", Level.INFO, "{} started", null, name)))
                    .hasLineCount(1)
                    .contains("vm | <3>ERROR [main] Musterd: all is lost | ?[2J started")
                    .endsWith("\n");
        }
    }

    @Test
    void aStackIsOnTheSameLineInTheJournalAndBelowItOnATerminal() {
        IllegalStateException thrown = new IllegalStateException("oops\nand more", new RuntimeException("why"));

        assertThat(text(journal, event("a", Level.ERROR, "failed", thrown)))
                .hasLineCount(1)
                .contains("failed | java.lang.IllegalStateException: oops | and more | at org.muster")
                .contains("Caused by: java.lang.RuntimeException: why");
        assertThat(text(terminal, event("a", Level.ERROR, "failed", thrown)))
                .contains("failed\njava.lang.IllegalStateException: oops")
                .contains("\n\tat org.muster");
    }

    @Test
    void aLineSaysWhatItIsAbout() {
        Map<String, String> fields = Map.of("flow", "a b\"c", "vm", "11", "batch", "mon-1", "other", "x");
        LoggingEvent event = about(fields, event("a", Level.INFO, "started", null));

        assertThat(text(journal, event))
                .isEqualTo("<6>INFO  [create-3] a: started vm=11 batch=mon-1 flow=\"a b\\\"c\"\n");
    }

    @Test
    void aHugeMessageIsCut() {
        assertThat(text(journal, event("a", Level.INFO, "x".repeat(100_000), null)))
                .hasSizeLessThan(17_000)
                .contains("(100000 characters)");
    }

    @Test
    void nestedWorkGivesBackWhatTheOuterWorkIsAbout() {
        UUID outer = new UUID(0, 1);
        boolean done = LogFields.about(outer, "b", Optional.of("f"), () -> {
            boolean inner = LogFields.about(new UUID(0, 2), "", Optional.empty(), () -> {
                assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of("vm", new UUID(0, 2).toString()));
                return true;
            });
            assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of("vm", outer.toString(), "batch", "b", "flow", "f"));
            return inner;
        });

        assertThat(done).isTrue();
        assertThat(MDC.get("vm")).isNull();
        assertThat(MDC.get("flow")).isNull();
    }
}
