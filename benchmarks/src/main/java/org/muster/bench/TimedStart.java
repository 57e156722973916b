package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.muster.client.Answers;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/** How long one {@code musterd} takes, from its process's start to its first answer that has all guests in it. Confined to main. */
final class TimedStart {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final long POLL_MILLIS = 5;
    private static final int STILL_RECOVERING = 99;
    private static final String LIST = "Host.getVMList";

    private final Path program;
    private final AgentConfig config;
    private final List<String> words;
    private final int guests;
    private final Children children;

    /**
     * @param words of the command line, behind the configuration
     * @param guests that the agent has to know before it counts as serving
     */
    TimedStart(Path program, AgentConfig config, List<String> words, int guests, Children children) {
        this.program = program;
        this.config = config;
        this.words = words;
        this.guests = guests;
        this.children = children;
    }

    /** Starts it, waits until it serves, ends it; answers with seconds. */
    double seconds() throws BenchException, InterruptedException {
        List<String> command = new ArrayList<>(Children.LIKE_THE_SERVICE);
        Path file = config.folder().resolve("start.toml");
        command.addAll(List.of(program.toString(), "--config", file.toString()));
        command.addAll(words);
        long before;
        Process process;
        try {
            Files.createDirectories(config.folder());
            Files.deleteIfExists(config.socket()); // what answers must be the new one
            Files.writeString(file, config.text());
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(config.folder().resolve("start.log").toFile());
            before = System.nanoTime();
            process = children.start(builder);
        } catch (IOException e) {
            throw new BenchException("musterd cannot be started: " + e.getMessage(), e);
        }
        try {
            awaitService(process, before + LIMIT.toNanos());
            return (System.nanoTime() - before) / (double) TimeUnit.SECONDS.toNanos(1);
        } finally {
            children.end(process);
        }
    }

    private void awaitService(Process process, long deadline) throws BenchException, InterruptedException {
        while (!serves()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new BenchException(
                        "musterd does not serve " + guests + " guests; see " + config.folder() + "/start.log");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private boolean serves() throws BenchException, InterruptedException {
        if (!Files.exists(config.socket())) {
            return false;
        }
        try (MusterConnection connection = Agent.connect(config.socket())) {
            JsonNode list = Answers.await(connection.call(LIST, Json.object()));
            return list.size() >= guests;
        } catch (RpcError e) {
            if (e.code() != STILL_RECOVERING) {
                throw new BenchException(LIST + ": " + e.getMessage(), e);
            }
            return false;
        } catch (BenchException | IOException e) {
            return false; // not listening yet; the deadline is the caller's
        }
    }
}
