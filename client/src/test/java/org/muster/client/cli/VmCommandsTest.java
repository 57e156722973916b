package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.client.FakeAgent;
import org.muster.client.Json;
import org.muster.client.RpcError;

class VmCommandsTest {
    private static final String A = "aa110000-0000-0000-0000-000000000001";
    private static final String B = "aa220000-0000-0000-0000-000000000002";
    private static final String C = "cc330000-0000-0000-0000-000000000003";

    @TempDir
    private Path dir;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp()
                .on("Host.getVMList", "[" + entry(A, "Up") + "," + entry(B, "Down") + "," + entry(C, "Paused") + "]")
                .on("Host.getAllVmStats", "[" + stats(A, "web") + "," + stats(B, "db") + "," + stats(C, "db") + "]")
                // booted at 1000000 s of the epoch; the event clock is 2^31-1 + 60000 ms at the status, asked an hour
                // later
                .on("Host.getCapabilities", "{\"bootTime\":\"1000000\"}")
                .on("VM.destroy", "true");
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    private static String entry(String id, String status) {
        return "{\"vmId\":\"" + id + "\",\"status\":\"" + status
                + "\",\"statusTime\":\"2151143647\",\"statusSince\":\"2147543647\"}";
    }

    private static String stats(String id, String name) {
        return "{\"vmId\":\"" + id + "\",\"vmName\":\"" + name + "\",\"status\":\"Up\",\"statusTime\":\"1\"}";
    }

    @Test
    void listShowsIdNameStatusAndSinceByName() throws Exception {
        assertThat(CliRun.of(agent, "vm", "list").lines())
                .containsExactly(
                        "ID                                    NAME  STATUS  SINCE",
                        B + "  db    Down    1970-01-12 13:47:40",
                        C + "  db    Paused  1970-01-12 13:47:40",
                        A + "  web   Up      1970-01-12 13:47:40");
        JsonNode json =
                Json.parse(CliRun.of(agent, "vm", "list", "--output", "json").out());
        assertThat(json.get(2))
                .isEqualTo(Json.parse("{\"vmId\":\"" + A + "\",\"name\":\"web\",\"status\":\"Up\","
                        + "\"statusTime\":\"2151143647\",\"since\":\"1970-01-12T13:47:40Z\"}"));
    }

    @Test
    void listWithoutBootTimeSaysThatItDoesNotKnowSince() {
        agent.on("Host.getCapabilities", "{}");
        assertThat(CliRun.of(agent, "vm", "list").lines().get(3)).endsWith("Up      -");
    }

    @Test
    void showTakesANameAnIdOrTheBeginningOfAnId() throws Exception {
        agent.on(
                "VM.getStats",
                params -> Json.parse("[{\"vmId\":\"" + params.path("vmID").asText() + "\",\"x\":1}]"));
        agent.on(
                "Host.dumpxmls",
                params -> Json.object().put(params.path("vmList").path(0).asText(), "<domain>ä</domain>"));
        for (String wanted : List.of("web", A, A.toUpperCase(Locale.ROOT), "aa1")) {
            assertThat(CliRun.of(agent, "vm", "show", wanted).out()).as(wanted).contains("vmId   " + A);
        }
        assertThat(CliRun.of(agent, "vm", "show", "--xml", "web").out()).isEqualTo("<domain>ä</domain>\n");
        assertThat(Json.parse(CliRun.of(agent, "vm", "show", "web", "--xml", "--output", "json")
                        .out()))
                .isEqualTo(Json.parse("{\"vmId\":\"" + A + "\",\"stats\":{\"vmId\":\"" + A
                        + "\",\"x\":1},\"xml\":\"<domain>ä</domain>\"}"));
    }

    @Test
    void oneVmIsShownAgainAsOftenAsAsked() {
        agent.on(
                "VM.getStats",
                params -> Json.parse("[{\"vmId\":\"" + params.path("vmID").asText() + "\",\"x\":1}]"));

        CliRun run = CliRun.of(agent, "vm", "info", "web", "--watch", "--times", "3", "--interval", "0.01");

        assertThat(run.exitCode()).isZero();
        assertThat(run.lines().stream().filter(line -> line.equals("x      1"))).hasSize(3);
    }

    @Test
    void anAmbiguousNameOrPrefixListsTheCandidates() {
        CliRun name = CliRun.of(agent, "vm", "show", "db");
        assertThat(name.exitCode()).isEqualTo(2);
        assertThat(name.err()).contains("'db' is ambiguous").contains("db (" + B + "), db (" + C + ")");
        assertThat(CliRun.of(agent, "vm", "show", "aa").err()).contains("web (" + A + "), db (" + B + ")");
        CliRun unknown = CliRun.of(agent, "vm", "show", "nope");
        assertThat(unknown.exitCode()).isEqualTo(1);
        assertThat(unknown.err()).contains("has the name or id 'nope'");
    }

    @Test
    void aVmWithoutXmlOrStatsIsRefused() {
        agent.on("VM.getStats", "[]").on("Host.dumpxmls", "{}");
        assertThat(CliRun.of(agent, "vm", "show", A).exitCode()).isEqualTo(1);
        assertThat(CliRun.of(agent, "vm", "show", A, "--xml").err()).contains("no XML of " + A);
    }

    @Test
    void destroyGoesOnPastFailures() throws Exception {
        agent.on("VM.destroy", params -> {
            if (params.path("vmID").asText().equals(B)) {
                throw new RpcError(42, "it hangs");
            }
            return Json.parse("true");
        });
        CliRun run = CliRun.of(agent, "vm", "destroy", A, B, "cc", A);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.lines()).containsExactly("destroyed web (" + A + ")", "destroyed db (" + C + ")");
        assertThat(run.err()).isEqualTo("muster: not destroyed: db (" + B + "): it hangs (code 42)\n");
        JsonNode json = Json.parse(
                CliRun.of(agent, "vm", "destroy", B, C, "--output", "json").out());
        assertThat(json.get(0).path("error").path("code").asInt()).isEqualTo(42);
        assertThat(json.get(1).path("destroyed").asBoolean()).isTrue();
    }

    @Test
    void allDestroysAreSentBeforeTheFirstIsAnswered() {
        agent.answersInArraysOf(2); // the answer to the first is held until the second has been asked for
        CliRun run = CliRun.of(agent, "vm", "destroy", A, B);
        assertThat(run.exitCode()).as(run.err()).isZero();
    }

    @Test
    void oneUnknownNameDestroysNothing() {
        assertThat(CliRun.of(agent, "vm", "destroy", "web", "nope").exitCode()).isEqualTo(1);
        assertThat(agent.requests()).extracting(FakeAgent.Request::method).doesNotContain("VM.destroy");
    }

    @Test
    void createSendsTheXmlUnderItsOwnId() throws Exception {
        agent.on("VM.create", "{\"vmId\":\"" + A + "\",\"status\":\"WaitForLaunch\"}");
        CliRun run = CliRun.of(agent, "vm", "create", file("<domain><name>n</name><uuid>" + A + "</uuid></domain>"));
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo("n (" + A + ") accepted\n");
        JsonNode params = agent.requests().get(0).params();
        assertThat(params.path("vmID").asText()).isEqualTo(A);
        assertThat(params.path("vmParams").path("vmId").asText()).isEqualTo(A);
        assertThat(params.path("vmParams").path("xml").asText()).startsWith("<domain>");
    }

    @Test
    void createMakesAnIdWhereTheXmlHasNone() throws Exception {
        agent.on(
                "Host.createVms",
                params -> Json.parse("{\"vms\":[{\"vmId\":"
                        + params.path("vms").path(0).path("vmId") + ",\"status\":\"ACCEPTED\"}]}"));
        JsonNode json = Json.parse(CliRun.of(agent, "vm", "create", file("<domain/>"), "--output", "json")
                .out());
        assertThat(VmNames.isId(json.path("vmId").asText())).isTrue();
        assertThat(json.path("outcome").asText()).isEqualTo("PENDING");
    }

    @Test
    void createWaitsForUpOrTellsWhyNot() throws Exception {
        String xml = file("<domain><name>n</name><uuid>" + A + "</uuid></domain>");
        agent.on("VM.create", params -> {
            agent.vmStatus(A, "Powering up");
            agent.vmStatus(A, "Up"); // before the answer, as may happen
            return Json.object();
        });
        CliRun up = CliRun.of(agent, "vm", "create", xml, "--wait");
        assertThat(up.exitCode()).isZero();
        assertThat(up.out()).startsWith("n (" + A + ") is Up after ");
        agent.on("VM.create", params -> {
            agent.event(
                    "|virt|VM_status|" + A,
                    "{\"" + A
                            + "\":{\"status\":\"Down\",\"exitCode\":1,\"exitMessage\":\"no disk\"},\"notify_time\":1}");
            return Json.object();
        });
        CliRun down = CliRun.of(agent, "vm", "create", xml, "--wait");
        assertThat(down.exitCode()).isEqualTo(1);
        assertThat(down.err()).contains("failed: no disk");
    }

    @Test
    void createPausedAsksForItAndWaitsForPaused() throws Exception {
        agent.on("Host.createVms", params -> {
            agent.vmStatus(A, "Paused");
            return Json.parse("{\"vms\":[{\"vmId\":\"" + A + "\",\"status\":\"ACCEPTED\"}]}");
        });
        String xml = file("<domain><name>n</name><uuid>" + A + "</uuid></domain>");
        CliRun run = CliRun.of(agent, "vm", "create", "--paused", "--wait", xml);
        assertThat(run.out()).contains("is Paused after");
        assertThat(agent.requests()
                        .get(0)
                        .params()
                        .path("vms")
                        .path(0)
                        .path("launchPaused")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void filesThatAreWrongAreNamedBeforeAnythingIsSent() throws Exception {
        assertThat(CliRun.of(agent, "vm", "create", dir.resolve("none.xml").toString())
                        .err())
                .contains("none.xml does not exist");
        String broken = file("<domain><name></domain>");
        CliRun run = CliRun.of(agent, "vm", "create", broken);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(broken + " is no XML at line 1, column ");
        assertThat(CliRun.of(agent, "vm", "create", file("<x/>")).err()).contains("must hold a <domain>, got <x>");
        assertThat(CliRun.of(agent, "vm", "create", file("<domain><uuid>7</uuid></domain>"))
                        .err())
                .contains("uuid must be a UUID, got '7'");
        assertThat(agent.requests()).isEmpty();
    }

    private String file(String xml) throws IOException {
        return Files.writeString(dir.resolve("vm.xml"), xml).toString();
    }
}
