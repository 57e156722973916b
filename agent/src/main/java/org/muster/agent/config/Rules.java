package org.muster.agent.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rules that values of our TOML files follow: each answers with the rule that a value breaks, in words. Stateless. */
public final class Rules {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    private static final Pattern IPV4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern IPV6 =
            Pattern.compile("((?=[0-9A-Fa-f:])[0-9A-Fa-f.]*:[0-9A-Fa-f:.]+)(%[\\w.-]{1,64})?");

    private Rules() {}

    /**
     * Tells whether one can listen there without asking anybody what the name means: a name server that does not answer at boot
     * must not look like a mistake in a file. Never blocks.
     */
    static boolean isAddress(String text) {
        if (text.equals("localhost") || IPV4.matcher(text).matches()) {
            return true;
        }
        Matcher six = IPV6.matcher(text);
        if (!six.matches()) {
            return false;
        }
        try {
            return InetAddress.getByName(six.group(1)) != null; // with a colon in it the JDK only reads it
        } catch (UnknownHostException e) {
            return false; // an answer
        }
    }

    static Optional<String> check(boolean good, String rule) {
        return good ? Optional.empty() : Optional.of(rule);
    }

    public static Optional<String> number(Object value, long min, long max) {
        return check(
                value instanceof Long n && n >= min && n <= max, "must be a whole number from " + min + " to " + max);
    }

    /** A number with or without a fraction. */
    public static Optional<String> decimal(Object value, double min, double max) {
        boolean good = value instanceof Number n && n.doubleValue() >= min && n.doubleValue() <= max;
        return check(good, "must be a number from " + min + " to " + max);
    }

    static Optional<String> numberOr(Object value, long min, long max, String... words) {
        boolean word = value instanceof String s && List.of(words).contains(s);
        return check(
                word || number(value, min, max).isEmpty(),
                "must be a whole number from " + min + " to " + max + " or \"" + String.join("\" or \"", words) + "\"");
    }

    public static Optional<String> duration(Object value, long minMillis, long maxMillis) {
        String rule = "must be a duration such as \"500ms\", \"5s\" or \"2m\", from " + minMillis + " ms to "
                + maxMillis / 1000 + " s";
        if (!(value instanceof String s) || !DURATION.matcher(s).matches()) {
            return Optional.of(rule);
        }
        long millis = toDuration(s).toMillis();
        return check(millis >= minMillis && millis <= maxMillis, rule);
    }

    /** Errors: {@link IllegalArgumentException} for what {@link #duration} refuses. */
    public static Duration toDuration(Object value) {
        Matcher matcher = DURATION.matcher((String) value);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("unchecked duration " + value);
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }

    public static Optional<String> text(Object value, int min, int max) {
        return check(
                value instanceof String s && s.length() >= min && s.length() <= max,
                "must be a text of " + min + " to " + max + " characters");
    }

    public static Optional<String> oneOf(Object value, String... words) {
        return check(
                value instanceof String s && List.of(words).contains(s),
                "must be one of \"" + String.join("\", \"", words) + "\"");
    }
}
