package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.FuseDisk;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.Truth;

/** Bulks with bad ones among the good, on a real libvirtd. */
@Tag("qemu")
@Tag("alone")
@Timeout(300)
class BulkQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration ALL_UP = Duration.ofSeconds(150);

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
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
        assertThat(host.virsh("list", "--all", "--name")).isBlank();
        client.close();
        agent.close();
        host.close();
    }

    private Path image(String name) throws IOException {
        Path file = host.directory().resolve(name);
        try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
            disk.setLength(1 << 20);
        }
        return file;
    }

    private JsonNode create(String batchId, List<String> xmls) {
        return create(batchId, xmls, true);
    }

    private JsonNode create(String batchId, List<String> xmls, boolean paused) {
        ObjectNode params = JsonNodeFactory.instance.objectNode().put("batchId", batchId);
        ArrayNode vms = params.putArray("vms");
        xmls.forEach(xml -> vms.addObject().put("xml", xml).put("launchPaused", paused));
        return client.call("Host.createVms", params.toString()).get("vms");
    }

    private JsonNode history(String batchId) {
        return client.call("Host.getHistory", "{\"batchId\":\"" + batchId + "\"}");
    }

    @Test
    void ofFiftyWithFourBadOnesFortySixAreUpAndEachBadOneHasItsReason() throws Exception {
        List<GuestXml> guests = new ArrayList<>();
        List<String> xmls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            GuestXml guest = GuestXml.named("bulk-" + i).withDisk(image("bulk-" + i + ".raw"));
            guests.add(guest);
            xmls.add(guest.xml());
        }
        xmls.set(3, guests.get(3).xml().replace("</devices>", ""));
        xmls.set(
                17,
                guests.get(17).withDisk(host.directory().resolve("bulk-16.raw")).xml());
        xmls.set(
                30,
                guests.get(30).withDisk(host.directory().resolve("missing.raw")).xml());
        xmls.set(44, guests.get(44).xml().replace("machine='pc'", "machine='pc-of-old'"));

        JsonNode verdicts = create("fifty", xmls, false);

        assertThat(verdicts).hasSize(50);
        assertThat(verdicts.get(3).path("code").asInt()).isEqualTo(100);
        assertThat(verdicts.get(3).path("reason").asText()).contains("not well-formed XML at line");
        assertThat(verdicts.get(17).path("code").asInt()).isEqualTo(9);
        assertThat(verdicts.get(17).path("reason").asText()).contains("the disk of bulk-16");
        assertThat(verdicts.get(30).path("code").asInt()).isEqualTo(9);
        assertThat(verdicts.get(30).path("reason").asText()).contains("missing.raw does not exist");
        assertThat(verdicts.get(44).path("reason").asText()).contains("no such machine type, got pc-of-old");
        List<UUID> good = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            if (i != 3 && i != 17 && i != 30 && i != 44) {
                assertThat(verdicts.get(i).path("status").asText()).isEqualTo("ACCEPTED");
                good.add(guests.get(i).uuid());
            }
        }
        client.awaitStatus(good, "Up", ALL_UP);
        assertThat(host.virsh("list", "--state-running", "--uuid").lines().filter(line -> !line.isBlank()))
                .hasSize(46);
        JsonNode history = history("fifty");
        Map<String, Integer> states = new HashMap<>();
        history.get("creates")
                .forEach(create -> states.merge(create.get("state").asText(), 1, Integer::sum));
        assertThat(states).isEqualTo(Map.of("UP", 46));
        assertThat(history.get("refused")).hasSize(4);
    }

    @Test
    void aDeadDiskIsRefusedWithItsReasonAndTheOthersDoNotWaitForIt() throws Exception {
        FuseDisk storage = FuseDisk.mount(host, "dead");
        Path dead = storage.resolve("disk.raw");
        try (RandomAccessFile disk = new RandomAccessFile(dead.toFile(), "rw")) {
            disk.setLength(1 << 20);
        }
        storage.freeze();
        List<String> xmls = new ArrayList<>();
        List<UUID> good = new ArrayList<>();
        List<UUID> bad = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            boolean isDead = i % 2 == 0;
            GuestXml guest =
                    GuestXml.named("d" + i).withDisk(isDead ? dead.resolveSibling("disk-" + i) : image("g" + i));
            xmls.add(guest.xml());
            (isDead ? bad : good).add(guest.uuid());
        }
        long begin = System.nanoTime();

        JsonNode verdicts = create("dead", xmls);

        assertThat(verdicts)
                .allSatisfy(
                        verdict -> assertThat(verdict.path("status").asText()).isEqualTo("ACCEPTED"));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(2500));
        client.awaitStatus(bad, "Down", Duration.ofSeconds(20));
        assertThat(client.stats(bad.get(0)).get("exitMessage").asText()).contains("has not answered for");
        client.awaitStatus(good, "Paused", SOON);
        assertThat(create("again", List.of(GuestXml.named("e").withDisk(dead).xml()))
                        .get(0)
                        .path("reason")
                        .asText())
                .contains("has not answered for");
        storage.thaw();
        Await.until(
                "the storage is good again",
                SOON,
                () -> create(
                                UUID.randomUUID().toString(),
                                List.of(GuestXml.named("f").withDisk(dead).xml()))
                        .get(0)
                        .path("status")
                        .asText()
                        .equals("ACCEPTED"));
    }

    @Test
    void aQueueIsSeenCancelledAndDrained() throws Exception {
        List<String> xmls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            xmls.add(GuestXml.named("q" + i).xml());
        }
        create("queued", xmls);

        JsonNode queue = client.call("Host.getQueue");
        JsonNode cancelled = client.call("Host.cancelCreates", "{\"batchId\":\"queued\"}");
        client.call("Host.drain", "{\"enabled\":true,\"reason\":\"a test\"}");

        assertThat(queue.get("running").size() + queue.get("waiting").size()).isGreaterThan(30);
        assertThat(cancelled.get("cancelled").size()).isGreaterThan(20);
        assertThat(cancelled.get("cancelled").size() + cancelled.get("kept").size())
                .isEqualTo(40);
        assertThat(create("drained", List.of(GuestXml.named("x").xml()))
                        .get(0)
                        .path("reason")
                        .asText())
                .contains("draining")
                .contains("a test");
        List<UUID> kept = new ArrayList<>();
        cancelled
                .get("kept")
                .forEach(each -> kept.add(UUID.fromString(each.get("vmId").asText())));
        client.awaitStatus(kept, "Paused", SOON);
        agent.kill();
        client.close();
        agent.start();
        client = agent.connect();
        assertThat(host.virsh("list", "--all", "--uuid").lines().filter(line -> !line.isBlank()))
                .hasSize(kept.size());
        assertThat(history("queued").get("creates")).hasSize(40);
        assertThat(client.call("Host.getQueue").get("draining").asBoolean()).isTrue();
        client.call("Host.drain", "{\"enabled\":false}");
    }
}
