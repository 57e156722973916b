package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.muster.agent.logging.AuditLines;

/** A line for every call that may change something, without secrets. */
class CallAuditTest {
    private static final Principal ENGINE =
            new Principal(Principal.Kind.CERTIFICATE, "CN=engine, O=Example Inc", Access.OPERATE);

    private static String line(Verb verb, String params, int outcome, String result) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Call call = new Call(
                verb.name(),
                (ObjectNode) json.readTree(params.replace('\'', '"')),
                ENGINE,
                Optional.of("flow-7"),
                0,
                true,
                Optional.empty());
        try (AuditLines lines = new AuditLines()) {
            CallAudit.ended(
                    verb,
                    call,
                    "192.0.2.1:40112",
                    outcome,
                    outcome == 0 ? Optional.of(json.readTree(result)) : Optional.empty(),
                    Duration.ofMillis(12));
            return lines.all().isEmpty() ? "" : lines.all().get(0);
        }
    }

    private static Verb.Builder verb(String name) {
        return Verb.named(name, "Does something.");
    }

    private static Verb ready(Verb.Builder verb) {
        return verb.worker(call -> CompletableFuture.completedFuture(null));
    }

    @Test
    void whoWhatWhereAndWhatCameOfIt() throws Exception {
        assertThat(line(ready(verb("VM.destroy")), "{'vmID':'11-22','gracefulAttempts':3}", 42, ""))
                .isEqualTo("call verb=VM.destroy who=\"CN=engine, O=Example Inc\" role=operate from=192.0.2.1:40112"
                        + " vmID=11-22 gracefulAttempts=3 outcome=42 ms=12 flow=flow-7");
    }

    @Test
    void whatOnlyReadsIsNotWrittenDown() throws Exception {
        assertThat(line(ready(verb("Host.getQueue").access(Access.MONITOR)), "{}", 0, "true"))
                .isEmpty();
    }

    @Test
    void secretsAndWhatMayHoldThemStayOut() throws Exception {
        String line = line(
                ready(verb("VM.updateDevice")),
                "{'params':{'deviceType':'graphics','password':'hunter2','deep':{'vncTicket':'hunter3','ttl':120}},"
                        + "'xml':'<graphics passwd=\\\"hunter4\\\"/>','template':'hunter5','otp':7,"
                        + "'vmParams':{'xml':'hunter6','_X_tpmdata':'hunter7'}}",
                0,
                "true");

        assertThat(line)
                .doesNotContain("hunter")
                .doesNotContain("otp=7")
                .contains("deviceType: graphics", "ttl: 120", "xml=\"(not told)\"");
    }

    @Test
    void muchIsCountedAndALineStaysALine() throws Exception {
        String line = line(
                ready(verb("Host.cancelCreates").audited(answer -> answer.size() + " done")),
                "{'vmIds':['a','b','c','d','e','f','g'],'reason':'two\\nlines','long':'" + "x".repeat(5000)
                        + "','vms':[{},{}]}",
                0,
                "[1,2]");

        assertThat(line)
                .contains("vmIds=\"a,b,c,d,e,… (7 in all)\"")
                .contains("reason=\"two | lines\"")
                .contains("vms=\"2 items\"")
                .contains("result=\"2 done\"")
                .hasLineCount(1)
                .hasSizeLessThan(500);
    }

    @Test
    void overTheWireFailuresAndWhatMayNotBeCalledAreWrittenDownToo() throws Exception {
        try (AuditLines lines = new AuditLines();
                Rig rig = new Rig();
                RawPeer peer = new RawPeer(rig.port())) {
            peer.connect("0,15000");
            peer.send("SEND\ndestination:" + Route.REQUESTS + "\novirtCorrelationId:flow-1\n\n"
                    + RawPeer.call("Test.refuse", "", "1") + "\0");
            peer.frame();
            peer.request(RawPeer.call("Test.admin", "", "2"));
            peer.frame();

            assertThat(lines.await("verb=Test.refuse"))
                    .startsWith("call verb=Test.refuse who=loopback role=operate from=127.0.0.1:")
                    .contains(" outcome=4 ")
                    .endsWith(" flow=flow-1");
            assertThat(lines.await("verb=Test.admin"))
                    .startsWith("refused verb=Test.admin who=loopback role=operate from=127.0.0.1:")
                    .endsWith(" needs=admin");
        }
    }
}
