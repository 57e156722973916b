package org.muster.agent.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

    /** What the kernel tells a process of itself: the size of a page. */
    FakeTree pageBytes(long bytes) {
        ByteBuffer vector = ByteBuffer.allocate(4 * Long.BYTES).order(ByteOrder.nativeOrder());
        vector.putLong(3).putLong(77).putLong(6).putLong(bytes); // AT_PHDR, AT_PAGESZ
        Path file = directory.resolve("proc/self/auxv");
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, vector.array());
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
