package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.agent.stats.EngineTypes;
import org.muster.rig.Await;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** An agent that is killed while 40 guests are there, some running and some paused: nothing lost, nothing Down that runs, hashes as before. */
@Tag("qemu")
class RestartQemuTest {
    private static final int GUESTS = 40;
    private static final int RUNNING_ONE_IN = 4; // the others are paused: forty that run are much for two processors
    private static final Duration LONG = Duration.ofSeconds(90);
    private static final String PAUSED = "<metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'><o:launchPaused>true"
            + "</o:launchPaused></o:vm></metadata><devices>";

    private static Map<String, JsonNode> stats(LineClient client) {
        Map<String, JsonNode> all = new TreeMap<>();
        client.call("Host.getAllVmStats").forEach(vm -> all.put(vm.get("vmId").asText(), vm));
        return all;
    }

    private static List<UUID> uuids(List<GuestXml> guests) {
        return guests.stream().map(GuestXml::uuid).toList();
    }

    @Test
    @Timeout(300)
    void nothingIsLostAndNothingChanged() {
        List<GuestXml> guests = new ArrayList<>();
        for (int i = 0; i < GUESTS; i++) {
            guests.add(GuestXml.named("g" + i));
        }
        Map<Boolean, List<GuestXml>> byRunning = guests.stream()
                .collect(Collectors.partitioningBy(guest -> guests.indexOf(guest) % RUNNING_ONE_IN == 0));
        Set<String> run = byRunning.get(true).stream()
                .map(guest -> guest.uuid().toString())
                .collect(Collectors.toSet());
        List<UUID> end = List.of(guests.get(0).uuid(), guests.get(1).uuid()); // one of each
        try (PrivateHypervisor host = PrivateHypervisor.start();
                AgentProcess agent = AgentProcess.start(host.directory().resolve("agent"), host.uri())) {
            Map<String, JsonNode> before;
            try (LineClient client = agent.connect()) {
                client.create(
                        "b",
                        guests.stream()
                                .map(guest -> byRunning.get(true).contains(guest)
                                        ? guest.xml()
                                        : guest.xml().replace("<devices>", PAUSED))
                                .toList());
                client.awaitStatus(uuids(byRunning.get(true)), "Up", LONG);
                client.awaitStatus(uuids(byRunning.get(false)), "Paused", LONG);
                Await.until(
                        "all are read",
                        LONG,
                        () -> stats(client).values().stream().allMatch(vm -> vm.has("hash")));
                before = stats(client);
            }
            agent.kill();
            end.forEach(id -> host.virsh("destroy", id.toString()));
            agent.start();
            try (LineClient client = agent.connect()) {
                Await.until(
                        "it has listed its VMs",
                        LONG,
                        () -> client.respond("Host.getAllVmStats", "{}").has("result"));
                Map<String, JsonNode> first = stats(client); // what an engine would see first
                assertThat(first.keySet()).isEqualTo(before.keySet());
                first.forEach((id, now) -> {
                    EngineTypes.checkStats(now);
                    assertThat(now.get("status").textValue())
                            .as(id)
                            .isEqualTo(end.contains(UUID.fromString(id)) ? "Down" : run.contains(id) ? "Up" : "Paused");
                    assertThat(Long.parseLong(now.get("statusTime").textValue()))
                            .isGreaterThan(Long.parseLong(
                                    before.get(id).get("statusTime").textValue()));
                });
                end.forEach(id -> first.remove(id.toString()));
                assertThat(first)
                        .allSatisfy((id, now) -> assertThat(now.get("hash"))
                                .isEqualTo(before.get(id).get("hash")));
                assertThat(end)
                        .allSatisfy(id -> assertThat(
                                        client.stats(id).get("exitReason").intValue())
                                .isEqualTo(11));
                AgentProcess.destroyAll(client);
            }
        }
    }
}
