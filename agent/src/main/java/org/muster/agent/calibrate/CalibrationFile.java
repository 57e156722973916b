package org.muster.agent.calibrate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The guests of a measurement, written down before the first is made and forgotten when the last is gone: {@code calibration.json} in the
 * state directory. Blocks on that disk. Stateless.
 */
final class CalibrationFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;

    /** @param run names the measurement */
    record Guests(String run, Set<UUID> ids) {
        Guests {
            ids = Set.copyOf(ids);
        }
    }

    CalibrationFile(Path stateDirectory) {
        this.file = stateDirectory.resolve("calibration.json");
    }

    /** What a measurement left; empty if none did. */
    Optional<Guests> read() throws IOException {
        try {
            JsonNode json = JSON.readTree(Files.readAllBytes(file));
            Set<UUID> ids = new HashSet<>();
            for (JsonNode id : json.path("guests")) {
                ids.add(UUID.fromString(id.asText()));
            }
            return Optional.of(new Guests(json.path("run").asText(), ids));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    /** It is on the disk when this returns. */
    void write(Guests guests) throws IOException {
        ObjectNode json = JSON.createObjectNode().put("run", guests.run);
        ArrayNode ids = json.putArray("guests");
        guests.ids.forEach(id -> ids.add(id.toString()));
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel out = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(JSON.writeValueAsBytes(json));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    void delete() throws IOException {
        Files.deleteIfExists(file);
    }
}
