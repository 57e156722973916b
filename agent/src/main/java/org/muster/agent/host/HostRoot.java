package org.muster.agent.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's file tree, as far as it tells facts: /proc, /sys, /etc and /dev below a directory that tests choose.
 *
 * <p>A file that is not there has nothing to tell; one that is there and cannot be read is logged, once. Paths are relative to
 * the root. Of a simulated host some of them are made up, see {@link #simulating}. Blocks on those files. Thread-safe.
 */
public final class HostRoot {
    private static final Logger LOG = LoggerFactory.getLogger(HostRoot.class);
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,18}");
    private static final int MOST_COMPLAINTS = 200;
    private static final ThreadLocal<Reader> READER =
            ThreadLocal.withInitial(Reader::new); // some files are read for ever

    private final Path root;
    private final Map<String, Supplier<String>> made; // files that are not in the tree, by path
    private final List<String> places; // of which nothing in the tree counts
    private final Map<String, String> written =
            new ConcurrentHashMap<>(); // what was written to those; as many as there are made
    private final Set<String> complained = ConcurrentHashMap.newKeySet();

    public HostRoot(Path root) {
        this(root, Map.of(), List.of());
    }

    private HostRoot(Path root, Map<String, Supplier<String>> made, List<String> places) {
        this.root = root;
        this.made = Map.copyOf(made);
        this.places = List.copyOf(places);
    }

    /** The running system's. */
    public static HostRoot system() {
        return new HostRoot(Path.of("/"));
    }

    /**
     * The same tree, of which some part is simulated: it is neither read nor written to there.
     *
     * @param files what there is instead, each made when it is read
     * @param of the files and folders whose contents these are
     */
    public HostRoot simulating(Map<String, Supplier<String>> files, List<String> of) {
        return new HostRoot(root, files, of);
    }

    private boolean simulated(String path) {
        for (int i = 0; i < places.size(); i++) {
            String place = places.get(i);
            if (path.startsWith(place) && (path.length() == place.length() || path.charAt(place.length()) == '/')) {
                return true;
            }
        }
        return false;
    }

    /** Where a file is really; not for those that a simulation has. */
    Path path(String path) {
        return root.resolve(path);
    }

    /** The file's text without blanks around it. */
    Optional<String> text(String path) {
        try {
            return Optional.of(read(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            complain(path, e);
            return Optional.empty();
        }
    }

    /** As {@link #text} for files that the kernel refuses to read in good order, such as the speed of a link that is down. */
    Optional<String> probe(String path) {
        try {
            return Optional.of(read(path));
        } catch (IOException e) {
            LOG.trace("not told: {}", e.toString());
            return Optional.empty();
        }
    }

    private String read(String path) throws IOException {
        if (simulated(path)) {
            String text = written.get(path);
            if (text == null && made.containsKey(path)) {
                text = made.get(path).get();
            }
            if (text == null) {
                throw new NoSuchFileException(path);
            }
            return text.strip();
        }
        return READER.get().read(root.resolve(path)).strip();
    }

    /**
     * Reads files whose size nobody knows before, as those of /proc, into a buffer that stays. Confined to a thread.
     */
    private static final class Reader {
        private static final int USUAL = 16 * 1024;

        private ByteBuffer buffer = ByteBuffer.allocate(USUAL);

        String read(Path file) throws IOException {
            buffer.clear();
            try (SeekableByteChannel in = Files.newByteChannel(file)) {
                while (in.read(buffer) >= 0) {
                    if (!buffer.hasRemaining()) {
                        buffer = ByteBuffer.allocate(2 * buffer.capacity()).put(buffer.flip());
                    }
                }
            }
            return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
        }
    }

    /** The file's bytes, none if it cannot be read. */
    byte[] bytes(String path) {
        try {
            return Files.readAllBytes(root.resolve(path));
        } catch (IOException e) {
            complain(path, e);
            return new byte[0];
        }
    }

    OptionalLong number(String path) {
        return number(text(path));
    }

    static OptionalLong number(Optional<String> text) {
        return text.filter(t -> NUMBER.matcher(t).matches())
                .map(t -> OptionalLong.of(Long.parseLong(t)))
                .orElse(OptionalLong.empty());
    }

    List<String> lines(String path) {
        return text(path).map(text -> text.lines().toList()).orElse(List.of());
    }

    /** The names in a directory, sorted. */
    List<String> names(String path) {
        if (simulated(path)) {
            String folder = path + "/";
            return made.keySet().stream()
                    .filter(file -> file.startsWith(folder))
                    .map(file -> file.substring(folder.length()).split("/", 2)[0])
                    .distinct()
                    .sorted()
                    .toList();
        }
        try (Stream<Path> entries = Files.list(root.resolve(path))) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (IOException e) {
            complain(path, e);
            return List.of();
        }
    }

    boolean exists(String path) {
        if (simulated(path)) {
            return made.containsKey(path) || !names(path).isEmpty();
        }
        return Files.exists(root.resolve(path));
    }

    /** Writes to a file of the kernel's that is there. */
    void write(String path, String text) throws IOException {
        if (simulated(path)) {
            if (!made.containsKey(path)) {
                throw new NoSuchFileException(path);
            }
            written.put(path, text);
            return;
        }
        Files.writeString(root.resolve(path), text, StandardCharsets.US_ASCII);
    }

    private void complain(String path, IOException e) {
        if (complained.size() < MOST_COMPLAINTS && complained.add(path)) {
            LOG.info("{} cannot be read, what it tells is left out: {}", root.resolve(path), e.toString());
        }
    }
}
