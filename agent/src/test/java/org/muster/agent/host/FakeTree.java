package org.muster.agent.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A tree of /proc, /sys and /etc files that say what a test wants. */
final class FakeTree {
    private final Path directory;

    FakeTree(Path directory) {
        this.directory = directory;
    }

    HostRoot root() {
        return new HostRoot(directory);
    }

    FakeTree file(String path, String... lines) {
        Path file = directory.resolve(path);
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    FakeTree directory(String path) {
        try {
            Files.createDirectories(directory.resolve(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }
}
