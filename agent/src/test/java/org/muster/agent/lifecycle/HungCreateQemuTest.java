package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.SlowEmulator;
import org.muster.rig.Truth;

/** Creates that hang keep their own slot and nothing else. */
@Tag("qemu")
@Timeout(240)
class HungCreateQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    private PrivateHypervisor host;
    private SlowEmulator emulator;
    private AgentProcess agent;
    private LineClient client;

    private void start(Map<String, String> settings) {
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), settings);
        client = agent.connect();
    }

    @BeforeEach
    void startHost() {
        host = PrivateHypervisor.start();
        emulator = SlowEmulator.hanging(host, "hangs");
    }

    @AfterEach
    void stop() {
        emulator.release();
        AgentProcess.destroyAll(client);
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
        assertThat(host.virsh("list", "--all", "--name")).isBlank();
        client.close();
        agent.close();
        host.close();
    }

    @Test
    void twoOfTenHangAndTheOtherEightAreUpInNormalTime() {
        start(Map.of());
        List<GuestXml> guests = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            GuestXml guest = GuestXml.named("h" + i);
            guests.add(i == 0 || i == 1 ? guest.withEmulator(emulator.path()) : guest);
        }
        client.create("ten", guests.stream().map(GuestXml::xml).toList());
        List<UUID> good = guests.subList(2, 10).stream().map(GuestXml::uuid).toList();
        // both slots of a 2-CPU host hang at first: their places are given away after seconds, not half a minute
        client.awaitStatus(good, "Up", Duration.ofSeconds(25));
        emulator.awaitWaiting(2, SOON);
        for (GuestXml hung : guests.subList(0, 2)) {
            assertThat(client.stats(hung.uuid()).get("status").asText()).isEqualTo("Powering up");
            assertThat(client.call("Host.getCalls").get("calls"))
                    .as("the start that hangs is told, oldest first")
                    .anySatisfy(call -> {
                        assertThat(call.get("vmId").asText())
                                .isEqualTo(hung.uuid().toString());
                        assertThat(call.get("vmName").asText()).isEqualTo(hung.name());
                        assertThat(call.get("role").asText()).isEqualTo("create");
                        assertThat(call.get("thread").asText()).startsWith("create-");
                        assertThat(call.get("age").asLong()).isGreaterThan(1000);
                    });
        }
        UUID destroyed = guests.get(0).uuid();
        assertThat(client.call("VM.destroy", "{\"vmID\":\"" + destroyed + "\"}").asBoolean())
                .isTrue();
        emulator.release();
        client.awaitStatus(List.of(guests.get(1).uuid()), "Up", SOON);
        assertThat(host.virsh("list", "--all", "--uuid")).doesNotContain(destroyed.toString());
        assertThat(client.error("VM.getStats", "{\"vmID\":\"" + destroyed + "\"}")
                        .get("code")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void aStartThatOutlastsItsTimeIsEndedAndDown() {
        start(Map.of("create.start-timeout", "\"3s\""));
        GuestXml guest = GuestXml.named("late").withEmulator(emulator.path());
        client.create("late", List.of(guest.xml()));
        client.awaitStatus(List.of(guest.uuid()), "Down", SOON);
        assertThat(client.stats(guest.uuid()).get("exitMessage").asText()).contains("create.start-timeout");
        assertThat(client.stats(guest.uuid()).get("exitCode").asInt()).isEqualTo(1);
        emulator.release();
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
    }

    @Test
    void anEmulatorThatFailsIsToldByEventAndKeptUntilDestroyed() {
        start(Map.of());
        SlowEmulator failing = SlowEmulator.failing(host, "fails", Duration.ofSeconds(1));
        GuestXml guest = GuestXml.named("bad").withEmulator(failing.path());
        client.create("bad", List.of(guest.xml()));
        client.awaitStatus(List.of(guest.uuid()), "Down", SOON);
        assertThat(client.events(guest.uuid()))
                .extracting(LineClient.Event::text)
                .containsExactly("WaitForLaunch", "Powering up", "Down");
        agent.kill();
        client.close();
        agent.start();
        client = agent.connect();
        assertThat(client.stats(guest.uuid()).get("status").asText()).isEqualTo("Down");
        assertThat(client.stats(guest.uuid()).get("exitMessage").asText()).isNotBlank();
    }
}
