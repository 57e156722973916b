package org.muster.agent.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.tomlj.Toml;
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
        add(place(file, position) + ": " + key + " " + rule + ", got " + Shown.value(key, value));
    }

    /** A key that nothing reads, with the one that was perhaps meant. */
    public void unknown(Path file, TomlPosition position, String key, Collection<String> known, Object value) {
        add(file, position, key, UNKNOWN + Nearest.key(key, known), value);
    }

    /** A section that nothing reads, with the one that was perhaps meant. */
    void unknownSection(Path file, TomlPosition position, String name, Collection<String> known) {
        add(place(file, position) + ": [" + name + "] is no section of this version" + Nearest.section(name, known));
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
}
