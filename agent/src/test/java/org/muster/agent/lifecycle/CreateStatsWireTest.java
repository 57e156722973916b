package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.rig.Await;

/** Host.getCreateStats as a client reads it. */
class CreateStatsWireTest {
    private static final List<String> CHAIN =
            List.of("validate", "journal", "queueWait", "prepare", "toRunning", "publish");
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private static List<UUID> ids(int first, int count) {
        return IntStream.range(first, first + count)
                .mapToObj(i -> new UUID(5, i))
                .toList();
    }

    private static List<String> xmls(List<UUID> ids) {
        return ids.stream()
                .map(id -> "<domain type='kvm'><name>n" + id + "</name><uuid>" + id + "</uuid></domain>")
                .toList();
    }

    private Path config(int concurrency) throws IOException {
        return Files.writeString(folder.resolve("muster.toml"), """
                listen.address = "127.0.0.1"
                listen.port = 0
                listen.socket = "%s"
                tls.enabled = false
                metrics.listen = "off"
                create.concurrency = %d
                state.directory = "%s"
                """.formatted(
                        folder.resolve("m.sock"), concurrency, folder.resolve("state")));
    }

    @Test
    void aBatchThatIsUnderWayIsToldAsSuchAndOneThatNobodyKnowsIsRefused() throws Exception {
        FakeHypervisor hypervisor = new FakeHypervisor();
        hypervisor.on(Op.START, ids(0, 1).get(0)).hang();
        try (Daemon daemon = new Daemon(ConfigFile.read(config(1)).effective(), hypervisor, "test")) {
            daemon.start();
            try (LineClient client = new LineClient(daemon.port())) {
                long before = System.currentTimeMillis();
                client.create("slow", xmls(ids(0, 3)));
                hypervisor.awaitEntered(Op.START, ids(0, 1).get(0));
                client.create("bad", List.of("no xml"));

                JsonNode slow = client.call("Host.getCreateStats", "{\"batchId\":\"slow\"}");
                assertThat(slow.get("waiting").asInt()).isEqualTo(2);
                assertThat(slow.get("running").asInt()).isEqualTo(1);
                assertThat(slow.get("since").asLong()).isBetween(before - 1000, System.currentTimeMillis());
                assertThat(slow.has("mostWaiting")).isFalse();
                JsonNode bad = client.call("Host.getCreateStats", "{\"batchId\":\"bad\"}");
                assertThat(bad.get("waiting").asInt()).as("known, and refused").isZero();
                assertThat(bad.get("since").asLong()).isZero();
                JsonNode unknown = client.answer(client.send("Host.getCreateStats", "{\"batchId\":\"typo\"}"));
                assertThat(unknown.at("/error/code").asInt()).isEqualTo(91);
                assertThat(unknown.at("/error/message").asText()).contains("no batch typo");

                hypervisor.release(Op.START, ids(0, 1).get(0));
                Await.until("all are up", SOON, () -> timed(client, "{\"batchId\":\"slow\"}") == 3);
            }
        }
    }

    @Test
    void everyCreateCountsItsPhasesAddUpAndAResetBeginsAnew() throws Exception {
        try (Daemon daemon = new Daemon(ConfigFile.read(config(2)).effective(), new FakeHypervisor(), "test")) {
            daemon.start();
            try (LineClient client = new LineClient(daemon.port())) {
                client.create("first", xmls(ids(0, 20)));
                client.create("second", xmls(ids(100, 5)));
                Await.until("all are counted", SOON, () -> timed(client, "{}") == 25);

                JsonNode stats = client.call("Host.getCreateStats");
                assertThat(stats.at("/outcomes/UP").asInt()).isEqualTo(25);
                assertThat(stats.at("/classes/NORMAL/total/count").asInt()).isEqualTo(25);
                assertThat(CHAIN.stream()
                                .mapToDouble(phase ->
                                        stats.at("/phases/" + phase + "/sum").doubleValue())
                                .sum())
                        .isCloseTo(stats.at("/phases/total/sum").doubleValue(), within(0.001));
                assertThat(stats.get("slowest"))
                        .hasSize(20)
                        .allSatisfy(create -> assertThat(CHAIN.stream()
                                        .mapToDouble(phase ->
                                                create.at("/phases/" + phase).doubleValue())
                                        .sum())
                                .isCloseTo(create.at("/phases/total").doubleValue(), within(0.001)));

                int calls = 0;
                for (JsonNode call : stats.get("calls")) {
                    assertThat(call.get("atOnce").asInt()).isBetween(1, 2); // create.concurrency
                    calls += call.get("count").asInt();
                }
                assertThat(calls).isEqualTo(25);
                assertThat(stats.get("waiting").asInt()).isZero();
                assertThat(stats.get("running").asInt()).isZero();
                assertThat(stats.get("mostWaiting").asInt()).isBetween(1, 25);

                JsonNode batch = client.call("Host.getCreateStats", "{\"batchId\":\"second\"}");
                assertThat(batch.at("/phases/total/count").asInt()).isEqualTo(5);
                assertThat(batch.at("/batch/started").asInt()).isEqualTo(5);
                assertThat(batch.at("/batch/perSecond").doubleValue()).isPositive();

                client.call("Host.resetCreateStats");
                assertThat(timed(client, "{}")).isZero();
                assertThat(client.call("Host.getCreateStats").get("mostWaiting").asInt())
                        .isZero();
                assertThat(timed(client, "{\"batchId\":\"first\"}")).isEqualTo(20);
            }
        }
    }

    private static int timed(LineClient client, String params) {
        return client.call("Host.getCreateStats", params).get("timed").asInt();
    }
}
