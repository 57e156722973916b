package org.muster.agent.host;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The little about the host that must survive the agent: {@code host.json} in the state directory, replaced as a whole and
 * forced to disk. Blocks on that disk. Thread-safe.
 */
final class HostState {
    private static final Logger LOG = LoggerFactory.getLogger(HostState.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;

    @GuardedBy("this")
    private final ObjectNode values;

    /** Reads the file; one that is damaged is set aside, because nothing in it is worth a start that fails. */
    HostState(Path directory) {
        this.file = directory.resolve("host.json");
        this.values = read(file);
    }

    private static ObjectNode read(Path file) {
        try {
            if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode values) {
                return values;
            }
            LOG.warn("{} holds no JSON object and is not used", file);
        } catch (NoSuchFileException e) {
            LOG.debug("{} is not there yet", file);
        } catch (IOException e) {
            LOG.warn("{} cannot be read and is not used: {}", file, e.toString());
        }
        return JsonNodeFactory.instance.objectNode();
    }

    /** A copy of what was kept under that name; missing node if nothing was. */
    synchronized JsonNode get(String name) {
        return values.path(name).deepCopy();
    }

    /** Keeps a value; it is on disk when this returns. */
    synchronized void put(String name, JsonNode value) throws IOException {
        JsonNode before = values.get(name);
        values.set(name, value.deepCopy());
        try {
            write(JSON.writeValueAsBytes(values));
        } catch (IOException e) {
            if (before == null) {
                values.remove(name);
            } else {
                values.set(name, before);
            }
            throw e;
        }
    }

    @GuardedBy("this")
    private void write(byte[] bytes) throws IOException {
        Path fresh = file.resolveSibling("host.json.new");
        try (FileChannel out = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                out.write(buffer);
            }
            out.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true); // else the new name may be lost with the power
        }
    }
}
