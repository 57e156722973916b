package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.muster.client.AgentAddress;
import org.muster.client.ConnectOptions;
import org.muster.client.MusterConnection;
import org.muster.client.UnreachableException;

/** The one {@code musterd} of a run, as it is packaged. Confined to main. */
final class Agent {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 50;
    private static final int TOLD_LINES = 20;

    private final Path program;
    private final Path folder;
    private final Children children;
    private final Signals signals;
    private AgentConfig config;
    private Process process;

    Agent(Path program, Path folder, String libvirtUri, Children children) {
        this.program = program;
        this.folder = folder;
        this.children = children;
        this.signals = new Signals(children);
        this.config = new AgentConfig(libvirtUri, folder, AgentConfig.Rhythm.DEFAULT);
    }

    /** Starts it and waits until it serves. */
    void start() throws BenchException, InterruptedException {
        if (!Files.isExecutable(program)) {
            throw new BenchException("there is no " + program + ": run ./dev build");
        }
        try {
            Files.writeString(configFile(), config.text());
            List<String> command = new ArrayList<>(Children.LIKE_THE_SERVICE);
            command.addAll(List.of(program.toString(), "--config", configFile().toString()));
            process = children.start(new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(logFile().toFile()));
        } catch (IOException e) {
            throw new BenchException("musterd cannot be started: " + e.getMessage(), e);
        }
        awaitService();
    }

    private void awaitService() throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            try {
                connect().close();
                return;
            } catch (BenchException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw new BenchException("musterd does not serve: " + e.getMessage() + "\n" + logTail(), e);
                }
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Ends it for good; answers with the URI of the hypervisor that it was on. */
    String end() {
        children.end(process);
        return config.libvirtUri();
    }

    Path socket() {
        return config.socket();
    }

    /** A new connection, by its local socket. */
    MusterConnection connect() throws BenchException, InterruptedException {
        return connect(config.socket());
    }

    static MusterConnection connect(Path socket) throws BenchException, InterruptedException {
        // An agent that is stopped for the length of a leg is not dead.
        ConnectOptions patient =
                ConnectOptions.defaults().withCallTimeout(Duration.ofMinutes(5)).withHeartBeat(Duration.ofMinutes(10));
        try {
            return MusterConnection.connect(new AgentAddress.Unix(socket), patient);
        } catch (UnreachableException e) {
            throw new BenchException(e.getMessage(), e);
        }
    }

    /** Has it sample in another rhythm from now on; it is not told when that is done, but it is within a moment. */
    void sample(AgentConfig.Rhythm rhythm) throws BenchException, InterruptedException {
        config = config.with(rhythm);
        Path next = folder.resolve("muster.toml.next");
        try {
            Files.writeString(next, config.text());
            Files.move(next, configFile(), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new BenchException("cannot write " + configFile() + ": " + e.getMessage(), e);
        }
        signals.send("HUP", pid());
    }

    /** Stops all of its threads, so that what others do costs the machine nothing on its side. */
    void freeze() throws BenchException, InterruptedException {
        signals.send("STOP", pid());
    }

    void thaw() throws BenchException, InterruptedException {
        signals.send("CONT", pid());
    }

    long pid() {
        return process.pid();
    }

    /** The end of its log. */
    String logTail() {
        try {
            List<String> lines = Files.readAllLines(logFile());
            return String.join("\n", lines.subList(Math.max(0, lines.size() - TOLD_LINES), lines.size()));
        } catch (IOException e) {
            return "(its log cannot be read: " + e.getMessage() + ")";
        }
    }

    private Path configFile() {
        return folder.resolve("muster.toml");
    }

    private Path logFile() {
        return folder.resolve("musterd.log");
    }
}
