package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.simulation.FakeHypervisor;

/** A recording, from its request over the local socket to what is in it. */
class ProfileWireTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    @Test
    void theRecordingHasThePhasesOfCreatesAndLibvirtsCalls() throws Exception {
        Path socket = folder.resolve("m.sock");
        Path config = Files.writeString(folder.resolve("muster.toml"), """
                listen.address = "127.0.0.1"
                listen.port = 0
                listen.socket = "%s"
                tls.enabled = false
                metrics.listen = "off"
                state.directory = "%s"
                """.formatted(socket, folder.resolve("state")));
        List<UUID> made = new ArrayList<>();
        try (Daemon daemon = new Daemon(ConfigFile.read(config).effective(), new FakeHypervisor(), "test")) {
            daemon.start();
            try (LineClient client = new LineClient(daemon.port())) {
                assertThat(client.error("Host.profile", "{\"seconds\":1}")
                                .get("message")
                                .asText())
                        .as("over the network it takes an administrator's certificate")
                        .contains("needs ADMIN");
                CompletableFuture<JsonNode> recording =
                        LocalSocketClient.askAside(socket, "Host.profile", "{\"seconds\":1}");
                while (!recording.isDone()) { // nobody tells when it has begun
                    UUID id = new UUID(8, made.size());
                    client.create("b" + made.size(), List.of(xml(id)));
                    client.awaitStatus(List.of(id), "Up", SOON);
                    made.add(id);
                }
                JsonNode profile = recording.join().get("result");
                Path file = Files.write(
                        folder.resolve("read.jfr"),
                        read(socket, profile.get("name").asText()));

                assertThat(file).hasSize(profile.get("bytes").asLong());
                List<RecordedEvent> events = RecordingFile.readAllEvents(file);
                assertPhases(events, made);
                assertThat(events)
                        .filteredOn(event -> event.getEventType().getName().equals("org.muster.LibvirtCall"))
                        .anySatisfy(event -> {
                            assertThat(event.getString("operation")).isEqualTo("START");
                            assertThat(event.getString("role")).isEqualTo("CREATE");
                            assertThat(made).contains(UUID.fromString(event.getString("domain")));
                            assertThat(event.getBoolean("failed")).isFalse();
                            assertThat(event.getDuration()).isPositive();
                            assertThat(event.getThread().getJavaName()).startsWith("create-");
                        });
            }
        }
    }

    private static String xml(UUID id) {
        return "<domain type='kvm'><name>n" + id + "</name><uuid>" + id + "</uuid></domain>";
    }

    private static byte[] read(Path socket, String name) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (true) {
            String params = "{\"name\":\"" + name + "\",\"offset\":" + all.size() + "}";
            JsonNode part =
                    LocalSocketClient.ask(socket, "Host.readProfile", params).get("result");
            byte[] data = Base64.getDecoder().decode(part.get("data").asText());
            if (data.length == 0) {
                return all.toByteArray();
            }
            all.writeBytes(data);
        }
    }

    /** Of one create at least all phases came, and add up. */
    private static void assertPhases(List<RecordedEvent> events, List<UUID> made) {
        List<RecordedEvent> phases = events.stream()
                .filter(event -> event.getEventType().getName().equals("org.muster.CreatePhase"))
                .toList();
        assertThat(phases).isNotEmpty();
        String vmId = phases.get(phases.size() - 1).getString("vmId");
        assertThat(made).contains(UUID.fromString(vmId));
        assertThat(length(phases, vmId, "validate")
                        + length(phases, vmId, "journal")
                        + length(phases, vmId, "queueWait")
                        + length(phases, vmId, "prepare")
                        + length(phases, vmId, "toRunning")
                        + length(phases, vmId, "publish"))
                .isEqualTo(length(phases, vmId, "total"));
    }

    private static long length(List<RecordedEvent> phases, String vmId, String phase) {
        return phases.stream()
                .filter(event -> event.getString("vmId").equals(vmId)
                        && event.getString("phase").equals(phase))
                .findFirst()
                .orElseThrow(() -> new AssertionError(phase + " of " + vmId + " is missing"))
                .getDuration("length")
                .toNanos();
    }
}
