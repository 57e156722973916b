package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.client.AgentAddress;
import org.muster.client.FakeAgent;
import org.muster.client.Json;
import org.muster.client.TlsFront;

class MusterTest {
    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp()
                .on("Host.ping2", "true")
                .on("echo", params -> params)
                .on("Host.getCapabilities", "{\"kvmEnabled\":\"true\",\"memSize\":\"9\",\"selinux\":{\"mode\":\"1\"}}");
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    @Test
    void pingPrintsTheRoundTrip() throws Exception {
        CliRun run = CliRun.of(agent, "ping");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).matches("tcp://\\S+ answers: round trip \\d+\\.\\d ms, connected in \\d+\\.\\d ms\n");
        CliRun json = CliRun.of(agent, "ping", "--output", "json");
        assertThat(Json.parse(json.out()).path("roundTripMillis").isDouble()).isTrue();
        assertThat(Json.parse(json.out()).path("url").asText())
                .isEqualTo(agent.address().toString());
    }

    @Test
    void whatCannotBeWrittenIsSaidAndAPipeThatIsClosedIsNot() {
        for (String[] command : new String[][] {{"ping"}, {"host", "caps", "--output", "json"}, {"--help"}}) {
            CliRun full = CliRun.unheard(agent, false, command);
            assertThat(full.exitCode()).as(command[0]).isEqualTo(74);
            assertThat(full.err()).isEqualTo("muster: the output is not complete: No space left on device\n");
            CliRun closed = CliRun.unheard(agent, true, command);
            assertThat(closed.exitCode()).as(command[0]).isZero();
            assertThat(closed.err()).isEmpty();
        }
    }

    @Test
    void whoeverGuessesACommandIsToldWhereItIs() {
        assertThat(CliRun.of(agent, "list").err()).contains("did you mean: muster vm list\n");
        assertThat(CliRun.of(agent, "ls").err()).contains("did you mean: muster vm ls\n");
        assertThat(CliRun.of(agent, "destroy", "web").err()).contains("did you mean: muster vm destroy\n");
        assertThat(CliRun.of(agent, "help").err()).contains("did you mean: muster --help\n");
        assertThat(CliRun.of(agent, "nonsense").err()).doesNotContain("did you mean");
        assertThat(CliRun.of(agent, "--help").out())
                .contains("The guests by what they use, again and again.\n")
                .containsPattern("into one\\s+file\\.\n");
    }

    @Test
    void globalOptionsMayStandOnEitherSideOfTheCommand() {
        String url = agent.address().toString();
        assertThat(CliRun.with(Map.of(), null, "", "--url", url, "ping").exitCode())
                .isZero();
        assertThat(CliRun.with(Map.of("MUSTER_URL", "tcp://nowhere.invalid"), null, "", "host", "caps", "--url", url)
                        .exitCode())
                .isZero();
    }

    @Test
    void capsAsTableAndAsTheAgentSentThem() throws Exception {
        assertThat(CliRun.of(agent, "host", "caps").out())
                .isEqualTo("FIELD         VALUE\nkvmEnabled    true\nmemSize       9\nselinux.mode  1\n");
        assertThat(Json.parse(CliRun.of(agent, "host", "caps", "--output=json").out())
                        .path("memSize")
                        .asText())
                .isEqualTo("9");
    }

    @Test
    void callPassesJsonBothWays() throws Exception {
        assertThat(CliRun.of(agent, "call", "echo", "{\"a\":[1]}", "--output", "json")
                        .out())
                .isEqualTo("{\"a\":[1]}\n");
        assertThat(Json.parse(CliRun.of(agent, "call", "echo").out())).isEqualTo(Json.object());
        Map<String, String> here = Map.of("MUSTER_URL", agent.address().toString());
        assertThat(CliRun.with(here, null, "[1]", "call", "echo", "-").out()).contains("1");
    }

    @Test
    void badJsonIsShownWithItsPlace() {
        CliRun run = CliRun.of(agent, "call", "echo", "{\"a\":}");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("JSON is no JSON at line 1, column 6").contains("got '{\"a\":}'");
        assertThat(CliRun.of(agent, "call", "echo", "7").err()).contains("JSON must be an object or an array, got '7'");
        assertThat(agent.requests()).isEmpty();
    }

    @Test
    void aRefusalIsOneLineAndExitStatus1() {
        agent.failOn("bad", 91, "no\nsuch \033[31mthing");
        CliRun run = CliRun.of(agent, "call", "bad");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("muster: the agent refused: no such ?[31mthing (code 91)\n");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void anAbsentAgentIsExitStatus3WithAdvice(@TempDir Path dir) {
        String url = "unix:" + dir.resolve("no.sock");
        CliRun run = CliRun.with(Map.of(), null, "", "--url", url, "ping");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err())
                .isEqualTo("muster: no agent answers at " + url + ": there is no such socket\n"
                        + "is musterd running? for another place: --url, or $MUSTER_URL\n");
        CliRun debug = CliRun.with(Map.of(), null, "", "--url", url, "ping", "--debug");
        assertThat(debug.err()).contains("UnreachableException");
    }

    @Test
    void aLostConnectionIsExitStatus3() {
        agent.closeOn("die");
        CliRun run = CliRun.of(agent, "call", "die");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("connection to " + agent.address() + " lost: ");
    }

    @Test
    void silenceIsExitStatus4() {
        agent.silentOn("sleep");
        CliRun run = CliRun.of(agent, "--timeout", "0.5", "call", "sleep");
        assertThat(run.exitCode()).isEqualTo(4);
        assertThat(run.err()).contains("sleep got no answer from " + agent.address() + " within 0.5 s");
    }

    @Test
    void wrongCommandLinesAreExitStatus2WithTheWayOut() {
        Map.of(
                        new String[] {"frob"}, "'frob'",
                        new String[] {}, "a command is missing",
                        new String[] {"vm"}, "a command of vm is missing",
                        new String[] {"host"}, "a command of host is missing",
                        new String[] {"--timeout", "x", "ping"}, "must be 0.001 to 86400 seconds, got 'x'",
                        new String[] {"--timeout", "0", "ping"}, "must be 0.001 to 86400 seconds, got '0'",
                        new String[] {"--output", "xml", "ping"}, "'xml'",
                        new String[] {"vm", "destroy"}, "NAME|ID")
                .forEach((arguments, message) -> {
                    CliRun run = CliRun.of(agent, arguments);
                    assertThat(run.exitCode()).as(message).isEqualTo(2);
                    assertThat(run.err()).contains(message).contains("try: muster");
                    assertThat(run.err().lines().count()).as(run.err()).isLessThanOrEqualTo(3);
                });
    }

    @Test
    void badUrlsNameWhereTheyCameFrom() {
        CliRun run = CliRun.with(Map.of("MUSTER_URL", "tls://h:0"), null, "", "ping");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("$MUSTER_URL: url 'tls://h:0': port must be 1 to 65535, got 0");
        assertThat(CliRun.with(Map.of(), null, "", "ping", "--url", "h").err())
                .contains("--url: url 'h' must be tls://HOST:PORT, tcp://HOST:PORT or unix:PATH");
    }

    @Test
    void tlsUsesTheFilesOfOptionsEnvironmentOrHome(@TempDir Path home) throws IOException {
        try (TlsFront front = new TlsFront(home, ((AgentAddress.Tcp) agent.address()).port())) {
            String url = "tls://localhost:" + front.port();
            String[] options = {
                "--ca",
                front.file("ca.pem").toString(),
                "--cert",
                front.file("client.pem").toString(),
                "--key",
                front.file("client.key").toString(),
                "--url",
                url,
                "ping"
            };
            assertThat(CliRun.with(Map.of(), null, "", options).exitCode()).isZero();
            Map<String, String> environment = Map.of(
                    "MUSTER_TLS_CA", front.file("ca.pem").toString(),
                    "MUSTER_TLS_CERT", front.file("client.pem").toString(),
                    "MUSTER_TLS_KEY", front.file("client.key").toString(),
                    "MUSTER_URL", url);
            assertThat(CliRun.with(environment, null, "", "ping").exitCode()).isZero();
            Map<String, String> bare = Map.of("HOME", home.toString(), "MUSTER_URL", url);
            CliRun without = CliRun.with(bare, null, "", "ping");
            assertThat(without.exitCode()).isEqualTo(2);
            assertThat(without.err())
                    .contains("tls:// needs --ca, --cert and --key: " + home.resolve(".config/muster/ca.pem"));
        }
    }

    @Test
    void aProgramGetsNothingThatIsNoAnswerWhenACommandFails() {
        agent.failOn("Host.getStats", 99, "still looking for guests");

        CliRun run = CliRun.of(agent, "host", "stats", "--output", "json");

        assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("the agent refused: ", "still looking for guests");
    }

    @Test
    void helpDocumentsTheExitStatusesAndVersionTheVersion() {
        CliRun help = CliRun.of(agent, "--help");
        assertThat(help.exitCode()).isZero();
        assertThat(help.out()).contains("Exit status:", "3", "no agent answers", "130", "ping", "create", "events");
        assertThat(CliRun.of(agent, "create", "--help").out())
                .contains("${name}", "web-%03d", "Default: 600.", "Exit status:");
        assertThat(CliRun.of(agent, "--version").out()).matches("muster \\d+\\.\\d+\\.\\d+\\S*\n");
    }
}
