package org.muster.agent.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.time.ZoneId;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets logback up, found by it as a service: no file to be parsed at the start. A file that
 * {@code -Dlogback.configurationFile} names is used instead.
 */
public final class LogSetup extends ContextAwareBase implements Configurator {
    private static final String OWN = "org.muster";
    private static final String FILTER = "muster.repeats";
    private static final Logger LOG = LoggerFactory.getLogger(LogSetup.class);

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty("logback.configurationFile") != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        LineEncoder encoder = new LineEncoder(Journald.readsOurErrors(), ZoneId.systemDefault());
        encoder.setContext(context);
        encoder.start();
        Repeats repeats = new Repeats(System::nanoTime);
        repeats.setContext(context);
        repeats.start();
        ConsoleAppender<ILoggingEvent> out = new ConsoleAppender<>();
        out.setContext(context);
        out.setName("stderr");
        out.setTarget("System.err"); // standard output belongs to what a command was asked for
        out.setEncoder(encoder);
        out.addFilter(repeats);
        out.start();
        context.putObject(FILTER, repeats);
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(out);
        context.getLogger(OWN).setLevel(Level.INFO);
        context.getLogger(Audit.NAME).setLevel(Level.INFO);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /**
     * Changes how much our own parts say.
     *
     * @param level as in {@code log.level}
     */
    public static void level(String level) {
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        if (factory instanceof LoggerContext context) {
            context.getLogger(OWN).setLevel(Level.toLevel(level));
        }
    }

    /** Says what was left out since it was last called; to be called now and then. */
    public static void tellRepeats() {
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        if (factory instanceof LoggerContext context && context.getObject(FILTER) instanceof Repeats repeats) {
            repeats.ended()
                    .forEach(kind -> LOG.warn(
                            "left out {} more lines of {} like: {}", kind.lines(), kind.logger(), kind.text()));
        }
    }
}
