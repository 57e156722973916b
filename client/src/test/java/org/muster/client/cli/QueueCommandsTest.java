package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.client.FakeAgent;
import org.muster.client.Json;

/** queue, history, cancel, host drain and host concurrency. */
class QueueCommandsTest {
    private static final String A = "aa110000-0000-0000-0000-000000000001";
    private static final String B = "bb110000-0000-0000-0000-000000000002";

    private final List<JsonNode> asked = new ArrayList<>();
    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp();
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    private static String create(String id, String name, String state, String more) {
        return "{\"vmId\":\"" + id + "\",\"name\":\"" + name + "\",\"batchId\":\"mon\",\"class\":\"HA\",\"priority\":7,"
                + "\"state\":\"" + state + "\",\"attempts\":1,\"phases\":{}" + more + "}";
    }

    private void answer(String verb, String json) {
        agent.on(verb, params -> {
            asked.add(params);
            return Json.parse(json);
        });
    }

    private void queue(String more) {
        answer(
                "Host.getQueue",
                "{\"waiting\":[{\"position\":1,\"create\":" + create(B, "two", "QUEUED", "")
                        + ",\"age\":1500,\"waitsFor\":\"all 1 slots are taken\"}],\"running\":[{\"create\":"
                        + create(A, "one", "STARTING", "") + ",\"age\":31000,\"hung\":true}],\"unsettled\":["
                        + create(A, "three", "UNSETTLED", "") + "],\"waitingFor\":\"\",\"capacity\":4000" + more + "}");
    }

    @Test
    void theQueueIsATableWithWhatRunsFirst() {
        queue(",\"draining\":true,\"drainReason\":\"new fans\"");

        assertThat(CliRun.of(agent, "queue").lines())
                .containsExactly(
                        "PLACE  NAME   CLASS  PRIORITY  BATCH     AGE  STATE",
                        "-      one    HA            7  mon    31.0 s  STARTING, HUNG",
                        "-      three  HA            7  mon         -  UNSETTLED",
                        "1      two    HA            7  mon    1.50 s  waits for all 1 slots are taken",
                        "1 being started, 1 of at most 4000 waiting; DRAINING, no new ones are taken: new fans");
    }

    @Test
    void theQueueIsShownAgainAsOftenAsAsked() {
        queue("");

        CliRun run = CliRun.of(agent, "queue", "--watch", "--interval", "0.01", "--times", "3", "--output", "json");

        assertThat(run.exitCode()).isZero();
        assertThat(run.lines()).hasSize(3).allSatisfy(line -> assertThat(line).contains("\"capacity\":4000"));
        assertThat(CliRun.of(agent, "queue", "--watch", "--times", "0").exitCode())
                .isEqualTo(ExitCode.USAGE);
    }

    @Test
    void theHistoryTellsTimesAndReasons() {
        answer(
                "Host.getHistory",
                "{\"creates\":["
                        + create(B, "two", "FAILED", ",\"reason\":\"no such disk\",\"acceptedAt\":1000000")
                        + ","
                        + create(A, "one", "UP", ",\"acceptedAt\":0")
                                .replace(
                                        "\"phases\":{}",
                                        "\"phases\":{\"total\":900,\"userTotal\":1234,\"queueWait\":500,\"createCall\":250}")
                        + "],\"refused\":[{\"vmId\":\"x\",\"status\":\"REFUSED\",\"code\":9,\"reason\":\"full\"}]}");

        assertThat(CliRun.of(agent, "history", "--batch", "mon").lines())
                .containsExactly(
                        "ACCEPTED             NAME  STATE     TOTAL   QUEUE   START  BATCH  REASON",
                        "1970-01-01 00:00:00  one   UP       1.23 s  0.50 s  0.25 s  mon",
                        "1970-01-01 00:16:40  two   FAILED        -       -       -  mon    no such disk",
                        "-                    x     REFUSED       -       -       -  mon    9: full");
        assertThat(asked.get(0)).isEqualTo(Json.object().put("batchId", "mon").put("limit", 100));
    }

    @Test
    void onEightyColumnsTheWholeReasonIsThereAndTodaysDateIsNot() {
        String reason =
                "the disk /srv/storage/images/0f0f0f0f/web-001.qcow2 has not answered for 3 s: the storage below"
                        + " /srv/storage hangs, and the VM was never started";
        long accepted = CliRun.CLOCK.millis() - 60_000;
        answer(
                "Host.getHistory",
                "{\"creates\":["
                        + create(A, "web-001", "FAILED", ",\"reason\":\"" + reason + "\",\"acceptedAt\":" + accepted)
                                .replace("\"mon\"", "\"5e1f7d92-0a3c-4a55-9a55-1f0f4a8f7c11\"")
                        + "],\"refused\":[]}");

        CliRun run = CliRun.with(
                Map.of("MUSTER_URL", agent.address().toString(), "COLUMNS", "80"),
                Path.of("/dev/pts/99"),
                "",
                "history");

        assertThat(run.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
        assertThat(run.lines().get(1)).startsWith("09:59:00  web-001  FAILED ").doesNotContain("2026");
        assertThat(String.join("", run.lines().subList(1, run.lines().size())).replace(" ", ""))
                .endsWith(reason.replace(" ", ""));
    }

    @Test
    void theHistoryOfOneVmIsFoundByNameOrBeginningOfId() {
        answer(
                "Host.getHistory",
                "{\"creates\":[" + create(A, "one", "UP", "") + "," + create(B, "two", "UP", "") + "],\"refused\":[]}");

        assertThat(CliRun.of(agent, "history", "two").out()).contains("two").doesNotContain("one");
        assertThat(CliRun.of(agent, "history", "aa11").out()).contains("one").doesNotContain("two");
        CliRun nobody = CliRun.of(agent, "history", "nobody");
        assertThat(nobody.exitCode()).isEqualTo(ExitCode.REFUSED);
        assertThat(nobody.err()).isEqualTo("muster: the history has no create with the name or id nobody\n");
        CliRun watched =
                CliRun.of(agent, "history", "two", "--watch", "--interval", "0.01", "--times", "2", "--output", "json");
        assertThat(watched.lines()).hasSize(2);
    }

    @Test
    void aConcurrencyThatCannotBeIsAMistakeOfTheCommandLine() {
        for (String wrong : List.of("0", "abc", "")) {
            CliRun run = CliRun.of(agent, "host", "concurrency", wrong);
            assertThat(run.exitCode()).as(wrong).isEqualTo(ExitCode.USAGE);
            assertThat(run.err()).contains("must be a number from 1 on, auto or unlimited, got '" + wrong + "'");
        }
    }

    @Test
    void whatIsMeantForWatchingIsRefusedWithoutIt() {
        for (String command : List.of("queue", "stats", "inflight")) {
            assertThat(CliRun.of(agent, command, "--times", "2").err()).contains("--times goes with --watch");
            CliRun run = CliRun.of(agent, command, "--interval", "1");
            assertThat(run.exitCode()).as(command).isEqualTo(ExitCode.USAGE);
            assertThat(run.err()).contains("--interval goes with --watch");
        }
    }

    @Test
    void aBatchIsCancelledAndItIsNoErrorThatSomeAreUp() throws Exception {
        answer(
                "Host.cancelCreates",
                "{\"cancelled\":[\"" + B + "\"],\"kept\":[{\"vmId\":\"" + A + "\",\"reason\":\"it is UP\"}]}");

        CliRun run = CliRun.of(agent, "cancel", "--batch", "mon");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo("1 cancelled, 1 not\n");
        assertThat(asked).containsExactly(Json.object().put("batchId", "mon"));
    }

    @Test
    void aVmThatCouldNotBeCancelledIsAnError() throws Exception {
        answer("Host.cancelCreates", "{\"cancelled\":[],\"kept\":[{\"vmId\":\"" + A + "\",\"reason\":\"it is UP\"}]}");

        CliRun run = CliRun.of(agent, "cancel", A);

        assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
        assertThat(run.err()).contains(A + ": it is UP");
        assertThat(asked).containsExactly(Json.parse("{\"vmIds\":[\"" + A + "\"]}"));
        agent.on("Host.getAllVmStats", "[{\"vmId\":\"" + A + "\",\"vmName\":\"web\",\"status\":\"Up\"}]");
        assertThat(CliRun.of(agent, "cancel", "web").err()).contains("not cancelled: web (" + A + "): it is UP");
        assertThat(CliRun.of(agent, "cancel").exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(CliRun.of(agent, "cancel", A, "--batch", "x").exitCode()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void drainingTellsWhatIsStillToComeAndCanCancelIt() throws Exception {
        answer("Host.drain", "{\"enabled\":true,\"waiting\":1,\"running\":1}");
        queue("");
        answer("Host.cancelCreates", "{\"cancelled\":[\"" + B + "\"],\"kept\":[]}");

        CliRun run = CliRun.of(agent, "host", "drain", "--reason", "new fans", "--cancel-queued");

        assertThat(run.out()).isEqualTo("draining: 0 waiting, 1 being started, 1 cancelled\n");
        assertThat(asked.get(0)).isEqualTo(Json.object().put("enabled", true).put("reason", "new fans"));
        assertThat(asked.get(2)).isEqualTo(Json.parse("{\"vmIds\":[\"" + B + "\"]}"));
        assertThat(CliRun.of(agent, "host", "drain", "--off").out()).isEqualTo("new VMs are taken again\n");
        assertThat(asked.get(3)).isEqualTo(Json.object().put("enabled", false));
        assertThat(CliRun.of(agent, "host", "drain", "--off", "--reason", "x").exitCode())
                .isEqualTo(ExitCode.USAGE);
    }

    private static String phase(String name, double mean) {
        return "\"" + name + "\":{\"count\":2,\"sum\":" + 2 * mean + ",\"mean\":" + mean + ",\"min\":1,\"p50\":" + mean
                + ",\"p90\":20,\"p95\":30.04,\"p99\":1234.4,\"max\":99999}";
    }

    private void stats(String classes) {
        answer(
                "Host.getCreateStats",
                "{\"since\":1000000,\"outcomes\":{\"UP\":2,\"PAUSED\":0,\"FAILED\":1},\"timed\":2,\"phases\":{"
                        + phase("queueWait", 5) + "," + phase("total", 25) + "},\"classes\":{" + classes
                        + "},\"slowest\":["
                        + create(A, "one", "UP", "").replace("{}", "{\"queueWait\":12.5,\"total\":150}") + ","
                        + create(B, "two", "UP", "")
                        + "],\"calls\":[{\"atOnce\":1,\"count\":3,\"mean\":290.4,\"inflation\":1},"
                        + "{\"atOnce\":2,\"count\":9,\"mean\":406.6,\"inflation\":1.4}],\"batch\":{\"started\":2,\"makespan\":500,\"perSecond\":4}}");
    }

    @Test
    void createStatsShowPhasesAndTheSlowest() {
        stats("\"HA\":{}");

        CliRun run = CliRun.of(agent, "create-stats", "--batch", "mon", "--slowest", "1");

        assertThat(asked.get(0).path("batchId").asText()).isEqualTo("mon");
        assertThat(run.lines())
                .containsExactly(
                        "since 1970-01-01 00:16:40: 2 UP, 1 FAILED; in 0.50 s, 4.00 a second",
                        "CLASS  PHASE      COUNT  MEAN   P50   P90   P95   P99    MAX",
                        "all    queueWait      2  5.00  5.00  20.0  30.0  1234  99999",
                        "all    total          2  25.0  25.0  20.0  30.0  1234  99999",
                        "",
                        "LIBVIRT CALLS AT ONCE  COUNT  MEAN  INFLATION",
                        "                    1      3   290       1.00",
                        "                    2      9   407       1.40",
                        "",
                        "SLOWEST  CLASS  VALIDATE  JOURNAL  QUEUEWAIT  PREPARE  TORUNNING  PUBLISH  TOTAL",
                        "one      HA            -        -       12.5        -          -        -    150");
    }

    @Test
    void createStatsOfABatchSayHowManyOfItAreUnderWay() {
        answer(
                "Host.getCreateStats",
                "{\"since\":1000000,\"outcomes\":{\"UP\":1},\"timed\":0,\"waiting\":2,\"running\":1,\"batch\":{\"started\":0}}");
        assertThat(CliRun.of(agent, "create-stats", "--batch", "mon").lines())
                .containsExactly("since 1970-01-01 00:16:40: 1 UP; now 1 being started, 2 waiting");

        answer(
                "Host.getCreateStats",
                "{\"since\":0,\"outcomes\":{},\"timed\":0,\"waiting\":0,\"running\":0,\"batch\":{\"started\":0}}");
        assertThat(CliRun.of(agent, "create-stats", "--batch", "mon").lines())
                .as("all of it was refused")
                .containsExactly("no create has ended");
    }

    @Test
    void createStatsAreShownAgainAsOftenAsAskedAndResetOnce() {
        List<String> resets = new ArrayList<>();
        stats("\"HA\":{}");
        agent.on("Host.resetCreateStats", params -> {
            resets.add("once");
            return Json.parse("true");
        });

        CliRun run = CliRun.of(
                agent, "create-stats", "--reset", "--watch", "--times", "3", "--interval", "0.01", "--output", "json");

        assertThat(run.lines()).hasSize(3);
        assertThat(resets).hasSize(1);
    }

    @Test
    void createStatsAreShownByClassWhereThereAreSeveralAndResetOnceTheyAreRead() {
        List<String> order = new ArrayList<>();
        stats("\"HA\":{" + phase("total", 1) + "},\"NORMAL\":{" + phase("total", 2) + "}");
        agent.on("Host.resetCreateStats", params -> {
            order.add(asked.size() + " asked before");
            return Json.parse("true");
        });

        CliRun run = CliRun.of(agent, "create-stats", "--reset");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("HA      total").contains("NORMAL  total");
        answer(
                "Host.getCreateStats",
                "{\"since\":1000000,\"outcomes\":{},\"waiting\":2,\"running\":1,\"mostWaiting\":7}");
        assertThat(CliRun.of(agent, "create-stats").lines())
                .containsExactly(
                        "since 1970-01-01 00:16:40: no create has ended; now 1 being started, 2 waiting; the most that ever waited: 7");
        assertThat(order).containsExactly("1 asked before");
        assertThat(CliRun.of(agent, "create-stats", "--slowest", "21").exitCode())
                .isEqualTo(ExitCode.USAGE);
        assertThat(CliRun.of(agent, "create-stats", "--reset", "--batch", "x").exitCode())
                .isEqualTo(ExitCode.USAGE);
    }

    @Test
    void nothingIsRecordedForAFileThatCannotBeMade(@TempDir Path folder) {
        answer("Host.profile", "{\"name\":\"muster-1.jfr\",\"bytes\":5}");

        CliRun run = CliRun.of(agent, "profile", "--seconds", "1", "--out", folder + "/nowhere/p.jfr");

        assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("there is no such folder").doesNotContain("mistake in muster");
        assertThat(asked).isEmpty();
    }

    @Test
    void aRecordingWhoseFileCannotBeMadeAnyMoreIsSaidToBeWithTheAgent(@TempDir Path folder) throws IOException {
        Path gone = Files.createDirectory(folder.resolve("gone"));
        agent.on("Host.profile", params -> {
            Files.delete(gone);
            return Json.parse("{\"name\":\"muster-1.jfr\",\"bytes\":5}");
        });

        CliRun run = CliRun.of(
                agent, "profile", "--seconds", "1", "--file", gone.resolve("p").toString());

        assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("the agent has the recording").doesNotContain("mistake in muster");
    }

    @Test
    void aProfileIsFetchedInPartsAndNeverWrittenOverAFile(@TempDir Path folder) throws IOException {
        answer("Host.profile", "{\"name\":\"muster-1.jfr\",\"bytes\":5}");
        agent.on("Host.readProfile", params -> {
            int offset = params.path("offset").asInt();
            byte[] part = "hello".substring(offset, Math.min(5, offset + 2)).getBytes(StandardCharsets.UTF_8);
            return Json.object()
                    .put("data", Base64.getEncoder().encodeToString(part))
                    .put("next", offset + part.length);
        });
        Path file = folder.resolve("p.jfr");

        CliRun run = CliRun.of(agent, "profile", "--seconds", "1", "--file", file.toString());

        assertThat(run.lines()).containsExactly(file + ": 5 B, 1 s");
        assertThat(file).hasContent("hello");
        assertThat(asked.get(0).path("seconds").asInt()).isEqualTo(1);
        assertThat(CliRun.of(agent, "profile", "--file", file.toString()).exitCode())
                .isEqualTo(ExitCode.USAGE);
        assertThat(CliRun.of(agent, "profile", "--seconds", "601").exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(asked).hasSize(1);
    }

    @Test
    void theConcurrencyIsShownAndChanged() throws Exception {
        queue(",\"concurrency\":\"auto\",\"limit\":4");
        answer("Host.setCreateConcurrency", "{\"concurrency\":8,\"before\":\"auto\"}");

        assertThat(CliRun.of(agent, "host", "concurrency").out())
                .isEqualTo("concurrency of creates: auto, at the moment 4 at once\n");
        assertThat(CliRun.of(agent, "host", "concurrency", "8").out())
                .isEqualTo("concurrency of creates: 8, before: auto\n");
        CliRun.of(agent, "host", "concurrency", "unlimited");
        assertThat(asked.subList(1, 3))
                .containsExactly(
                        Json.object().put("concurrency", 8), Json.object().put("concurrency", "unlimited"));
        assertThat(Json.parse(CliRun.of(agent, "host", "concurrency", "--output", "json")
                        .out()))
                .isEqualTo(Json.parse("{\"concurrency\":\"auto\",\"limit\":4}"));
        assertThat(CliRun.of(agent, "host", "concurrency", "4", "5").exitCode()).isEqualTo(ExitCode.USAGE);
    }
}
