package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.client.FakeAgent;
import org.muster.client.Json;

class CreateCommandTest {
    @TempDir
    private Path dir;

    private FakeAgent agent;
    private String template;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp();
        template = Files.writeString(dir.resolve("t.xml"), "<domain><name>${name}-${index}</name></domain>")
                .toString();
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    private CliRun create(int count, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("create", "--from", template, "--count", "" + count, "--name", "web-%03d"));
        arguments.addAll(List.of(more));
        return CliRun.of(agent, arguments.toArray(String[]::new));
    }

    /** Accepts all, and sends one event for each. */
    private void acceptAll(String status) {
        agent.on("Host.createVms", params -> {
            for (JsonNode vm : params.path("vms")) {
                agent.vmStatus(vm.path("vmId").asText(), status);
            }
            return accepted(params);
        });
    }

    private static ObjectNode accepted(JsonNode params) {
        ObjectNode reply = Json.object().put("batchId", params.path("batchId").asText());
        ArrayNode vms = reply.put("replayed", false).putArray("vms");
        for (JsonNode vm : params.path("vms")) {
            vms.addObject()
                    .put("vmId", vm.path("vmId").asText())
                    .put("status", "ACCEPTED")
                    .put("queuePosition", 1);
        }
        return reply;
    }

    @Test
    void sendsOneMessageWithAllThatWasAsked() throws Exception {
        acceptAll("Paused");
        CliRun run = create(
                3,
                "--start-index=8",
                "--set=disk=/d/${name}.raw",
                "--set=mac=${index}",
                "--class=ha",
                "--priority=7",
                "--paused",
                "--batch-id=b1");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(agent.requests()).hasSize(1);
        JsonNode params = agent.requests().get(0).params();
        assertThat(params.path("batchId").asText()).isEqualTo("b1");
        assertThat(params.path("template").asText()).startsWith("<domain>");
        JsonNode last = params.path("vms").get(2);
        assertThat(VmNames.isId(last.path("vmId").asText())).isTrue();
        assertThat(last.path("values"))
                .isEqualTo(Json.parse(
                        "{\"name\":\"web-010\",\"index\":\"10\",\"disk\":\"/d/web-010.raw\",\"mac\":\"10\"}"));
        assertThat(last.path("class").asText()).isEqualTo("HA");
        assertThat(last.path("priority").asInt()).isEqualTo(7);
        assertThat(last.path("launchPaused").asBoolean()).isTrue();
    }

    @Test
    void aTemplateThatSaysPausedIsNotWaitedForAnyFurther() throws Exception {
        Files.writeString(
                Path.of(template),
                "<domain><name>${name}</name><metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'>"
                        + "<o:launchPaused type='bool'>true</o:launchPaused></o:vm></metadata></domain>");
        acceptAll("Paused");
        CliRun run = create(2, "--wait-timeout=20");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(agent.requests().get(0).params().path("vms").get(0).has("launchPaused"))
                .isFalse();
    }

    @Test
    void leavesToTheAgentWhatWasNotAsked() throws Exception {
        acceptAll("Up");
        assertThat(create(1).exitCode()).isZero();
        JsonNode vm = agent.requests().get(0).params().path("vms").get(0);
        assertThat(vm.path("values")).isEqualTo(Json.parse("{\"name\":\"web-000\"}"));
        assertThat(vm.path("requestedAt").longValue()).isEqualTo(CliRun.CLOCK.millis());
        assertThat(vm.properties()).hasSize(3);
    }

    @Test
    void theSameBatchIdMakesTheSameMessageAgain() {
        acceptAll("Up");
        create(2, "--batch-id", "b1");
        create(2, "--batch-id", "b1");
        create(2);
        assertThat(agent.requests().get(0).params())
                .isEqualTo(agent.requests().get(1).params())
                .isNotEqualTo(agent.requests().get(2).params());
    }

    @Test
    void summarisesTheSecondsTillUp() throws Exception {
        acceptAll("Up");
        CliRun run = create(20);
        assertThat(run.out())
                .matches(
                        "started 20 of 20 in \\S+ s; each: best \\S+ s, worst \\S+ s, mean \\S+ s, deviation \\S+ s\n");
        JsonNode json = Json.parse(create(2, "--output", "json").out());
        assertThat(json.path("started").asInt()).isEqualTo(2);
        assertThat(json.path("seconds").path("mean").isDouble()).isTrue();
        assertThat(json.path("vms").get(1).path("name").asText()).isEqualTo("web-001");
        assertThat(json.path("vms").get(1).path("outcome").asText()).isEqualTo("UP");
        assertThat(json.path("vms").get(1).path("source").asText()).isEqualTo("event");
    }

    @Test
    void tellsEachRefusalAndFailureAndCountsThem() throws Exception {
        agent.on("Host.createVms", params -> {
            ObjectNode reply = accepted(params);
            String up = params.path("vms").get(0).path("vmId").asText();
            String down = params.path("vms").get(1).path("vmId").asText();
            agent.vmStatus(up, "Up");
            agent.event(
                    "|virt|VM_status|" + down,
                    "{\"" + down
                            + "\":{\"status\":\"Down\",\"exitCode\":1,\"exitMessage\":\"no disk\"},\"notify_time\":1}");
            ((ArrayNode) reply.path("vms"))
                    .set(
                            2,
                            Json.parse(
                                    "{\"status\":\"REFUSED\",\"code\":9,\"reason\":\"bad\","
                                            + "\"problems\":[{\"field\":\"name\",\"rule\":\"must be new\",\"value\":\"web-002\"}]}"));
            return reply;
        });
        CliRun run = create(3);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).startsWith("started 1 of 3, 1 failed, 1 refused in ");
        assertThat(run.err())
                .containsPattern("web-001 \\(\\S+\\) failed: no disk\n")
                .containsPattern("web-002 \\(\\S+\\) refused: bad \\(code 9\\); name: must be new, got web-002\n");
        JsonNode refused =
                Json.parse(create(3, "--output", "json").out()).path("vms").get(2);
        assertThat(refused.path("outcome").asText()).isEqualTo("REFUSED");
        assertThat(refused.path("problems").get(0).path("rule").asText()).isEqualTo("must be new");
    }

    @Test
    void aLostEventIsMadeUpForByAsking() throws Exception {
        agent.on("Host.createVms", CreateCommandTest::accepted);
        agent.on("Host.getAllVmStats", params -> {
            JsonNode vms = agent.requests().get(0).params().path("vms");
            ObjectNode stats =
                    Json.object().put("vmId", vms.get(0).path("vmId").asText()).put("status", "Up");
            return Json.array().add(stats);
        });
        JsonNode json = Json.parse(create(2, "--output", "json").out());
        assertThat(json.path("vms").get(0).path("source").asText()).isEqualTo("poll");
        assertThat(json.path("vms").get(1).path("reason").asText()).contains("knows it no more");
    }

    @Test
    void waitingEndsAtItsTimeout() {
        agent.on("Host.createVms", CreateCommandTest::accepted);
        CliRun run = create(2, "--wait-timeout", "0.05");
        assertThat(run.exitCode()).isEqualTo(4);
        assertThat(run.out()).isEqualTo("started 0 of 2, 2 still pending\n");
        assertThat(run.err()).contains("not all settled within 0.05 s");
    }

    @Test
    void noWaitDoesNotWait() throws Exception {
        agent.on("Host.createVms", CreateCommandTest::accepted);
        CliRun run = create(2, "--no-wait", "--batch-id", "b7");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo("batch b7: 2 of 2 accepted\n");
    }

    @Test
    void aConnectionLostWhileWaitingStillGivesWhatIsKnown() {
        agent.on("Host.createVms", params -> {
            agent.vmStatus(params.path("vms").get(0).path("vmId").asText(), "Up");
            return accepted(params);
        });
        agent.closeOn("Host.getAllVmStats");
        CliRun run = create(2);
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.out()).startsWith("started 1 of 2, 1 still pending");
        assertThat(run.err()).contains("lost");
    }

    @Test
    void aReplayIsCalledOne() {
        agent.on("Host.createVms", params -> {
            agent.vmStatus(params.path("vms").get(0).path("vmId").asText(), "Up");
            return accepted(params).put("replayed", true);
        });
        CliRun run = create(1, "--batch-id", "b1");
        assertThat(run.err()).contains("batch b1 was known already");
    }

    @Test
    void aRefusedBatchGivesTheAgentsProblems() {
        agent.messageOn(
                "Host.createVms",
                "{\"jsonrpc\":\"2.0\",\"id\":\"%ID%\",\"error\":{\"code\":-32602,\"message\":\"bad template\","
                        + "\"data\":{\"problems\":[{\"field\":\"template\",\"rule\":\"must be XML\",\"value\":\"x\"}]}}}");
        CliRun run = create(1);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("bad template (code -32602); template: must be XML, got x");
    }

    @Test
    void progressIsALinePerTenthOnAPipeAndABarOnATerminal() {
        acceptAll("Up");
        assertThat(create(20).err()).isEqualTo("20 of 20 settled (100 %)\n");
        CliRun terminal = CliRun.with(
                Map.of("MUSTER_URL", agent.address().toString(), "TERM", "xterm", "COLUMNS", "80"),
                Path.of("/dev/pts/99"),
                "",
                "create",
                "--from=" + template,
                "--count=2",
                "--name=x%d");
        assertThat(terminal.err())
                .contains("\r[##############################] 2 of 2")
                .endsWith("\r\033[K");
    }

    @Test
    void wrongArgumentsAreNamedBeforeAnythingIsSent() {
        assertUsage("--count must be 1 to 10000, got 0", "--count=0", "--name=x%d");
        assertUsage("--name must hold %d when --count is above 1", "--count=2", "--name=x");
        assertUsage("--name must be text with at most one %d or %0Nd", "--count=2", "--name=x%s");
        assertUsage("--name must be text with at most one %d", "--count=2", "--name=%d%d");
        assertUsage("--priority must be 0 to 100, got 101", "--count=1", "--name=x", "--priority=101");
        assertUsage("--start-index must be 0 to", "--count=1", "--name=x", "--start-index=-1");
        assertUsage("--set must be KEY=VALUE", "--count=1", "--name=x", "--set=novalue");
        assertUsage("--set must not set 'name'", "--count=1", "--name=x", "--set=name=y");
        assertUsage("--set must set each key once, got 'a' twice", "--count=1", "--name=x", "--set=a=1", "--set=a=2");
        assertUsage("got ${nmae} in 'a=${nmae}'", "--count=1", "--name=x", "--set=a=${nmae}");
        assertUsage("'SLOW'", "--count=1", "--name=x", "--class=SLOW");
        assertUsage("'many'", "--count=many", "--name=x");
        assertThat(agent.requests()).isEmpty();
    }

    private void assertUsage(String message, String... arguments) {
        List<String> all = new ArrayList<>(List.of("create", "--from=" + template));
        all.addAll(List.of(arguments));
        CliRun run = CliRun.of(agent, all.toArray(String[]::new));
        assertThat(run.exitCode()).as(message).isEqualTo(2);
        assertThat(run.err()).contains(message);
    }

    @Test
    void aDryRunSaysWhatWouldBeAcceptedAndWaitsForNothing() throws Exception {
        List<JsonNode> asked = new ArrayList<>();
        agent.on("Host.createVms", params -> {
            asked.add(params);
            ObjectNode reply = accepted(params).put("dryRun", true);
            ((ObjectNode) reply.path("vms").get(1))
                    .put("status", "REFUSED")
                    .put("code", 9)
                    .put("reason", "no room");
            if (params.path("withXml").asBoolean()) {
                ((ObjectNode) reply.path("vms").get(2)).put("xml", "<domain/>");
            }
            return reply;
        });

        CliRun run = create(3, "--dry-run");

        assertThat(run.lines()).containsExactly("dry run: 2 of 3 would be accepted");
        assertThat(run.err()).contains("web-001").contains("refused: no room (code 9)");
        assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
        assertThat(asked)
                .singleElement()
                .satisfies(
                        params -> assertThat(params.path("dryRun").asBoolean()).isTrue());
        JsonNode json = Json.parse(create(3, "--dry-run", "--output=json").out());
        assertThat(json.path("dryRun").asBoolean()).isTrue();
        assertThat(json.at("/vms/2/xml").asText()).isEqualTo("<domain/>");
        assertThat(json.at("/vms/0").has("xml")).isFalse();
    }

    @Test
    void anAgentThatKnowsNoDryRunIsNotTakenForOneThatDoes() {
        acceptAll("Up");

        CliRun run = create(1, "--dry-run");

        assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
        assertThat(run.err()).contains("knows no dry run: it has accepted");
    }
}
