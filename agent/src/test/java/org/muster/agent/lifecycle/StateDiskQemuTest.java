package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.Faults;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.Truth;

/**
 * A state disk that is full or cannot be written: creates are refused with the reason, everything else goes on, and creates are accepted
 * again by themselves when it takes something.
 */
@Tag("qemu")
@Timeout(240)
class StateDiskQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration COMMAND = Duration.ofSeconds(10);

    private PrivateHypervisor host;
    private Path disk; // a small one; as the host's processes see it
    private AgentProcess agent;
    private LineClient client;

    @BeforeEach
    void start() {
        host = PrivateHypervisor.start();
        disk = host.directory().resolve("state-disk");
        host.inside(COMMAND, "mkdir", disk.toString());
        host.inside(COMMAND, "mount", "-t", "tmpfs", "-o", "size=256k", "state-disk", disk.toString());
        agent = AgentProcess.inside(
                host, host.directory().resolve("agent"), Map.of("state.directory", '"' + disk.toString() + '"'));
        client = agent.connect();
    }

    @AfterEach
    void stop() {
        AgentProcess.destroyAll(client);
        assertThat(host.virsh("list", "--all", "--name")).isBlank();
        client.close();
        agent.close();
        host.close();
    }

    private Path filler() {
        return Path.of("/proc/" + agent.pid() + "/root" + disk.resolve("filler")); // the agent's mounts are not ours
    }

    private void fill() {
        try (OutputStream out = Files.newOutputStream(filler())) {
            for (int i = 0; i < 1 << 10; i++) {
                out.write(new byte[1 << 10]);
            }
            throw new AssertionError("the disk takes a megabyte");
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left on device");
        }
    }

    private void makeRoom() {
        try {
            Files.delete(filler());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void remount(String how) {
        host.inside(COMMAND, "mount", "-o", "remount," + how, disk.toString());
    }

    private void restartWith(Runnable change) {
        client.close();
        agent.kill();
        change.run();
        agent.start();
        client = agent.connect();
    }

    private static List<String> xmls(List<GuestXml> guests) {
        return guests.stream().map(GuestXml::xml).toList();
    }

    /** Its line in the journal does not fit into what is left of the journal's last page. */
    private static String longXml(GuestXml guest) {
        return guest.xml().replace("<memory", "<description>" + "long ".repeat(2000) + "</description><memory");
    }

    private void refused(String name, String reason) {
        GuestXml guest = GuestXml.named(name);
        JsonNode response = client.answer(client.sendCreate(name, List.of(longXml(guest))));
        assertThat(response.at("/error/message").asText())
                .contains("nothing was accepted")
                .contains(reason);
        assertThat(client.events(guest.uuid())).isEmpty();
        assertThat(host.virsh("list", "--all", "--name")).doesNotContain(name);
    }

    private void accepted(String name) {
        GuestXml guest = GuestXml.named(name);
        client.create(name, List.of(longXml(guest)));
        client.awaitStatus(List.of(guest.uuid()), "Up", SOON);
    }

    private void monitored(UUID id) {
        Await.until(
                "it is sampled",
                SOON,
                () -> client.stats(id).at("/sampleAges/cpu").asLong(99_999) < 2000);
        assertThat(client.call("Host.ping2").asBoolean()).isTrue();
    }

    private void agrees() {
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
    }

    @Test
    void aFullDiskStopsCreatesAndNothingElse() {
        GuestXml stays = GuestXml.named("stays");
        GuestXml dies = GuestXml.named("dies");
        client.create("before", xmls(List.of(stays, dies)));
        client.awaitStatus(List.of(stays.uuid(), dies.uuid()), "Up", SOON);
        fill();

        refused("full", "No space left on device");
        refused("full", "No space left on device"); // the batch was not remembered either
        monitored(stays.uuid());
        Faults.kill(host.qemuPid("dies"));
        client.awaitStatus(List.of(dies.uuid()), "Down", SOON);

        makeRoom();
        accepted("room");
        restartWith(() -> {});
        assertThat(client.stats(dies.uuid()).get("status").asText())
                .as("what could not be written then was written later")
                .isEqualTo("Down");
        agrees();
    }

    @Test
    void aDiskThatIsFullOrReadOnlyAtTheStartIsNoReasonNotToStart() {
        GuestXml guest = GuestXml.named("stays");
        client.create("before", xmls(List.of(guest)));
        client.awaitStatus(List.of(guest.uuid()), "Up", SOON);
        fill();

        restartWith(() -> {});
        refused("full", "No space left on device");
        monitored(guest.uuid());
        assertThat(AgentProcess.rows(client)).hasSize(1);
        makeRoom();
        accepted("room");

        restartWith(() -> remount("ro"));
        refused("read-only", "Read-only file system");
        monitored(guest.uuid());
        assertThat(AgentProcess.rows(client)).hasSize(2);
        remount("rw");
        accepted("writable");
        agrees();
    }
}
