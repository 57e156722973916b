package org.muster.agent.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;

/**
 * An event as one line. For journald with its priority and without the time, which journald has, and an exception's stack
 * on the same line; else with the time, and the stack below it. Thread-safe.
 */
final class LineEncoder extends EncoderBase<ILoggingEvent> {
    private static final List<String> FIELDS = List.of(LogFields.VM, LogFields.BATCH, LogFields.FLOW);
    private static final int MOST_CHARS = 16_000; // journald cuts lines of 48 KiB in pieces
    private static final byte[] NOTHING = {};
    private static final String NOTICE = "<5>"; // who changed what is more than information

    private final boolean journald;
    private final DateTimeFormatter time;

    LineEncoder(boolean journald, ZoneId zone) {
        this.journald = journald;
        this.time = DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(zone);
    }

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(200);
        line.append(journald ? priority(event) : time.format(Instant.ofEpochMilli(event.getTimeStamp())) + " ");
        line.append(event.getLevel());
        line.append(event.getLevel().levelStr.length() < 5 ? "  [" : " [").append(event.getThreadName());
        line.append("] ").append(shortName(event.getLoggerName())).append(": ");
        line.append(clipped(LineText.oneLine(event.getFormattedMessage())));
        Map<String, String> about = event.getMDCPropertyMap();
        for (String field : FIELDS) {
            String value = about.get(field);
            if (value != null) {
                line.append(' ').append(field).append('=').append(LineText.value(value));
            }
        }
        if (event.getThrowableProxy() != null) {
            String stack = ThrowableProxyUtil.asString(event.getThrowableProxy());
            line.append(journald ? " | " + clipped(LineText.oneLine(stack)) : "\n" + stack.stripTrailing());
        }
        return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String priority(ILoggingEvent event) {
        if (event.getLoggerName().equals(Audit.NAME) && event.getLevel() == Level.INFO) {
            return NOTICE;
        }
        return Journald.prefix(org.slf4j.event.Level.valueOf(event.getLevel().levelStr));
    }

    private static String shortName(String logger) {
        return logger.substring(logger.lastIndexOf('.') + 1);
    }

    private static String clipped(String text) {
        return text.length() <= MOST_CHARS
                ? text
                : text.substring(0, MOST_CHARS) + "… (" + text.length() + " characters)";
    }
}
