package org.muster.agent.config;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.muster.sampling.SamplingConfig;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * Reads the configuration: the file, then {@code conf.d/*.toml} beside it in name order, the later ones winning.
 *
 * <p>Blocks on the disk. Nothing is replaced silently: whatever cannot be used is refused, all of it at once.
 */
public final class ConfigFile {
    private final Map<Key, Object> values = new EnumMap<>(Key.class);
    private final Map<Key, String> origins = new EnumMap<>(Key.class);
    private final TomlProblems problems = new TomlProblems();
    private final Set<Key> doubtful = EnumSet.noneOf(Key.class); // set to something that cannot be used

    private ConfigFile() {}

    /** One that sets nothing. */
    public static ConfigFile defaults() {
        return new ConfigFile();
    }

    /** @throws InvalidConfigException with every problem of every file */
    public static ConfigFile read(Path file) throws InvalidConfigException {
        ConfigFile config = new ConfigFile();
        if (!Files.isReadable(file)) {
            throw new InvalidConfigException(List.of(file + ": no such file, or not readable"));
        }
        config.readOne(file);
        Path parent = file.toAbsolutePath().getParent();
        for (Path extra : config.dropIns(parent.resolve("conf.d"))) {
            config.readOne(extra);
        }
        config.checkTogether();
        config.problems.throwIfAny();
        return config;
    }

    /** As systemd and the shell have it, names with a dot in front are not meant: editors keep locks and copies so. */
    private Iterable<Path> dropIns(Path directory) {
        TreeSet<Path> found = new TreeSet<>();
        if (!Files.exists(directory)) {
            return found;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "[!.]*.toml")) {
            for (Path file : files) {
                if (Files.exists(file) && !Files.isRegularFile(file)) {
                    problems.add(file + ": must be a file"); // a pipe would be waited for without end
                    doubtful.addAll(EnumSet.allOf(Key.class));
                } else {
                    found.add(file);
                }
            }
        } catch (NotDirectoryException e) {
            problems.add(directory + ": must be a directory of *.toml files");
        } catch (IOException e) {
            problems.add(directory + ": cannot be listed: " + TomlProblems.reason(e));
        } catch (DirectoryIteratorException e) {
            problems.add(directory + ": cannot be listed: " + TomlProblems.reason(e.getCause()));
        }
        return found;
    }

    private void readOne(Path file) {
        Optional<TomlProblems.Parsed> parsed = problems.parse(file);
        parsed.ifPresent(toml -> take(file, toml.table(), "", toml.trusted()));
        if (!parsed.map(TomlProblems.Parsed::whole).orElse(false)) {
            doubtful.addAll(EnumSet.allOf(Key.class)); // it may have set any of them
        }
    }

    private void take(Path file, TomlTable table, String prefix, IntPredicate trusted) {
        for (Map.Entry<String, Object> entry : table.entrySet()) {
            String path = prefix + entry.getKey();
            TomlPosition position = table.inputPositionOf(List.of(entry.getKey()));
            Optional<Key> key = Key.of(path);
            if (position != null && !trusted.test(position.line()) && !(entry.getValue() instanceof TomlTable)) {
                continue; // that line has been told of
            }
            if (key.isPresent()) {
                take(file, key.get(), entry.getValue(), position);
            } else if (entry.getValue() instanceof TomlTable section && isSection(path)) {
                take(file, section, path + ".", trusted);
            } else if (entry.getValue() instanceof TomlTable) {
                problems.unknownSection(file, position, path, sections());
                Nearest.keys(path, sections()).forEach(this::doubtSection);
            } else if (isSection(path)) {
                problems.add(file, position, path, "is a section, written [" + path + "]", entry.getValue());
                doubtSection(path);
            } else {
                problems.unknown(file, position, path, keys(), entry.getValue());
                Nearest.keys(path, keys()).forEach(meant -> Key.of(meant).ifPresent(doubtful::add));
            }
        }
    }

    private void take(Path file, Key key, Object value, TomlPosition position) {
        Optional<String> broken = key.broken(value);
        if (broken.isPresent()) {
            problems.add(file, position, key.path(), broken.get(), value);
            doubtful.add(key);
            return;
        }
        // A table as a map: it can be compared and shown
        values.put(key, value instanceof TomlTable table ? new TreeMap<>(table.toMap()) : value);
        String note = key.noEffect().map(why -> " (" + why + ")").orElse("");
        origins.put(key, TomlProblems.place(file, position) + note);
    }

    private void doubtSection(String name) {
        for (Key key : Key.values()) {
            if (key.path().startsWith(name + ".")) {
                doubtful.add(key);
            }
        }
    }

    private static boolean isSection(String path) {
        for (Key key : Key.values()) {
            if (key.path().startsWith(path + ".")) {
                return true;
            }
        }
        return false;
    }

    private static List<String> keys() {
        return Arrays.stream(Key.values()).map(Key::path).toList();
    }

    private static List<String> sections() {
        return keys().stream()
                .map(key -> key.substring(0, key.indexOf('.')))
                .distinct()
                .toList();
    }

    /** Rules between keys, as far as it is known what each of them is to be. */
    private void checkTogether() {
        if (doubtful.contains(Key.SAMPLING_INTERVAL)) {
            return; // all of them are about it
        }
        for (SamplingConfig.Problem problem : SamplingConfig.problems(
                duration(Key.SAMPLING_INTERVAL),
                duration(Key.SAMPLING_BLOCK_INTERVAL),
                duration(Key.SAMPLING_TIMEOUT),
                duration(Key.SAMPLING_UNRESPONSIVE_AFTER))) {
            Optional<Key> key = Key.of(problem.key());
            if (key.filter(doubtful::contains).isPresent()) {
                continue;
            }
            String origin = key.map(origins::get).orElse(null);
            problems.add((origin == null ? "default" : origin) + ": " + problem.key() + " must be " + problem.rule()
                    + ", got " + problem.value());
        }
    }

    private Object value(Key key) {
        return values.getOrDefault(key, key.fallback());
    }

    private Duration duration(Key key) {
        return Rules.toDuration(value(key));
    }

    /** The configuration with every default filled in. */
    public MusterConfig effective() {
        Object stuck = value(Key.LIBVIRT_MAX_STUCK_CALLS);
        return new MusterConfig(
                new MusterConfig.Libvirt(
                        (String) value(Key.LIBVIRT_URI),
                        stuck instanceof Long n ? OptionalInt.of(n.intValue()) : OptionalInt.empty(),
                        (Boolean) value(Key.LIBVIRT_TUNE_WORKERS)),
                new MusterConfig.Listen(
                        (String) value(Key.LISTEN_ADDRESS),
                        ((Long) value(Key.LISTEN_PORT)).intValue(),
                        Path.of((String) value(Key.LISTEN_SOCKET)),
                        (Boolean) value(Key.LISTEN_MAKE_UP_LOST_SUBSCRIPTIONS),
                        (Boolean) value(Key.LISTEN_PACK_MESSAGES)),
                tls(),
                new MusterConfig.Create(
                        value(Key.CREATE_CONCURRENCY).toString(),
                        ((Long) value(Key.CREATE_QUEUE_CAPACITY)).intValue(),
                        duration(Key.CREATE_START_TIMEOUT),
                        duration(Key.CREATE_RESUME_WITHIN),
                        (Boolean) value(Key.CREATE_ADMISSION)),
                new MusterConfig.Sampling(
                        duration(Key.SAMPLING_INTERVAL),
                        duration(Key.SAMPLING_BLOCK_INTERVAL),
                        duration(Key.SAMPLING_TIMEOUT),
                        duration(Key.SAMPLING_UNRESPONSIVE_AFTER)),
                new MusterConfig.Metrics(MusterConfig.Metrics.endpoint((String) value(Key.METRICS_LISTEN)), (Boolean)
                        value(Key.METRICS_PER_VM)),
                new MusterConfig.State(Path.of((String) value(Key.STATE_DIRECTORY))),
                new MusterConfig.Log((String) value(Key.LOG_LEVEL)));
    }

    private MusterConfig.Tls tls() {
        return new MusterConfig.Tls(
                (Boolean) value(Key.TLS_ENABLED),
                (Boolean) value(Key.TLS_ALLOW_PLAINTEXT),
                path(Key.TLS_CA),
                path(Key.TLS_CERTIFICATE),
                path(Key.TLS_KEY),
                path(Key.TLS_CRL),
                values.containsKey(Key.TLS_CRL),
                value(Key.TLS_ROLES) instanceof Map<?, ?> roles ? Optional.of(texts(roles)) : Optional.empty());
    }

    private Path path(Key key) {
        return Path.of((String) value(key));
    }

    private static Map<String, String> texts(Map<?, ?> table) {
        Map<String, String> texts = new TreeMap<>();
        table.forEach((name, value) -> texts.put((String) name, (String) value));
        return texts;
    }

    /** Tells whether a file sets the key. Errors: {@link IllegalArgumentException} if there is no such key. */
    public boolean sets(String path) {
        return values.containsKey(Key.of(path).orElseThrow(() -> new IllegalArgumentException("no key " + path)));
    }

    /** What files set although nothing reads it yet, each with the reason. */
    public List<String> withoutEffect() {
        return values.keySet().stream()
                .flatMap(key -> key.noEffect().map(why -> key.path() + " " + why).stream())
                .toList();
    }

    private static String shown(Key key, Object value) {
        return Shown.value(key.path(), value);
    }

    /** Every key with its value, where that comes from and whether a reload applies it, a line each, as {@code --check-config} prints it. */
    public String describe() {
        StringBuilder text = new StringBuilder();
        for (Key key : Key.values()) {
            text.append(String.format(
                    "%-30s = %-28s # %s%s%n",
                    key.path(),
                    shown(key, value(key)),
                    origins.getOrDefault(key, "default"),
                    key.live() ? ", live" : ""));
        }
        return text.toString();
    }

    /**
     * A key as it is in force.
     *
     * @param origin file:line:column, or default
     * @param pending what only a restart brings; empty if nothing waits for one
     */
    public record Setting(String key, String value, String origin, boolean live, Optional<String> pending) {}

    /** Every key as it is in force in an agent that was started with {@code atStart}; secrets masked. */
    public List<Setting> settings(ConfigFile atStart) {
        List<Setting> settings = new ArrayList<>();
        for (Key key : Key.values()) {
            ConfigFile inForce = key.live() ? this : atStart;
            boolean waits = !value(key).equals(inForce.value(key));
            settings.add(new Setting(
                    key.path(),
                    shown(key, inForce.value(key)),
                    inForce.origins.getOrDefault(key, "default"),
                    key.live(),
                    waits ? Optional.of(shown(key, value(key))) : Optional.empty()));
        }
        return settings;
    }

    /**
     * A key that has another value than before.
     *
     * @param live whether it applies without a restart
     */
    public record Change(String key, String before, String after, boolean live) {}

    /** What differs from {@code running}; secrets masked. */
    public List<Change> changes(ConfigFile running) {
        List<Change> changes = new ArrayList<>();
        for (Key key : Key.values()) {
            if (!value(key).equals(running.value(key))) {
                changes.add(new Change(key.path(), shown(key, running.value(key)), shown(key, value(key)), key.live()));
            }
        }
        return changes;
    }

    /** Keys whose value differs from {@code running} and that only a restart applies. */
    public List<String> needRestart(ConfigFile running) {
        List<String> keys = new ArrayList<>();
        for (Key key : Key.values()) {
            if (!key.live() && !value(key).equals(running.value(key))) {
                keys.add(key.path());
            }
        }
        return keys;
    }
}
