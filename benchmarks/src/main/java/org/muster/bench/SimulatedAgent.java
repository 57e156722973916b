package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.muster.client.MusterConnection;

/** One more {@code musterd}, on a host that only exists in memory, that serves TLS. Confined to main. */
final class SimulatedAgent implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 20;
    private static final Pattern SERVES = Pattern.compile(" serves on \\S+ and port (\\d+)");

    private final Path folder;
    private final Children children;
    private final Process process;
    private final int port;

    /** @param script of the simulation */
    SimulatedAgent(Bed bed, Certificates certificates, String script) throws BenchException, InterruptedException {
        folder = bed.folder().resolve("simulated-tls");
        children = bed.children();
        try {
            Files.createDirectories(folder);
            Path scriptFile = Files.writeString(folder.resolve("script.toml"), script);
            Path config = Files.writeString(
                    folder.resolve("muster.toml"),
                    "[listen]\naddress = \"127.0.0.1\"\nport = 0\nsocket = \"" + socket() + "\"\n"
                            + certificates.table());
            List<String> command = new ArrayList<>(Children.LIKE_THE_SERVICE);
            command.addAll(List.of(
                    bed.program().toString(), "--config", config.toString(), "--simulate", scriptFile.toString()));
            process = children.start(
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile()));
            port = awaitPort();
        } catch (IOException e) {
            throw new BenchException("a simulated musterd cannot be started: " + e.getMessage(), e);
        }
    }

    private Path socket() {
        return folder.resolve("muster.sock");
    }

    private Path log() {
        return folder.resolve("musterd.log");
    }

    private int awaitPort() throws BenchException, InterruptedException, IOException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            Matcher serves = SERVES.matcher(Files.readString(log()));
            if (serves.find()) {
                return Integer.parseInt(serves.group(1));
            }
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new BenchException("the simulated musterd does not serve:\n" + Files.readString(log()));
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    int port() {
        return port;
    }

    MusterConnection connect() throws BenchException, InterruptedException {
        return Agent.connect(socket());
    }

    RawLink rawLink() throws BenchException {
        return RawLink.to(socket());
    }

    @Override
    public void close() {
        children.end(process);
    }
}
