package org.muster.client.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names such as {@code web-%03d}: text with at most one place for a number. Immutable. */
final class NamePattern {
    private static final Pattern NUMBER = Pattern.compile("%(0[1-9])?d");

    private final String before;
    private final String after;
    private final int digits; // -1: no place for a number

    private NamePattern(String before, int digits, String after) {
        this.before = before;
        this.digits = digits;
        this.after = after;
    }

    /** Errors: CommandFailure when a percent sign is anything but one {@code %d} or {@code %0Nd}, or nothing is left. */
    static NamePattern parse(String text) throws CommandFailure {
        Matcher number = NUMBER.matcher(text);
        boolean numbered = number.find();
        String before = numbered ? text.substring(0, number.start()) : text;
        String after = numbered ? text.substring(number.end()) : "";
        if (text.isBlank() || (before + after).contains("%")) {
            throw CommandFailure.usage(
                    "--name must be text with at most one %d or %0Nd (N 1 to 9), such as web-%03d, got '" + text + "'");
        }
        int digits = numbered && number.group(1) != null ? number.group(1).charAt(1) - '0' : 1;
        return new NamePattern(before, numbered ? digits : -1, after);
    }

    boolean isNumbered() {
        return digits >= 0;
    }

    String name(long index) {
        if (!isNumbered()) {
            return before;
        }
        String number = Long.toString(index);
        return before + "0".repeat(Math.max(0, digits - number.length())) + number + after;
    }
}
