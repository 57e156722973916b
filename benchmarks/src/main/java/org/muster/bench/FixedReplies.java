package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.muster.client.Json;
import org.muster.client.MusterConnection;

/** A server in its own process that answers like the agent did once, from bytes made beforehand. */
final class FixedReplies implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(10);
    private static final long POLL_MILLIS = 10;

    private final Children children;
    private final Path socket;
    private final Process process;

    /**
     * Starts it.
     *
     * @param small what it answers to a ping
     * @param large what it answers to Host.getAllVmStats
     */
    FixedReplies(Bed bed, JsonNode small, JsonNode large) throws BenchException {
        this.children = bed.children();
        this.socket = bed.folder().resolve("reply.sock");
        Path smallFile = bed.folder().resolve("small.json");
        Path largeFile = bed.folder().resolve("large.json");
        try {
            Files.deleteIfExists(socket);
            Files.writeString(smallFile, Json.write(small));
            Files.writeString(largeFile, Json.write(large));
            // its input is a pipe to us, which ends with us
            List<String> command = new ArrayList<>(Children.LIKE_THE_SERVICE);
            command.addAll(List.of(bed.replyProgram(), socket.toString(), smallFile.toString(), largeFile.toString()));
            process = children.start(new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT));
        } catch (IOException e) {
            throw new BenchException("the server of fixed replies cannot be started: " + e.getMessage(), e);
        }
    }

    MusterConnection connect() throws BenchException, InterruptedException {
        awaitSocket();
        return Agent.connect(socket);
    }

    RawLink rawLink() throws BenchException, InterruptedException {
        awaitSocket();
        return RawLink.to(socket);
    }

    private void awaitSocket() throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (!Files.exists(socket)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new BenchException("the server of fixed replies does not serve");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    @Override
    public void close() {
        children.end(process);
    }
}
