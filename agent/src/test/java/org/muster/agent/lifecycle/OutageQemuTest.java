package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
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

/** Whatever dies, the agent answers, and what it says is so. */
@Tag("qemu")
@Timeout(240)
class OutageQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    private PrivateHypervisor host;
    private AgentProcess agent;
    private LineClient client;

    @BeforeEach
    void start() {
        host = PrivateHypervisor.start();
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri());
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

    private List<UUID> create(int count) {
        List<GuestXml> guests = guests(count);
        client.create(
                "b-" + UUID.randomUUID(), guests.stream().map(GuestXml::xml).toList());
        List<UUID> ids = guests.stream().map(GuestXml::uuid).toList();
        client.awaitStatus(ids, "Up", SOON);
        return ids;
    }

    private static List<GuestXml> guests(int count) {
        List<GuestXml> guests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            guests.add(GuestXml.named("o" + i));
        }
        return guests;
    }

    private void awaitTruth() {
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
    }

    @Test
    void aKilledGuestIsDownByEventAtOnceAndStaysKnown() {
        UUID id = create(2).get(0);
        long killedAt = System.nanoTime();
        Faults.kill(host.qemuPid("o0"));
        client.awaitStatus(List.of(id), "Down", Duration.ofSeconds(5));
        LineClient.Event down = client.events(id).stream()
                .filter(event -> event.text().equals("Down"))
                .findFirst()
                .orElseThrow();
        assertThat(Duration.ofNanos(down.atNanos() - killedAt)).isLessThan(Duration.ofSeconds(2));
        assertThat(down.status().get("exitCode").asInt()).isEqualTo(1);
        assertThat(client.stats(id).get("status").asText()).isEqualTo("Down");
        assertThat(client.call("VM.destroy", "{\"vmID\":\"" + id + "\"}").asBoolean())
                .isTrue();
        assertThat(client.error("VM.getStats", "{\"vmID\":\"" + id + "\"}")
                        .get("code")
                        .asInt())
                .isEqualTo(1);
        awaitTruth();
    }

    @Test
    void libvirtdKilledAndStartedAgainChangesNothing() {
        List<UUID> ids = create(3);
        host.killLibvirtd();
        assertThat(client.call("Host.getVMList")).hasSize(3);
        assertThat(client.call("Host.ping2").asBoolean()).isTrue();
        host.restartLibvirtd();
        Await.until(
                "samples come again",
                SOON,
                () -> client.stats(ids.get(0)).at("/sampleAges/cpu").asLong(99_999) < 2000);
        assertThat(AgentProcess.rows(client)).allMatch(row -> row.status().equals("Up"));
        assertThat(agent.log()).as("a connection that nobody can close").doesNotContain("is still held");
        awaitTruth();
    }

    @Test
    void aGuestThatDiesWhileLibvirtdIsAwayIsDownAfterwards() {
        List<UUID> ids = create(2);
        long pid = host.qemuPid("o0");
        host.killLibvirtd();
        Faults.kill(pid);
        host.restartLibvirtd();
        client.awaitStatus(List.of(ids.get(0)), "Down", SOON);
        awaitTruth();
    }

    @Test
    void libvirtdStoppedForAMinuteBlamesNoGuest() {
        List<UUID> ids = create(3);
        host.stopLibvirtd();
        long since = System.nanoTime();
        Await.until("a minute has passed", Duration.ofSeconds(90), () -> {
            long asked = System.nanoTime();
            assertThat(client.call("Host.getAllVmStats")).hasSize(3);
            assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(1));
            return System.nanoTime() - since > 60_000_000_000L;
        });
        assertThat(client.hostConditions(since)).endsWith("libvirtd-down");
        assertThat(client.call("Host.getStats").at("/sampling/condition").asText())
                .isEqualTo("libvirtd-down");
        for (UUID id : ids) {
            assertThat(client.stats(id).get("condition").asText()).isEqualTo("libvirtd-down");
            assertThat(client.conditions(id, since)).as("no guest is to blame").isEmpty();
        }
        host.continueLibvirtd();
        Await.until(
                "samples come again",
                SOON,
                () -> ids.stream()
                        .allMatch(id -> client.stats(id).at("/sampleAges/cpu").asLong(99_999) < 2000));
        Await.until("it is told", SOON, () -> {
            List<String> told = client.hostConditions(since);
            return told.get(told.size() - 1).equals("ok");
        });
        assertThat(AgentProcess.rows(client)).allMatch(row -> row.status().equals("Up"));
        assertThat(agent.alive()).isTrue();
        awaitTruth();
    }

    @Test
    void libvirtdAbsentAtStartIsWaitedFor() {
        create(2);
        client.close();
        agent.close();
        host.killLibvirtd();
        agent.start();
        client = agent.connect();
        assertThat(client.call("Host.ping").asBoolean()).isTrue();
        assertThat(client.call("Host.getVMList")).hasSize(2);
        host.restartLibvirtd();
        awaitTruth();
        assertThat(AgentProcess.rows(client))
                .hasSize(2)
                .allMatch(row -> row.status().equals("Up"));
    }

    @Test
    void killedInTheMiddleOfABulkEveryAcceptedVmEndsInOneKnownState() {
        for (int round = 0; round < 2; round++) {
            List<GuestXml> guests = guests(20);
            JsonNode answer = client.create(
                    "bulk" + round, guests.stream().map(GuestXml::xml).toList());
            assertThat(answer.get("vms"))
                    .allMatch(vm -> vm.get("status").asText().equals("ACCEPTED"));
            int startedBefore = 3 + 5 * round;
            Await.until(
                    "some have started",
                    SOON,
                    () -> guests.stream()
                                    .filter(guest -> client.sawStatus(guest.uuid(), "Up"))
                                    .count()
                            >= startedBefore);
            agent.kill();
            client.close();
            agent.start();
            client = agent.connect();
            Await.until(
                    "all are settled",
                    SOON,
                    () -> AgentProcess.rows(client).stream()
                            .allMatch(row -> Set.of("Up", "Down").contains(row.status())));
            Set<UUID> known =
                    AgentProcess.rows(client).stream().map(Truth.Row::id).collect(Collectors.toSet());
            assertThat(known).isEqualTo(guests.stream().map(GuestXml::uuid).collect(Collectors.toSet()));
            awaitTruth();
            JsonNode again = client.create(
                    "bulk" + round, guests.stream().map(GuestXml::xml).toList());
            assertThat(again.get("replayed").asBoolean()).isTrue();
            assertThat(again.get("vms")).isEqualTo(answer.get("vms"));
            AgentProcess.destroyAll(client);
        }
    }

    @Test
    void aRunningGuestSurvivesOurStopAndIsTakenInAgain() {
        UUID id = create(1).get(0);
        String hash = awaitHash(id);
        client.close();
        agent.close();
        agent.start();
        client = agent.connect();
        awaitTruth();
        assertThat(awaitHash(id)).isEqualTo(hash);
        assertThat(client.call("Host.dumpxmls", "{\"vmList\":[\"" + id + "\",\"" + UUID.randomUUID() + "\"]}")
                        .get(id.toString())
                        .asText())
                .contains("<devices>");
    }

    private String awaitHash(UUID id) {
        Await.until("its XML was read", SOON, () -> client.stats(id).has("hash"));
        return client.stats(id).get("hash").asText();
    }
}
