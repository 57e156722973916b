package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.client.FakeAgent;
import org.muster.client.Json;

class StatsAndEventsTest {
    private static final String ID = "aa110000-0000-0000-0000-000000000001";

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        AtomicInteger polls = new AtomicInteger();
        agent = FakeAgent.onTcp().on("Host.getAllVmStats", params -> {
            int poll = polls.getAndIncrement();
            return Json.parse("[{\"vmId\":\"" + ID + "\",\"vmName\":\"web\",\"status\":\"Up\","
                    + "\"cpuUser\":\"10.25\",\"cpuSys\":\"2.00\",\"memUsage\":\"23\","
                    + "\"balloonInfo\":{\"balloon_cur\":\"524288\"},"
                    + "\"network\":{\"vnet0\":{\"rx\":\"" + (2048 + poll * 3072) + "\",\"tx\":\"100\","
                    + "\"sampleTime\":" + (5.0 + 2 * poll) + "}},"
                    + "\"disks\":{\"vda\":{\"readRate\":\"1024\",\"writeRate\":\"0\"},"
                    + "\"vdb\":{\"readRate\":\"1024\",\"writeRate\":\"7\"}},"
                    + "\"condition\":\"ok\",\"sampleTimes\":{\"cpu\":4711},"
                    + "\"sampleAges\":{\"cpu\":1200,\"network\":300,\"block\":8000,\"blockInfo\":9000}},"
                    + "{\"vmId\":\"v2\",\"vmName\":\"ice\",\"status\":\"Up\",\"frozen\":true,"
                    + "\"monitorResponse\":\"-1\"}]");
        });
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    @Test
    void showsTotalsRatesAgesAndTheFrozenMark() {
        assertThat(CliRun.of(agent, "stats").lines())
                .containsExactly(
                        "NAME  STATUS      CPU %         MEMORY   NET RX  NET TX  DISK RD/s  DISK WR/s      AGE",
                        "ice   Up, FROZEN      -              -        -       -          -          -      -/-",
                        "web   Up           12.3  512 MiB (23%)  2.0 KiB   100 B    2.0 KiB        7 B  1.2/8.0");
    }

    @Test
    void aNarrowTerminalHasSumsAndNamesThatCanBeToldApart() {
        ArrayNode many = Json.array();
        for (int i = 0; i < 30; i++) {
            many.add(Json.object()
                    .put("vmId", "v" + i)
                    .put("vmName", String.format(Locale.ROOT, "office-%03d.example.com", i))
                    .put("status", "Up")
                    .put("condition", i == 0 ? "storage-blocked" : "ok")
                    .put("memUsage", "13")
                    .set("balloonInfo", Json.object().put("balloon_cur", "2097152")));
        }
        agent.on("Host.getAllVmStats", params -> many);
        for (int width : new int[] {40, 60, 80, 99, 100}) {
            List<String> lines = onTerminal(width, 100, "stats").lines();
            assertThat(lines).hasSize(31).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(width));
            assertThat(lines.get(1)).as("at " + width).startsWith("office-000");
        }
        assertThat(onTerminal(80, 100, "stats").lines().get(0))
                .matches("NAME +STATUS +CPU % +MEMORY +NET +DISK/s +AGE");
    }

    @Test
    void watchingShowsAsManyRowsAsTheTerminalHas() {
        ArrayNode many = Json.array();
        for (int i = 0; i < 30; i++) {
            many.add(Json.object().put("vmId", "v" + i).put("vmName", "n" + i).put("status", "Up"));
        }
        agent.on("Host.getAllVmStats", params -> many);
        List<String> lines =
                onTerminal(80, 10, "stats", "--watch", "--times", "1").lines();
        assertThat(lines).hasSize(9); // and the line that the cursor is on
        assertThat(lines.get(8)).isEqualTo("23 more; muster top sorts and filters them");
        assertThat(onTerminal(80, 10, "stats").lines()).hasSize(31);
    }

    private CliRun onTerminal(int width, int height, String... arguments) {
        Map<String, String> environment = Map.of(
                "MUSTER_URL", agent.address().toString(), "TERM", "xterm", "COLUMNS", "" + width, "LINES", "" + height);
        return CliRun.with(environment, Path.of("/dev/pts/99"), "", arguments);
    }

    @Test
    void theStatisticsOfSingleVmsAreThoseThatAreNamed() {
        assertThat(CliRun.of(agent, "stats", "ice").lines())
                .hasSize(2)
                .last()
                .asString()
                .startsWith("ice");
        CliRun nobody = CliRun.of(agent, "stats", "nobody");
        assertThat(nobody.exitCode()).isEqualTo(ExitCode.REFUSED);
        assertThat(nobody.err()).contains("has the name or id 'nobody'");
    }

    @Test
    void theAgesOfAllGroupsAreShownOnDemand() throws Exception {
        assertThat(CliRun.of(agent, "stats", "--ages").lines())
                .containsExactly(
                        "NAME  STATUS      STATE  CPU  VCPU  MEMORY  NET  DISKS  SIZES  AGENT",
                        "ice   Up, FROZEN      -    -     -       -    -      -      -      -",
                        "web   Up              -  1.2     -       -  0.3    8.0    9.0      -");
        JsonNode web = Json.parse(
                        CliRun.of(agent, "stats", "--output=json").lines().get(0))
                .get(0);
        assertThat(web.path("sampleAgeSeconds").path("blockInfo").doubleValue()).isEqualTo(9);
        assertThat(web.path("sampleTimes").path("cpu").longValue()).isEqualTo(4711);
        assertThat(web.path("sampleTimes").path("block").isNull()).isTrue();
        assertThat(web.path("condition").asText()).isEqualTo("ok");
    }

    @Test
    void whatKeepsValuesFromComingIsSaidOfVmsAndOfTheHost() {
        agent.on(
                        "Host.getAllVmStats",
                        params -> Json.parse("[{\"vmId\":\"v1\",\"vmName\":\"nfs\",\"status\":\"Up\","
                                + "\"condition\":\"storage-blocked\"}]"))
                .on(
                        "Host.getStats",
                        params -> Json.parse(
                                "{\"sampling\":{\"condition\":\"degraded\",\"frozen\":13,\"cycles\":{\"short\":{\"calls\":1}}}}"));
        assertThat(CliRun.of(agent, "stats").lines().get(0))
                .isEqualTo(
                        "host: degraded (so many VMs hang that others cannot be asked for all their values); 13 VMs frozen");
        assertThat(CliRun.of(agent, "stats").lines().get(2)).startsWith("nfs   Up, STORAGE-BLOCKED ");
        assertThat(CliRun.of(agent, "host", "sampling").out())
                .contains("condition     degraded\n")
                .contains("cycles.short");
    }

    @Test
    void watchingShowsNetworkRatesFromTheSecondTimeOn() {
        CliRun run = CliRun.of(agent, "stats", "--watch", "--interval", "0.01", "--times", "2");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("NET RX/s");
        assertThat(run.lines().get(3)).matches("web .* - +- +2\\.0 KiB +7 B .*");
        assertThat(run.lines().get(7)).matches("web .* 1\\.5 KiB +0 B +2\\.0 KiB +7 B .*");
    }

    @Test
    void theJsonHasNumbersAndNulls() throws Exception {
        CliRun run = CliRun.of(agent, "stats", "--watch", "--interval=0.01", "--count=2", "--output=json");
        JsonNode second = Json.parse(run.lines().get(1)).get(0);
        assertThat(second.path("cpuPercent").doubleValue()).isEqualTo(12.25);
        assertThat(second.path("memoryKib").doubleValue()).isEqualTo(524288);
        assertThat(second.path("netRxBytesPerSecond").doubleValue()).isEqualTo(1536);
        assertThat(second.path("sampleAgeSeconds").path("block").doubleValue()).isEqualTo(8);
        JsonNode frozen = Json.parse(run.lines().get(1)).get(1);
        assertThat(frozen.path("frozen").asBoolean()).isTrue();
        assertThat(frozen.path("cpuPercent").isNull()).isTrue();
    }

    @Test
    void factorsAreTablesAndTheWholeReportAsJson() throws Exception {
        String report =
                "{\"guests\":3,\"roundTripMicros\":120.5,\"groups\":{\"BLOCK\":{\"bulkMillis\":{\"1\":2.5,\"3\":7.0},"
                        + "\"fixedMicros\":250,\"perGuestMicros\":2250}},\"weights\":{\"roundTrips\":2,\"perGuestMicros\":30,"
                        + "\"perMonitorMicros\":2220,\"unexplainedPercent\":1.5},\"cycles\":[{\"cycle\":\"block\",\"wallMillis\":7,"
                        + "\"ownCpuMillis\":0.5,\"roundTripMillis\":0.12,\"monitorMillis\":6,\"libvirtMillis\":0.38,\"agentSystemCalls\":4.2,"
                        + "\"libvirtdSystemCalls\":null}],\"sweep\":[{\"group\":\"BLOCK\",\"concurrency\":2,\"callsPerSecond\":700.5,"
                        + "\"p50Millis\":2.9,\"inflation\":1.16}],\"tookMillis\":1234,\"notes\":[\"a note\"]}";
        agent.on("Host.getSamplingFactors", params -> {
            assertThat(params.path("guests").intValue()).isEqualTo(7);
            assertThat(params.path("sweep").booleanValue()).isTrue();
            return Json.parse(report);
        });

        assertThat(CliRun.of(agent, "stats", "factors", "--guests=7", "--sweep").lines())
                .contains(
                        "3 guests, a round trip takes 120.5 us; measured in 1234.0 ms",
                        "BLOCK      250.0      2250.0  1: 2.50 3: 7.00",
                        "block  7.00     0.50        0.12      6.00     0.38           4.2           -",
                        "BLOCK        2    700.5    2.90       1.16",
                        "note: a note");
        CliRun json = CliRun.of(agent, "stats", "factors", "--guests=7", "--sweep", "--output=json");
        assertThat(Json.parse(json.out())).isEqualTo(Json.parse(report));
    }

    @Test
    void watchingEndsWithTheConnection() {
        AtomicInteger polls = new AtomicInteger();
        agent.on("Host.getAllVmStats", params -> {
            if (polls.getAndIncrement() == 1) {
                agent.sendRaw("ERROR\n\nshutting down\0");
            }
            return Json.array();
        });
        CliRun run = CliRun.of(agent, "stats", "--watch", "--interval", "0.01");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("the agent reports: shutting down");
    }

    @Test
    void eventsArePrintedOnePerLineUntilTheCount() throws Exception {
        CompletableFuture<CliRun> run = CompletableFuture.supplyAsync(() -> CliRun.of(agent, "events", "--count", "2"));
        agent.awaitEventSubscription();
        agent.vmStatus(ID, "Up");
        agent.event("|jobs|status|j1", "{\"id\":\"j1\",\"description\":\"two\\nlines\",\"notify_time\":7}");
        CliRun ended = run.get(10, TimeUnit.SECONDS);
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.lines())
                .containsExactly(
                        "10:00:00.000 |virt|VM_status|" + ID + " status=\"Up\"",
                        "10:00:00.000 |jobs|status|j1 id=\"j1\" description=\"two\\nlines\"");
    }

    @Test
    void eventsAsJsonAreOneObjectPerLine() throws Exception {
        CompletableFuture<CliRun> run =
                CompletableFuture.supplyAsync(() -> CliRun.of(agent, "events", "--count=1", "--output=json"));
        agent.awaitEventSubscription();
        agent.vmStatus(ID, "Up");
        assertThat(Json.parse(run.get(10, TimeUnit.SECONDS).out()))
                .isEqualTo(Json.parse("{\"receivedAt\":\"2026-11-21T10:00:00Z\",\"method\":\"|virt|VM_status|" + ID
                        + "\",\"notifyTime\":4242,\"params\":{\"" + ID
                        + "\":{\"status\":\"Up\"},\"notify_time\":4242}}"));
    }

    @Test
    void listeningEndsAtTheTimeoutWhichIsAFailureOnlyIfEventsWereWanted() {
        assertThat(CliRun.of(agent, "events", "--timeout", "0.5").exitCode()).isZero();
        CliRun run = CliRun.of(agent, "events", "--count", "3", "--timeout", "0.5");
        assertThat(run.exitCode()).isEqualTo(4);
        assertThat(run.err()).contains("0 of 3 events came within 0.5 s");
    }

    @Test
    void listeningEndsWithTheConnection() throws Exception {
        CompletableFuture<CliRun> run = CompletableFuture.supplyAsync(() -> CliRun.of(agent, "events"));
        agent.awaitEventSubscription();
        agent.closeConnections();
        assertThat(run.get(10, TimeUnit.SECONDS).exitCode()).isEqualTo(3);
    }
}
