package org.muster.agent.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tomlj.TomlParseError;

/**
 * A text that is no TOML in some places: what stands there in our words, and which of its other lines mean what they seem to.
 *
 * <p>Works on lines, which is what a person wrote: {@code interval = 5s} is a mistake about {@code sampling.interval}. Confined to
 * one thread.
 */
final class BrokenToml {
    private static final Pattern HEADER = Pattern.compile("\\s*\\[\\s*([A-Za-z0-9_.-]*).*");
    private static final Pattern SETTING = Pattern.compile("\\s*([A-Za-z0-9_.-]+)\\s*=\\s*(.*?)\\s*(?:#.*)?");
    private static final Pattern BARE = Pattern.compile("[A-Za-z0-9_./:%+-]+"); // what would be fine in quotes
    private static final String TWICE = "previously defined";

    private final List<String> lines;
    private final Set<Integer> doubtful = new HashSet<>(); // from 1

    BrokenToml(String text, List<TomlParseError> errors) {
        this.lines = text.lines().toList();
        for (TomlParseError error : errors) {
            int line = error.position().line();
            doubtful.add(line);
            if (isHeader(line)) {
                for (int next = line + 1; next <= lines.size() && !isHeader(next); next++) {
                    doubtful.add(next); // nobody knows of which section
                }
            }
        }
    }

    private boolean isHeader(int line) {
        return line <= lines.size() && HEADER.matcher(lines.get(line - 1)).matches();
    }

    /** Whether what stands on that line was understood as it was meant. */
    boolean trusted(int line) {
        return !doubtful.contains(line);
    }

    /** What is wrong there: the key with the rule and what is there instead, if it is a setting; else the parser's words. */
    String told(TomlParseError error) {
        int line = error.position().line();
        Matcher setting = SETTING.matcher(line <= lines.size() ? lines.get(line - 1) : "");
        if (!setting.matches()) {
            return error.getMessage();
        }
        String key = section(line) + setting.group(1);
        String value = setting.group(2);
        List<String> why = new ArrayList<>(List.of(String.valueOf(error.getMessage())));
        boolean twice = why.get(0).contains(TWICE);
        if (!twice && BARE.matcher(value).matches() && !value.matches("[+-]?\\d+")) {
            why.add("a text stands in quotes");
        }
        return key + (twice ? " must be set once (" : " must have a TOML value (") + String.join("; ", why) + "), got "
                + Shown.raw(key, value);
    }

    private String section(int line) {
        for (int above = line - 1; above > 0; above--) {
            Matcher header = HEADER.matcher(lines.get(above - 1));
            if (header.matches()) {
                return header.group(1).isEmpty() ? "" : header.group(1) + ".";
            }
        }
        return "";
    }
}
