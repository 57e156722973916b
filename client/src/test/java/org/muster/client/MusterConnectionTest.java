package org.muster.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MusterConnectionTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final ConnectOptions QUICK = ConnectOptions.defaults().withConnectTimeout(Duration.ofMillis(300));

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp().on("echo", params -> params);
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    private MusterConnection connect() throws Exception {
        return MusterConnection.connect(agent.address(), ConnectOptions.defaults());
    }

    @Test
    void aCallOverTcpGetsItsResult() throws Exception {
        try (MusterConnection connection = connect()) {
            assertThat(connection.callAndWait("echo", Json.parse("{\"a\":[1,2.5,\"ä\",null,true]}")))
                    .isEqualTo(Json.parse("{\"a\":[1,2.5,\"ä\",null,true]}"));
        }
    }

    @Test
    void aCallOverAUnixSocketGetsItsResult(@TempDir Path dir) throws Exception {
        try (FakeAgent local = FakeAgent.onUnix(dir.resolve("s")).on("Host.ping2", "true");
                MusterConnection connection = MusterConnection.connect(
                        AgentAddress.parse("unix:" + dir.resolve("s")), ConnectOptions.defaults())) {
            assertThat(connection.callAndWait("Host.ping2", Json.object()).asBoolean())
                    .isTrue();
            assertThat(local.awaitConnect()).containsEntry("host", "localhost");
        }
    }

    @Test
    void offersHeartBeatsAndStomp12() throws Exception {
        try (MusterConnection connection = connect()) {
            assertThat(connection.address()).isEqualTo(agent.address());
            assertThat(agent.awaitConnect())
                    .containsEntry("accept-version", "1.2")
                    .containsEntry("heart-beat", "10000,10000")
                    .containsEntry("host", "127.0.0.1");
        }
    }

    @Test
    void requestsNameTheirReplyDestinationAndCorrelation() throws Exception {
        try (MusterConnection connection = connect()) {
            connection.callAndWait(
                    "echo", Json.object(), CallOptions.within(SOON).correlatedAs("flow:1\n2"));
            FakeAgent.Request request = agent.awaitRequest();
            assertThat(request.headers())
                    .containsEntry("destination", "jms.topic.vdsm_requests")
                    .containsEntry("ovirtCorrelationId", "flow\\c1\\n2");
            assertThat(request.headers().get("reply-to")).isNotBlank().isNotEqualTo("jms.topic.vdsm_responses");
        }
    }

    @Test
    void answersSplitIntoSingleBytesArrive() throws Exception {
        agent.bytesPerWrite = 1;
        try (MusterConnection connection = connect()) {
            assertThat(connection.callAndWait("echo", Json.parse("{\"text\":\"ünï\"}")))
                    .isEqualTo(Json.parse("{\"text\":\"ünï\"}"));
        }
    }

    @Test
    void anArrayOfAnswersAndEventsIsDeliveredElementByElement() throws Exception {
        agent.answersPerArray = 4;
        try (MusterConnection connection = connect()) {
            LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
            connection.subscribe((method, params, time) -> events.add(method + " " + time));
            agent.awaitEventSubscription();
            CompletableFuture<JsonNode> first = connection.call("echo", Json.parse("{\"n\":1}"));
            agent.awaitRequest();
            agent.vmStatus("v1", "Up");
            CompletableFuture<JsonNode> second = connection.call("echo", Json.parse("{\"n\":2}"));
            CompletableFuture<JsonNode> third = connection.call("nothing", Json.object());
            assertThat(first).succeedsWithin(SOON).isEqualTo(Json.parse("{\"n\":1}"));
            assertThat(second).succeedsWithin(SOON).isEqualTo(Json.parse("{\"n\":2}"));
            assertThat(third)
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .isInstanceOf(RpcError.class);
            assertThat(events.poll(10, TimeUnit.SECONDS)).isEqualTo("|virt|VM_status|v1 4242");
        }
    }

    @Test
    void severalFramesAndHeartBeatsInOneReadAllCount() throws Exception {
        String answer = "{\"jsonrpc\":\"2.0\",\"id\":\"%ID%\",\"result\":7}";
        String stale = "{\"jsonrpc\":\"2.0\",\"id\":\"unknown\",\"result\":1}";
        agent.rawOn("seven", "\n\r\n" + FakeAgent.message(stale) + "\nMESSAGE\r\na:b\r\n\r\n" + answer + "\0\n\n");
        try (MusterConnection connection = connect()) {
            assertThat(connection.callAndWait("seven", Json.object()).asInt()).isEqualTo(7);
            assertThat(connection.callAndWait("echo", Json.array())).isEqualTo(Json.array());
        }
    }

    @Test
    void anErrorCarriesCodeReasonAndData() throws Exception {
        agent.messageOn(
                "bad",
                "{\"jsonrpc\":\"2.0\",\"id\":\"%ID%\",\"error\":{\"code\":91,\"message\":\"no\","
                        + "\"data\":{\"field\":\"x\"}},\"result\":null}");
        try (MusterConnection connection = connect()) {
            assertThatThrownBy(() -> connection.callAndWait("bad", Json.object()))
                    .isInstanceOfSatisfying(RpcError.class, e -> {
                        assertThat(e.code()).isEqualTo(91);
                        assertThat(e.reason()).isEqualTo("no");
                        assertThat(e).hasMessage("no (code 91)");
                        assertThat(e.data().orElseThrow().path("field").asText())
                                .isEqualTo("x");
                    });
        }
    }

    @Test
    void anErrorOfNullIsNoError() throws Exception {
        agent.messageOn("ok", "{\"jsonrpc\":\"2.0\",\"id\":\"%ID%\",\"error\":null,\"result\":5}");
        try (MusterConnection connection = connect()) {
            assertThat(connection.callAndWait("ok", Json.object()).asInt()).isEqualTo(5);
        }
    }

    @Test
    void anErrorWithoutIdFailsTheOnlyOutstandingCall() throws Exception {
        agent.rawOn(
                "bad",
                FakeAgent.message("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,"
                        + "\"message\":\"Parse error\"}}"));
        try (MusterConnection connection = connect()) {
            assertThatThrownBy(() -> connection.callAndWait("bad", Json.object()))
                    .isInstanceOf(RpcError.class)
                    .hasMessage("Parse error (code -32700)");
        }
    }

    @Test
    void aSilentCallTimesOutAloneAndItsLateAnswerDoesNoHarm() throws Exception {
        agent.silentOn("sleep");
        try (MusterConnection connection = connect()) {
            CompletableFuture<JsonNode> slow =
                    connection.call("sleep", Json.object(), CallOptions.within(Duration.ofMillis(20)));
            assertThat(slow)
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .isInstanceOf(CallTimeoutException.class)
                    .withMessage("sleep got no answer from " + agent.address() + " within 0.02 s");
            agent.sendRaw(FakeAgent.message("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":1}"));
            assertThat(connection.callAndWait("echo", Json.object())).isEqualTo(Json.object());
        }
    }

    @Test
    void aShorterDeadlineThanTheOneSleptForIsKept() throws Exception {
        agent.silentOn("sleep");
        try (MusterConnection connection = connect()) {
            CompletableFuture<JsonNode> patient = connection.call("sleep", Json.object());
            agent.awaitRequest();
            assertThat(connection.call("sleep", Json.object(), CallOptions.within(Duration.ofMillis(30))))
                    .failsWithin(SOON);
            assertThat(patient).isNotDone();
        }
    }

    @Test
    void aClosedConnectionFailsEveryOutstandingCallAndAllLaterOnes() throws Exception {
        agent.silentOn("sleep").closeOn("die");
        try (MusterConnection connection = connect()) {
            List<CompletableFuture<JsonNode>> outstanding = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                outstanding.add(connection.call("sleep", Json.object()));
            }
            outstanding.add(connection.call("die", Json.object()));
            for (CompletableFuture<JsonNode> call : outstanding) {
                assertThat(call)
                        .failsWithin(SOON)
                        .withThrowableOfType(ExecutionException.class)
                        .havingCause()
                        .isInstanceOf(ConnectionLostException.class)
                        .withMessageContaining("connection to " + agent.address() + " lost: ");
            }
            assertThat(connection.closed()).failsWithin(SOON);
            assertThatThrownBy(() -> connection.callAndWait("echo", Json.object()))
                    .isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void closingOurselvesSaysGoodbyeAndFailsWhatIsOutstanding() throws Exception {
        agent.silentOn("sleep");
        MusterConnection connection = connect();
        CompletableFuture<JsonNode> call = connection.call("sleep", Json.object());
        agent.awaitRequest();
        connection.close();
        connection.close();
        agent.awaitGoodbye();
        assertThat(call)
                .failsWithin(SOON)
                .withThrowableOfType(ExecutionException.class)
                .havingCause()
                .withMessageEndingWith("closed by this program");
        assertThat(connection.closed()).succeedsWithin(SOON);
    }

    @Test
    void anErrorFrameEndsTheConnectionWithItsText() throws Exception {
        agent.rawOn("x", "ERROR\nmessage:too large\n\nframe of 70 MiB\0");
        try (MusterConnection connection = connect()) {
            assertThatThrownBy(() -> connection.callAndWait("x", Json.object()))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageEndingWith("the agent reports: too large frame of 70 MiB");
        }
    }

    @Test
    void rubbishEndsTheConnectionAndIsShown() throws Exception {
        agent.rawOn("x", FakeAgent.message("{\"jsonrpc\":"));
        agent.rawOn("y", "HTTP/1.1 400 Bad Request\r\n\r\n");
        agent.rawOn("z", "MESSAGE\ncontent-length:99999999999\n\n");
        assertRubbish("x", "no JSON");
        assertRubbish("y", "does not speak STOMP: it sent 'HTTP/1.1 400 Bad Request'");
        assertRubbish("z", "content-length is not between 0 and 67108864: 99999999999");
    }

    private void assertRubbish(String method, String message) throws Exception {
        try (MusterConnection connection = connect()) {
            assertThatThrownBy(() -> connection.callAndWait(method, Json.object()))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(message);
        }
    }

    @Test
    void sendsTheHeartBeatsItPromised() throws Exception {
        agent.connected = "CONNECTED\nversion:1.2\nheart-beat:0,20\n\n\0";
        ConnectOptions options = ConnectOptions.defaults().withHeartBeat(Duration.ofMillis(20));
        try (MusterConnection connection = MusterConnection.connect(agent.address(), options)) {
            agent.awaitHeartBeat();
            agent.awaitHeartBeat();
            assertThat(connection.callAndWait("echo", Json.object())).isEqualTo(Json.object());
        }
    }

    @Test
    void aPeerThatStopsItsHeartBeatsIsDead() throws Exception {
        agent.connected = "CONNECTED\nversion:1.2\nheart-beat:200,0\n\n\0";
        agent.silentOn("sleep");
        ConnectOptions options = ConnectOptions.defaults().withHeartBeat(Duration.ofMillis(200));
        try (MusterConnection connection = MusterConnection.connect(agent.address(), options)) {
            assertThat(connection.call("sleep", Json.object()))
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .withMessageContaining("no sign of life for 0.");
        }
    }

    @Test
    void moreThan4096OutstandingCallsAreRefusedAndTheRestStaysAlive() throws Exception {
        agent.silentOn("sleep");
        try (MusterConnection connection = connect()) {
            for (int i = 0; i < CallTable.CAPACITY; i++) {
                assertThat(connection.call("sleep", Json.object())).isNotDone();
            }
            assertThat(connection.call("sleep", Json.object()))
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .isInstanceOf(RejectedExecutionException.class)
                    .withMessageContaining("4096 calls");
            assertThat(connection.closed()).isNotDone();
        }
    }

    @Test
    void aLargeRequestToASlowReaderGoesOutWhole() throws Exception {
        try (MusterConnection connection = connect()) {
            JsonNode params = Json.object().put("text", "x".repeat(8_000_000));
            assertThat(connection.callAndWait("echo", params)).isEqualTo(params);
        }
    }

    @Test
    void aRequestOver64MiBIsRefusedBeforeItIsSent() throws Exception {
        try (MusterConnection connection = connect()) {
            JsonNode params = Json.object().put("text", "x".repeat(StompDecoder.MAX_BODY_BYTES));
            assertThatThrownBy(() -> connection.callAndWait("echo", params))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the limit is 67108864");
            assertThat(connection.callAndWait("echo", Json.object())).isEqualTo(Json.object());
        }
    }

    @Test
    void aFailingListenerEndsTheConnectionWithItsReason() throws Exception {
        try (MusterConnection connection = connect()) {
            connection.subscribe((method, params, time) -> {
                throw new IllegalStateException("boom");
            });
            agent.awaitEventSubscription();
            agent.vmStatus("v1", "Up");
            assertThat(connection.closed())
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .withMessageContaining("boom");
        }
    }

    @Test
    void waitingOnTheReaderThreadIsRefused() throws Exception {
        try (MusterConnection connection = connect()) {
            CompletableFuture<Throwable> seen = new CompletableFuture<>();
            connection.subscribe((method, params, time) -> {
                try {
                    connection.callAndWait("echo", Json.object());
                } catch (Exception e) {
                    seen.complete(e);
                }
            });
            agent.awaitEventSubscription();
            agent.vmStatus("v1", "Up");
            assertThat(seen).succeedsWithin(SOON).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aRefusedConnectionNamesTheAddress() throws Exception {
        try (Socket silent = new Socket()) { // bound, so that nobody else takes the port, and listening to nobody
            silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            AgentAddress address = AgentAddress.parse("tcp://127.0.0.1:" + silent.getLocalPort());
            assertThatThrownBy(() -> MusterConnection.connect(address, QUICK))
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageStartingWith("no agent answers at " + address + ": ")
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void aMissingSocketAndAnUnknownHostAreNamed(@TempDir Path dir) {
        AgentAddress missing = AgentAddress.parse("unix:" + dir.resolve("no.sock"));
        assertThatThrownBy(() -> MusterConnection.connect(missing, QUICK))
                .isInstanceOf(UnreachableException.class)
                .hasMessage("no agent answers at " + missing + ": there is no such socket");
        assertThatThrownBy(() -> MusterConnection.connect(AgentAddress.parse("tcp://no.such.invalid"), QUICK))
                .isInstanceOf(UnreachableException.class)
                .hasMessageContaining("'no.such.invalid' is not known");
    }

    @Test
    void anAgentThatNeverSaysConnectedIsUnreachable() {
        agent.connected = "";
        assertThatThrownBy(() -> MusterConnection.connect(agent.address(), QUICK))
                .isInstanceOf(UnreachableException.class)
                .hasMessageContaining("did not answer within 0.3 s");
    }

    @Test
    void anErrorInsteadOfConnectedIsTold() {
        agent.connected = "ERROR\ncontent-length:19\n\nVersion unsupported\0";
        assertThatThrownBy(this::connect)
                .isInstanceOf(UnreachableException.class)
                .hasMessageContaining("the agent reports: Version unsupported");
    }
}
