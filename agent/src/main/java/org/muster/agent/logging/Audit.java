package org.muster.agent.logging;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who changed what: a line of {@code name=value} pairs for every call of a verb that may change something, with its outcome,
 * and for every key of the configuration that was changed while running. Written whatever {@code log.level} says; never left
 * out for there being many. Stateless.
 */
public final class Audit {
    static final String NAME = "audit";
    private static final Logger LOG = LoggerFactory.getLogger(NAME);

    private Audit() {}

    /**
     * A call that has ended.
     *
     * @param fields in their order; values are put on one line here
     */
    public static void call(Map<String, String> fields) {
        LOG.info("{}", line("call", fields));
    }

    /** A call that was not let through: too many of them are left out, for anybody can make them. */
    public static void refused(Map<String, String> fields) {
        Refused.LOG.warn("{}", line("refused", fields));
    }

    /**
     * A key that got another value in the running agent.
     *
     * @param before as TOML has it, so a text may be in quotes; they are not quoted again. Likewise {@code after}
     * @param by SIGHUP, or the verb and who called it
     */
    public static void changed(String key, String before, String after, String by) {
        LOG.info(
                "config key={} old={} new={} by={}",
                key,
                LineText.value(bare(before)),
                LineText.value(bare(after)),
                LineText.value(by));
    }

    private static String bare(String toml) {
        boolean quoted = toml.length() >= 2 && toml.startsWith("\"") && toml.endsWith("\"");
        return quoted ? toml.substring(1, toml.length() - 1) : toml;
    }

    private static String line(String what, Map<String, String> fields) {
        StringBuilder line = new StringBuilder(what);
        fields.forEach(
                (name, value) -> line.append(' ').append(name).append('=').append(LineText.value(value)));
        return line.toString();
    }

    /** A logger of its own, so that these have their own limit. */
    private static final class Refused {
        private static final Logger LOG = LoggerFactory.getLogger(NAME + ".refused");
    }
}
