package org.muster.agent.logging;

import java.util.regex.Pattern;

/**
 * Text from outside, made fit for one line of a log: who can name a guest must not be able to write a line of his own.
 * Stateless.
 */
public final class LineText {
    private static final Pattern BREAK = Pattern.compile("\\s*[\\r\\n\\u0085\\u2028\\u2029]+\\s*");
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:@/+,=\\[\\]-]+");

    private LineText() {}

    /** The text on one line, without control characters. */
    static String oneLine(String text) {
        String joined = hasControl(text) ? BREAK.matcher(text.strip()).replaceAll(" | ") : text;
        return hasControl(joined) ? CONTROL.matcher(joined).replaceAll("?") : joined;
    }

    private static boolean hasControl(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0) || c == '\u2028' || c == '\u2029') {
                return true;
            }
        }
        return false;
    }

    /** The value of a field: as it is, or in quotes where blanks would make it ambiguous. */
    public static String value(String text) {
        String line = oneLine(text);
        return PLAIN.matcher(line).matches()
                ? line
                : '"' + line.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
