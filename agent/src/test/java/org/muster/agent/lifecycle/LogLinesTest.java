package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.rpc.RawPeer;
import org.muster.rig.Await;

/** What the log of a whole agent says of creates, and of changes of its configuration. */
class LogLinesTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private static List<String> lines(AgentProcess agent, String word) {
        return agent.log().lines().filter(line -> line.contains(word)).toList();
    }

    private static void awaitLine(AgentProcess agent, String word) {
        Await.until("the log has " + word, SOON, () -> !lines(agent, word).isEmpty());
    }

    private static void hangUp(AgentProcess agent, String settings) throws Exception {
        Files.writeString(agent.folder().resolve("muster.toml"), settings, StandardOpenOption.APPEND);
        Process kill = new ProcessBuilder("kill", "-HUP", Long.toString(agent.pid())).start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void linesAboutACreateNameItsBatchAndTheEnginesFlow() throws Exception {
        UUID id = UUID.randomUUID();
        try (AgentProcess agent = simulated();
                RawPeer engine = new RawPeer(agent.tcpPort())) {
            engine.connect("0,15000");
            ask(engine, "Host.createVms", "\"batchId\":\"mon-1\",\"vms\":[{\"xml\":\"" + xml(id) + "\"}]", "flow-1");
            awaitLine(agent, "started");
            ask(engine, "VM.destroy", "\"vmID\":\"" + id + "\"", "flow-2");
            awaitLine(agent, "destroyed");

            assertThat(lines(agent, " started "))
                    .singleElement()
                    .asString()
                    .endsWith("vm=" + id + " batch=mon-1 flow=flow-1");
            assertThat(lines(agent, " destroyed ")).singleElement().asString().endsWith("vm=" + id + " flow=flow-2");
            awaitLine(agent, "verb=VM.destroy");
            assertThat(lines(agent, "audit: "))
                    .satisfiesExactly(
                            create -> assertThat(create)
                                    .contains("verb=Host.createVms who=loopback", "batchId=mon-1", "vms=\"1 items\"")
                                    .contains("outcome=0 result=\"1 accepted, 0 refused\"")
                                    .endsWith("flow=flow-1"),
                            destroy -> assertThat(destroy).contains("vmID=" + id, "outcome=0"));
        }
    }

    @Test
    void aReloadSaysWhatItChangedAndABadOneEverythingThatIsWrong() throws Exception {
        try (AgentProcess agent = AgentProcess.intoJournal(folder.resolve("agent"), script())) {
            hangUp(
                    agent,
                    "create.queue-capacity = 77\nlisten.make-up-lost-subscriptions = false\nlog.level = \"warn\"\n");
            awaitLine(agent, "configuration reloaded");

            assertThat(lines(agent, "audit: "))
                    .satisfiesExactly(
                            number -> assertThat(number)
                                    .endsWith("config key=create.queue-capacity old=4000 new=77 by=SIGHUP"),
                            text -> assertThat(text).endsWith("config key=log.level old=info new=warn by=SIGHUP"));
            assertThat(lines(agent, "configuration reloaded"))
                    .singleElement()
                    .asString()
                    .startsWith("<4>WARN ")
                    .endsWith("only a restart applies listen.make-up-lost-subscriptions");

            hangUp(agent, "create.concurency = 3\nlog.levl = 1\n");
            awaitLine(agent, "log.levl");
            assertThat(lines(agent, "not reloaded")).singleElement().asString().endsWith("in force: 2 problems");
            assertThat(lines(agent, "did you mean")).hasSize(2);
            assertThat(lines(agent, "audit: ")).hasSize(2);
            assertThat(agent.log().lines()).allMatch(line -> line.matches("<[3-7]>(ERROR|WARN |INFO ) \\[.*"));
            assertThat(lines(agent, "not reloaded").get(0)).startsWith("<3>ERROR ");
            assertThat(lines(agent, "audit: ").get(0)).startsWith("<5>INFO  ");
        }
    }

    private AgentProcess simulated() throws IOException {
        return AgentProcess.simulate(folder.resolve("agent"), script(), Map.of());
    }

    private Path script() throws IOException {
        return Files.writeString(folder.resolve("script.toml"), "[start]\nmean = \"10ms\"\n");
    }

    private static void ask(RawPeer engine, String verb, String params, String flow) throws IOException {
        engine.send("SEND\ndestination:jms.topic.vdsm_requests\novirtCorrelationId:" + flow + "\n\n"
                + RawPeer.call(verb, params, flow) + "\0");
    }

    private static String xml(UUID id) {
        return "<domain><name>one</name><uuid>" + id + "</uuid></domain>";
    }
}
