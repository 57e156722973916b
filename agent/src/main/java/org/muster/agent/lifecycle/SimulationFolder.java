package org.muster.agent.lifecycle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of a simulation's own, readable by nobody else, and gone with it: its journal, and, when it was given no
 * configuration, one that keeps it on this machine.
 *
 * <p>Blocks on the disk.
 */
final class SimulationFolder implements AutoCloseable {
    private static final String CONFIG = """
            # A simulation that was given no configuration: this machine only, and no TLS.
            listen.address = "127.0.0.1"
            listen.socket = "%s"
            tls.enabled = false
            """;

    private final Path folder;

    private SimulationFolder(Path folder) {
        this.folder = folder;
    }

    static SimulationFolder make() throws IOException {
        return new SimulationFolder(Files.createTempDirectory("muster-simulation-"));
    }

    Path state() {
        return folder.resolve("state");
    }

    Path config() throws IOException {
        return Files.writeString(folder.resolve("muster.toml"), CONFIG.formatted(folder.resolve("muster.sock")));
    }

    /** Removes it, once. */
    @Override
    public void close() throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> leavesFirst;
        try (Stream<Path> files = Files.walk(folder)) {
            leavesFirst = files.sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path path : leavesFirst) {
            Files.deleteIfExists(path);
        }
    }
}
