package org.muster.agent.selfcheck;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The host's files below a root that tests choose; what cannot be read is as good as not there. */
record HostTree(Path root) {
    private static final int PIECE = 1 << 16;

    Path path(String path) {
        return root.resolve(path.startsWith("/") ? path.substring(1) : path);
    }

    Optional<String> text(String path) {
        try {
            return Optional.of(read(path(path)).strip());
        } catch (IOException e) {
            return Optional.empty(); // an answer: the check says what that means
        }
    }

    /** In large pieces: of a number below /proc/sys the kernel gives everything at the first read, or never. */
    private static String read(Path file) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] piece = new byte[PIECE];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                all.write(piece, 0, count);
            }
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    List<String> lines(String path) {
        return text(path).map(text -> text.lines().toList()).orElse(List.of());
    }

    OptionalLong number(String path) {
        return text(path)
                .filter(text -> text.matches("\\d{1,18}"))
                .map(text -> OptionalLong.of(Long.parseLong(text)))
                .orElse(OptionalLong.empty());
    }

    List<String> names(String path) {
        try (Stream<Path> entries = Files.list(path(path))) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    boolean exists(String path) {
        return Files.exists(path(path));
    }
}
