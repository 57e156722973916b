package org.muster.agent.logging;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.muster.rig.Await;
import org.slf4j.LoggerFactory;

/** What the audit says from here on, also of what other tests of this JVM do meanwhile. */
public final class AuditLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger audit = (Logger) LoggerFactory.getLogger(Audit.NAME);

    public AuditLines() {
        setContext(audit.getLoggerContext());
        start();
        audit.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
        lines.add(event.getFormattedMessage());
    }

    public List<String> all() {
        return List.copyOf(lines);
    }

    /** The first line with that word, as soon as there is one. */
    public String await(String word) {
        Await.until(
                "a line with " + word, Duration.ofSeconds(10), () -> first(word).isPresent());
        return first(word).orElseThrow();
    }

    private Optional<String> first(String word) {
        return lines.stream().filter(line -> line.contains(word)).findFirst();
    }

    @Override
    public void close() {
        audit.detachAppender(this);
        stop();
    }
}
