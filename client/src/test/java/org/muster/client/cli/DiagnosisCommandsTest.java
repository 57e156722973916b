package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.client.FakeAgent;
import org.muster.client.Json;

/** inflight, threads and host config. */
class DiagnosisCommandsTest {
    private static final String CALLS = "{\"calls\":["
            + "{\"operation\":\"virDomainCreate\",\"role\":\"create\",\"vmId\":\"aa110000-0000-0000-0000-000000000001\","
            + "\"vmName\":\"web\",\"thread\":\"create-3\",\"age\":61500,\"overdue\":true},"
            + "{\"operation\":\"virDomainListGetStats\",\"role\":\"stats\",\"thread\":\"stats-0\",\"age\":12,\"overdue\":false}],"
            + "\"inFlight\":2,\"overdue\":1,\"maxStuck\":13,\"createSlots\":14}";

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp();
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    @Test
    void callsInLibvirtAreATableWithTheOverdueMarked() {
        agent.on("Host.getCalls", CALLS);

        assertThat(CliRun.of(agent, "inflight").lines())
                .containsExactly(
                        "   AGE  CALL                   FOR     VM   THREAD    STATE",
                        "61.5 s  virDomainCreate        create  web  create-3  OVERDUE",
                        "0.01 s  virDomainListGetStats  stats   -    stats-0",
                        "2 calls in libvirt, 1 overdue of at most 13");
        assertThat(CliRun.of(agent, "inflight", "--overdue").out())
                .contains("virDomainCreate")
                .doesNotContain("virDomainListGetStats");
        CliRun watched = CliRun.of(
                agent, "inflight", "--overdue", "--output", "json", "--watch", "--interval", "0.01", "--times", "2");
        assertThat(watched.lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(Json.parse(line).path("calls")).hasSize(1));
    }

    @Test
    void stacksArePrintedAndSearched() {
        agent.on(
                "Host.getThreads",
                "{\"threads\":[{\"name\":\"create-3\",\"state\":\"RUNNABLE\",\"native\":true,\"cpuTime\":1500,\"stack\":"
                        + "[\"org.libvirt.Domain.create(Domain.java:7)\"]},{\"name\":\"sampler\",\"state\":\"WAITING\","
                        + "\"native\":false,\"waitsFor\":\"a.Lock@1\",\"heldBy\":\"x\",\"stack\":[]}],\"deadlocked\":[\"a\",\"b\"]}");

        assertThat(CliRun.of(agent, "threads").lines())
                .containsExactly(
                        "\"create-3\" RUNNABLE, in a native call, 1.50 s of CPU",
                        "    at org.libvirt.Domain.create(Domain.java:7)",
                        "\"sampler\" WAITING, waits for a.Lock@1 held by \"x\"",
                        "DEADLOCK: [\"a\",\"b\"]");
        assertThat(CliRun.of(agent, "threads", "--match", "domain.CREATE").out())
                .contains("create-3")
                .doesNotContain("sampler");
        assertThat(CliRun.of(agent, "threads", "--match", "nothing").exitCode()).isEqualTo(ExitCode.REFUSED);
    }

    @Test
    void theConfigurationInForceSaysWhatARestartWillBring() {
        agent.on(
                "Host.getConfig",
                "{\"settings\":[{\"key\":\"listen.port\",\"value\":\"54321\",\"origin\":\"default\",\"live\":false,\"pending\":\"1\"},"
                        + "{\"key\":\"log.level\",\"value\":\"\\\"info\\\"\",\"origin\":\"default\",\"live\":true}]}");

        assertThat(CliRun.of(agent, "host", "config").lines())
                .containsExactly(
                        "KEY          VALUE   APPLIED BY  PENDING  FROM",
                        "listen.port  54321   restart     1        default",
                        "log.level    \"info\"  reload               default");
        assertThat(CliRun.of(agent, "host", "config", "--changed").out())
                .contains("listen.port")
                .doesNotContain("log.level");
        agent.on(
                "Host.getConfig",
                "{\"settings\":[{\"key\":\"log.level\",\"value\":\"\\\"info\\\"\",\"origin\":\"a:1:1\",\"live\":true}]}");
        assertThat(CliRun.of(agent, "host", "config").lines())
                .as("nothing waits for a restart")
                .containsExactly("KEY        VALUE   APPLIED BY  FROM", "log.level  \"info\"  reload      a:1:1");
    }
}
