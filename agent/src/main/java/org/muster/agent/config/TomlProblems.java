package org.muster.agent.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
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
    private static final String BYTE_ORDER_MARK = "\ufeff";
    private static final String UNKNOWN = "is no key of this version";

    private final List<String> found = new ArrayList<>();

    /** Reads a file; empty, with the problems noted, if it is no TOML. Blocks on the disk. */
    public Optional<TomlTable> read(Path file) {
        return parse(file).filter(Parsed::whole).map(Parsed::table);
    }

    /**
     * What was understood of a file.
     *
     * @param whole false if there are places that are no TOML: those have been noted
     * @param trusted whether what stands on a line (from 1) was understood as it was meant
     */
    record Parsed(TomlTable table, boolean whole, IntPredicate trusted) {}

    /** The same, with what stands beside places that are no TOML; empty, with the problem noted, if it is no text. */
    Optional<Parsed> parse(Path file) {
        Optional<String> text = text(file);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        TomlParseResult toml = Toml.parse(text.get());
        BrokenToml broken = new BrokenToml(text.get(), toml.errors());
        toml.errors().forEach(e -> add(place(file, e.position()) + ": " + broken.told(e)));
        return Optional.of(new Parsed(toml, !toml.hasErrors(), broken::trusted));
    }

    /** What the file says, without the mark that some editors put before UTF-8. */
    private Optional<String> text(Path file) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            add(file + ": cannot be read: " + reason(e));
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        if (StandardCharsets.UTF_8.newDecoder().decode(in, out, true).isError()) {
            add(notUtf8(file, bytes, in.position()));
            return Optional.empty();
        }
        String text = out.flip().toString();
        return Optional.of(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text);
    }

    /** In words; most of these exceptions have the path alone for a message. */
    static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "it is not there";
        }
        return e instanceof AccessDeniedException ? "permission denied" : String.valueOf(e.getMessage());
    }

    private static String notUtf8(Path file, byte[] bytes, int at) {
        int line = 1;
        int column = 1;
        for (int i = 0; i < at; i++) {
            column = bytes[i] == '\n' ? 1 : column + 1;
            line += bytes[i] == '\n' ? 1 : 0;
        }
        return file + ":" + line + ":" + column + ": is not UTF-8, got byte "
                + String.format(Locale.ROOT, "0x%02x", bytes[at]);
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
