package org.muster.agent.config;

import java.util.regex.Pattern;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/**
 * Values as they may be printed: short, and without what opens a door. No key of ours holds a secret; but a misspelt one, or the
 * user's part of a URI or a parameter of it, is printed too, and ends up in logs and support reports. Stateless.
 */
final class Shown {
    private static final int MOST_CHARS = 100;
    private static final String MASK = "********";
    private static final Pattern SECRET =
            Pattern.compile("(?i).*(passw(or)?d|passphrase|secret|token|credential|api-?key|private).*");
    private static final Pattern PARAMETER_OF_URI =
            Pattern.compile("(?i)(?<=[?&;])([^=&;]*(?:passw|secret|token|credential|key)[^=&;]*=)[^&;]*");
    private static final Pattern USER_OF_URI = Pattern.compile("(?<=://)[^/@\\s]*(?=@)");

    private Shown() {}

    static String value(String key, Object value) {
        if (SECRET.matcher(key).matches()) {
            return MASK;
        }
        String text;
        if (value instanceof String s) {
            String named = USER_OF_URI.matcher(s).replaceAll(MASK);
            text = '"' + PARAMETER_OF_URI.matcher(named).replaceAll("$1" + MASK) + '"';
        } else if (value instanceof TomlTable table) {
            text = table.keySet().stream().anyMatch(name -> SECRET.matcher(name).matches())
                    ? MASK
                    : table.toMap().toString();
        } else if (value instanceof TomlArray) {
            text = "an array";
        } else {
            text = "" + value;
        }
        return clip(text);
    }

    /** What stands in a file where a value was expected. */
    static String raw(String key, String text) {
        if (SECRET.matcher(key).matches()) {
            return MASK;
        }
        String named = USER_OF_URI.matcher(text).replaceAll(MASK);
        return text.isEmpty() ? "nothing" : clip(PARAMETER_OF_URI.matcher(named).replaceAll("$1" + MASK));
    }

    private static String clip(String text) {
        return text.length() <= MOST_CHARS ? text : text.substring(0, MOST_CHARS - 3) + "...";
    }
}
