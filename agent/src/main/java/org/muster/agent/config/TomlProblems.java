package org.muster.agent.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * Everything that is wrong with our TOML files, each with its place, so that all of it can be told at once.
 *
 * <p>Shape of a problem: {@code file:line:column: key rule, got value}. Confined to one thread.
 */
public final class TomlProblems {
    private static final String UNKNOWN = "is no key of this version";
    private static final int MOST_EDITS = 3; // more than this is another word

    private final List<String> found = new ArrayList<>();

    /** Reads a file; empty, with the problems noted, if it is no TOML. Blocks on the disk. */
    public Optional<TomlTable> read(Path file) {
        TomlParseResult toml;
        try {
            toml = Toml.parse(file);
        } catch (IOException e) {
            add(file + ": cannot be read: " + e.getMessage());
            return Optional.empty();
        }
        toml.errors().forEach(e -> add(place(file, e.position()) + ": " + e.getMessage()));
        return toml.hasErrors() ? Optional.empty() : Optional.of(toml);
    }

    public void add(String problem) {
        found.add(problem);
    }

    /** @param position null if it is not known */
    public void add(Path file, TomlPosition position, String key, String rule, Object value) {
        add(place(file, position) + ": " + key + " " + rule + ", got " + show(value));
    }

    /** A key that nothing reads, with the one that was perhaps meant. */
    public void unknown(Path file, TomlPosition position, String key, Collection<String> known, Object value) {
        add(file, position, key, UNKNOWN + hint(key, known), value);
    }

    public boolean isEmpty() {
        return found.isEmpty();
    }

    /** Errors: {@link InvalidConfigException} with all of them, if there are any. */
    public void throwIfAny() throws InvalidConfigException {
        if (!found.isEmpty()) {
            throw new InvalidConfigException(found);
        }
    }

    static String place(Path file, TomlPosition position) {
        return file + (position == null ? "" : ":" + position.line() + ":" + position.column());
    }

    static String show(Object value) {
        String text;
        if (value instanceof String s) {
            text = '"' + s + '"';
        } else if (value instanceof TomlTable table) {
            text = table.toMap().toString();
        } else if (value instanceof TomlArray) {
            text = "an array";
        } else {
            text = "" + value;
        }
        return text.length() <= 100 ? text : text.substring(0, 97) + "...";
    }

    private static String hint(String key, Collection<String> known) {
        String nearest = null;
        int best = MOST_EDITS + 1;
        for (String candidate : known) {
            int distance = distance(key, candidate);
            if (distance < best) {
                best = distance;
                nearest = candidate;
            }
        }
        return nearest == null ? "" : " (did you mean " + nearest + "?)";
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
