package org.muster.agent.simulation;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.muster.agent.config.Rules;
import org.muster.agent.config.TomlProblems;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * One table of a script: hands out its values by key, each checked. What breaks a rule, is missing, or was not asked for
 * becomes a problem, and a value that can be used stands in for it so that reading goes on. Confined to one thread.
 */
final class Section {
    private final Path file;
    private final String path;
    private final TomlTable table;
    private final TomlPosition position;
    private final TomlProblems problems;
    private final TreeSet<String> known = new TreeSet<>();

    /**
     * @param path with a dot at its end, empty for the file itself
     * @param position of the table, null if it is not known
     */
    Section(Path file, String path, TomlTable table, TomlPosition position, TomlProblems problems) {
        this.file = file;
        this.path = path;
        this.table = table;
        this.position = position;
        this.problems = problems;
    }

    long whole(String key, long absent, long min, long max) {
        return value(key, absent, value -> Rules.number(value, min, max));
    }

    double decimal(String key, double absent, double min, double max) {
        return this.<Number>value(key, absent, value -> Rules.decimal(value, min, max))
                .doubleValue();
    }

    String text(String key, String absent, int max) {
        return value(key, absent, value -> Rules.text(value, 1, max));
    }

    boolean flag(String key, boolean absent) {
        return value(
                key,
                absent,
                value -> value instanceof Boolean ? Optional.empty() : Optional.of("must be true or false"));
    }

    /** A constant of the enum, written small and with dashes. */
    <E extends Enum<E>> E word(String key, E absent, List<E> allowed) {
        String[] words = allowed.stream().map(Section::word).toArray(String[]::new);
        String word = value(key, word(absent), value -> Rules.oneOf(value, words));
        return allowed.get(List.of(words).indexOf(word));
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Duration duration(String key, String absent, long minMillis, long maxMillis) {
        return Rules.toDuration(this.<String>value(key, absent, value -> Rules.duration(value, minMillis, maxMillis)));
    }

    Optional<Duration> optionalDuration(String key, long minMillis, long maxMillis) {
        known.add(path + key);
        return table.contains(List.of(key))
                ? Optional.of(duration(key, minMillis + "ms", minMillis, maxMillis))
                : Optional.empty();
    }

    /** One that has to be there. */
    Duration requiredDuration(String key, long minMillis, long maxMillis) {
        require(key, "is required and must be a duration such as \"30s\"");
        return duration(key, minMillis + "ms", minMillis, maxMillis);
    }

    private void require(String key, String rule) {
        if (!table.contains(List.of(key))) {
            problems.add(file, position, path + key, rule, "nothing");
        }
    }

    /** A problem of a value that was read. */
    void refuse(String key, String rule, Object value) {
        TomlPosition at = table.contains(List.of(key)) ? table.inputPositionOf(List.of(key)) : position;
        problems.add(file, at, path + key, rule, value);
    }

    /** A table in this one; empty if it is not there. */
    Section section(String key) {
        known.add(path + key);
        Object value = table.get(List.of(key));
        TomlTable inner = value instanceof TomlTable found ? found : Toml.parse("");
        if (value != null && !(value instanceof TomlTable)) {
            refuse(key, "must be a table", value);
        }
        return new Section(
                file, path + key + ".", inner, value == null ? null : table.inputPositionOf(List.of(key)), problems);
    }

    /** The tables of an array of tables, {@code [[key]]}; none if it is not there. */
    List<Section> sections(String key) {
        known.add(path + key);
        Object value = table.get(List.of(key));
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof TomlArray array) || !array.toList().stream().allMatch(TomlTable.class::isInstance)) {
            refuse(key, "must be an array of tables, [[" + path + key + "]]", value);
            return List.of();
        }
        return IntStream.range(0, array.size())
                .mapToObj(i -> new Section(
                        file, path + key + "[" + i + "].", array.getTable(i), array.inputPositionOf(i), problems))
                .toList();
    }

    /** Says that all keys have been asked for: any other is a problem. */
    void end() {
        for (String key : table.keySet()) {
            if (!known.contains(path + key)) {
                problems.unknown(file, table.inputPositionOf(List.of(key)), path + key, known, table.get(List.of(key)));
            }
        }
    }

    @SuppressWarnings("unchecked") // the rule has checked the type
    private <T> T value(String key, T absent, Function<Object, Optional<String>> rule) {
        known.add(path + key);
        Object value = table.get(List.of(key));
        if (value == null) {
            return absent;
        }
        Optional<String> broken = rule.apply(value);
        if (broken.isPresent()) {
            refuse(key, broken.get(), value);
            return absent;
        }
        return (T) value;
    }
}
