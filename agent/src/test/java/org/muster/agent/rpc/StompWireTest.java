package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.RawPeer.Frame;

/** STOMP over a real socket, against a client that does exactly what it is told. */
class StompWireTest {

    private Rig rig;
    private RawPeer peer;

    @BeforeEach
    void start() throws IOException {
        rig = new Rig();
        peer = new RawPeer(rig.port());
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        rig.close();
    }

    @Test
    void subscribesFirstThenConnectsThenCalls() throws IOException {
        peer.subscribe("r1", Route.RESPONSES);
        Frame connected = peer.connect("0,15000");
        peer.request(RawPeer.call("Host.ping", "", "a-b"));
        Frame reply = peer.frame();

        assertThat(connected.command()).isEqualTo("CONNECTED");
        assertThat(connected.headers()).containsEntry("version", "1.2").containsEntry("heart-beat", "20000,0");
        assertThat(reply.command()).isEqualTo("MESSAGE");
        assertThat(reply.headers())
                .containsEntry("destination", Route.RESPONSES)
                .containsEntry("subscription", "r1")
                .containsEntry("content-type", "application/json");
        assertThat(reply.body()).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"a-b\",\"result\":true}");
    }

    @Test
    void answersEvenIfTheResponseSubscriptionGotLost() throws IOException {
        peer.connect("0,15000");
        peer.request(RawPeer.call("Host.ping", "", "1"));

        assertThat(peer.frame().headers())
                .containsEntry("destination", Route.RESPONSES)
                .doesNotContainKey("subscription");
    }

    @Test
    void whatComesTogetherIsAnsweredInArraysForTheEngine() throws IOException {
        peer.subscribe("r1", Route.RESPONSES);
        peer.connect("0,15000");
        StringBuilder together = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            together.append(
                    "SEND\ndestination:" + Route.REQUESTS + "\n\n" + RawPeer.call("Host.ping", "", "" + i) + "\0");
        }
        peer.send(together.toString());

        int answers = 0;
        int frames = 0;
        while (answers < 20) {
            JsonNode body = peer.frame().json();
            answers += body.isArray() ? body.size() : 1;
            frames++;
        }
        assertThat(frames).isLessThan(20);
    }

    /** The engine's client fails at an error without an id, and drops what stands behind it in an array. */
    @Test
    void answersWithoutAnIdAreNotPackedWithOthers() throws IOException {
        peer.subscribe("r1", Route.RESPONSES);
        peer.connect("0,15000");
        StringBuilder together = new StringBuilder();
        for (String body : List.of(
                RawPeer.call("Host.ping", "", "a"),
                "{\"x\":1}",
                RawPeer.call("Host.ping", "", "b"),
                "zzz",
                RawPeer.call("Host.ping", "", "c"),
                "{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\",\"id\":null}",
                RawPeer.call("Host.ping", "", "d"))) {
            together.append("SEND\ndestination:" + Route.REQUESTS + "\n\n" + body + "\0");
        }
        peer.send(together.toString());

        List<String> ids = new ArrayList<>();
        while (ids.size() < 7) {
            JsonNode body = peer.frame().json();
            for (JsonNode answer : body.isArray() ? body : List.of(body)) {
                assertThat(body.isArray() && answer.get("id").isNull())
                        .as("in an array: %s", body)
                        .isFalse();
                ids.add(answer.get("id").asText());
            }
        }
        assertThat(ids).containsExactlyInAnyOrder("a", "null", "b", "null", "c", "null", "d");
    }

    @Test
    void whoEndsItsSideStillGetsItsAnswers() throws Exception {
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);
        peer.subscribe("e", Route.EVENTS);
        peer.request(RawPeer.call("Test.late", "", "1"));
        peer.sendAndEnd("SEND\ndestination:" + Route.REQUESTS + "\n\n" + RawPeer.call("Host.ping", "", "2") + "\0");
        assertThat(rig.lateEntered.tryAcquire(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        assertThat(peer.frame().json().get("id").textValue()).isEqualTo("2");
        peer.assertSilentFor(100);
        rig.late.remove().complete(BooleanNode.TRUE);

        assertThat(peer.frame().json().get("id").textValue()).isEqualTo("1");
        assertThat(peer.endsAfterLineFeeds()).isTrue();
        for (int i = 0; i < 1000 && rig.count("rpc.connections") > 0; i++) {
            TimeUnit.MILLISECONDS.sleep(1); // a second: what is answered is closed at once
        }
        assertThat(rig.count("rpc.connections")).isZero();
    }

    @Test
    void aFrameThatEndsInTheMiddleIsNamedAfterAllAnswers() throws Exception {
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);
        peer.request(RawPeer.call("Test.late", "", "1"));
        peer.sendAndEnd("SEND\ndestination:" + Route.REQUESTS + "\ncontent-length:100\n\n{\"jsonrpc\"");
        assertThat(rig.lateEntered.tryAcquire(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        peer.assertSilentFor(100);
        rig.late.remove().complete(BooleanNode.TRUE);

        assertThat(peer.frame().json().get("id").textValue()).isEqualTo("1");
        Frame error = peer.frame();
        assertThat(error.command()).isEqualTo("ERROR");
        assertThat(error.body())
                .isEqualTo("Frame SEND ends in the middle of its body, after 10 of 100 bytes and a NUL");
        assertThat(peer.endsAfterLineFeeds()).isTrue();
    }

    @Test
    void aPeerHostGetsObjectsOnly() throws IOException {
        peer.connect("0,24000");
        peer.subscribe("p", "0f6a-random");
        for (int i = 0; i < 5; i++) {
            peer.request(RawPeer.call("Host.ping", "", "" + i), "0f6a-random");
        }
        for (int i = 0; i < 5; i++) {
            Frame reply = peer.frame();
            assertThat(reply.json().isObject()).isTrue();
            assertThat(reply.headers()).containsEntry("subscription", "p").containsEntry("destination", "0f6a-random");
        }
    }

    /** Paced, the answers from the ninth on come 50 ms apart, and line feeds after each. */
    @Test
    void aPeerHostGetsEveryFrameAtOnceAndNothingBetween() throws IOException {
        peer.connect("0,24000");
        peer.subscribe("p", "0f6a-random");
        peer.assertSilentFor(100); // line feeds after CONNECTED, if the subscription came late
        StringBuilder together = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            together.append("SEND\ndestination:" + Route.REQUESTS + "\nreply-to:0f6a-random\n\n"
                    + RawPeer.call("Host.ping", "", "" + i) + "\0");
        }
        long since = System.nanoTime();
        peer.send(together.toString());
        for (int i = 0; i < 100; i++) {
            assertThat(peer.read()).as("no line feed before it").isEqualTo('M');
            assertThat(peer.frame().json().get("id").textValue()).isEqualTo("" + i);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - since))
                .as("of at least 4.5 s if paced")
                .isLessThan(Duration.ofSeconds(3));
    }

    @Test
    void aClientThatOffersHeartBeatsGetsEveryFrameAtOnceAndNothingBetween() throws IOException {
        assertThat(peer.connect("60000,60000").headers()).containsEntry("heart-beat", "60000,60000");
        for (int i = 0; i < 5; i++) {
            peer.request(RawPeer.call("Host.ping", "", "" + i));
        }
        for (int i = 0; i < 5; i++) {
            assertThat(peer.read()).as("a frame, not a line feed").isEqualTo('M');
            assertThat(peer.frame().json().get("id").textValue()).isEqualTo("" + i);
        }
    }

    @Test
    void everyErrorIsAnsweredAndTheConnectionLivesOn() throws IOException {
        peer.connect(null);
        peer.subscribe("1", "a");
        peer.subscribe("1", "b");
        peer.send("SUBSCRIBE\nid:7\n\n\0");
        peer.send("SEND\ndestination:nowhere\n\n{}\0");
        peer.request("{");
        peer.request(RawPeer.call("Host.nothing", "", "x"));
        peer.request(RawPeer.call("Test.echo", "\"count\":77", "y"));

        assertThat(peer.frame().body()).isEqualTo("Subscription id already exists");
        assertThat(peer.frame().body()).isEqualTo("Missing destination or subscription id header");
        assertThat(peer.frame().body()).isEqualTo("Subscription not available");
        assertThat(peer.frame().json().at("/error/code").intValue()).isEqualTo(-32700);
        assertThat(peer.frame().json().at("/error/message").textValue())
                .isEqualTo("The method does not exist or is not available: {'method': 'Host.nothing'}");
        assertThat(peer.frame().json().at("/error/message").textValue())
                .contains("value is required", "count must be an integer from 1 to 9, got 77");
        peer.request(RawPeer.call("Host.ping", "", "z"));
        assertThat(peer.frame().json().get("result")).isEqualTo(BooleanNode.TRUE);
    }

    @Test
    void accidentsAreReferencedNotTold() throws IOException {
        peer.connect(null);
        for (String verb : new String[] {"Test.fail", "Test.failLate"}) {
            peer.request(RawPeer.call(verb, "", "1"));
            JsonNode reply = peer.frame().json();

            assertThat(reply.at("/error/code").intValue()).isEqualTo(-32603);
            assertThat(reply.at("/error/message").textValue()).contains(verb).doesNotContain("secret");
            assertThat(reply.has("result")).isFalse();
        }
    }

    @Test
    void applicationErrorsAreToldAsTheyAre() throws IOException {
        peer.connect(null);
        peer.request(RawPeer.call("Test.refuse", "", "1"));

        assertThat(peer.frame().body())
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"error\":{\"code\":4,"
                        + "\"message\":\"Virtual machine already exists\"}}");
    }

    @Test
    void loopbackMayOperateButNotAdminister() throws IOException {
        peer.connect(null);
        peer.request(RawPeer.call("Test.admin", "", "1"));

        assertThat(peer.frame().json().at("/error/message").textValue())
                .isEqualTo("Access denied: Test.admin needs ADMIN, loopback holds OPERATE");
    }

    @Test
    void brokenFramesAreNamedAndTheConnectionEnds() throws IOException {
        peer.connect(null);
        peer.send("SEND\ncontent-length:1\n\n{}\0");

        assertThat(peer.frame().body()).contains("does not end with NUL");
        assertThat(peer.endsSilently()).isTrue();
        try (RawPeer next = new RawPeer(rig.port())) {
            assertThat(next.connect(null).command()).isEqualTo("CONNECTED");
        }
    }

    @Test
    void anUnknownCommandEndsTheConnection() throws IOException {
        peer.connect(null);
        peer.send("ACK\nid:1\n\n\0");

        assertThat(peer.frame().body()).isEqualTo("Unknown command: ACK");
        assertThat(peer.endsSilently()).isTrue();
    }

    @Test
    void theLongestNamesLeaveRoomInWhatTheEnginesClientReads() throws IOException {
        String longest = "\u00fc:\\".repeat(42); // 252 bytes, as we write it
        String sent = longest.replace("\\", "\\\\");
        peer.connect("0,15000");
        peer.subscribe(sent, sent);
        peer.request(RawPeer.call("Host.ping", "", "1"), sent);

        Frame answer = peer.frame();

        assertThat(answer.headers()).containsKey("subscription");
        assertThat(answer.headBytes()).isBetween(500, 900);
        peer.subscribe("\u00fc".repeat(128), "d");
        assertThat(peer.frame().body()).isEqualTo("id must be of at most 255 bytes, escaped, got 256");
    }

    @Test
    void disconnectIsReceipted() throws IOException {
        peer.connect("0,15000");
        peer.send("DISCONNECT\nreceipt:77\n\n\0");

        assertThat(peer.frame().headers()).containsEntry("receipt-id", "77");
    }

    @Test
    void batchesAreAnsweredInOneMessage() throws IOException {
        peer.subscribe("r", Route.RESPONSES);
        peer.connect("0,15000");
        peer.request("[" + RawPeer.call("Host.ping", "", "1") + ",{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\"},"
                + RawPeer.call("Test.echo", "\"value\":[7]", "2") + ",5]");
        JsonNode first = peer.frame().json();
        assertThat(first).hasSize(3);
        assertThat(first.get(0).get("id").textValue()).isEqualTo("1");
        assertThat(first.get(1).get("result").toString()).isEqualTo("[7]");
        assertThat(first.get(2).at("/error/code").intValue()).isEqualTo(-32600);
        peer.request("[" + RawPeer.call("Host.ping", "", "3") + "]");
        assertThat(peer.frame().body()).isEqualTo("[{\"jsonrpc\":\"2.0\",\"id\":\"3\",\"result\":true}]");
    }

    @Test
    void eventsGoToSubscribersOurOwnKindsNotToTheEngine() throws IOException {
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);
        peer.subscribe("e", Route.EVENTS);
        peer.request(RawPeer.call("Host.ping", "", "1"));
        peer.frame();
        rig.publishOwnKind("x");
        rig.publish("vm-1");

        Frame event = peer.frame();
        assertThat(event.headers()).containsEntry("destination", Route.EVENTS).containsEntry("subscription", "e");
        assertThat(event.json().get("method").textValue()).isEqualTo("|virt|VM_status|vm-1");
        assertThat(event.json().has("id")).isFalse();
    }

    @Test
    void anEngineThatLostItsEventSubscriptionStillGetsEvents() throws IOException {
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);
        peer.request(RawPeer.call("Host.ping", "", "1"));
        peer.frame();
        rig.publish("vm-1"); // within the half second: kept

        Frame event = peer.frame();
        assertThat(event.headers())
                .containsEntry("destination", Route.RESPONSES)
                .containsEntry("subscription", "r");
        assertThat(event.json().get("method").textValue()).isEqualTo("|virt|VM_status|vm-1");
    }

    @Test
    void heartBeatsComeInTimeWhileAllWorkersAreBlocked() throws IOException, InterruptedException {
        List<RawPeer> blockers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            RawPeer blocker = new RawPeer(rig.port()); // one connection's verbs take one worker at most
            blockers.add(blocker);
            blocker.connect("0,15000");
            blocker.request(RawPeer.call("Test.block", "", "" + i));
        }
        assertThat(rig.blocked.tryAcquire(4, Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        try (RawPeer other = new RawPeer(rig.port())) {
            other.connect("2000,1000"); // a client with heart-beats of its own: it is told what it asks
            long since = System.nanoTime();
            for (int i = 0; i < 2; i++) {
                assertThat(other.read()).isEqualTo('\n');
            }
            Duration two = Duration.ofNanos(System.nanoTime() - since);
            assertThat(two).isBetween(Duration.ofMillis(1300), Duration.ofMillis(1900));
            other.request(RawPeer.call("Host.ping", "", "1"));
            assertThat(other.frame().json().get("result")).isEqualTo(BooleanNode.TRUE);
        } finally {
            for (RawPeer blocker : blockers) {
                blocker.close();
            }
        }
    }

    @Test
    void aClientThatStopsItsHeartBeatsIsClosed() throws IOException {
        peer.connect("1000,0");

        assertThat(peer.endsSilently()).isTrue();
    }

    @Test
    void theExcessOfPendingRequestsIsAnsweredBusyAndReadingGoesOn() throws IOException {
        peer.connect(null);
        for (int i = 0; i <= 1024; i++) {
            peer.request(RawPeer.call("Test.late", "", "" + i));
        }
        JsonNode busy = peer.frame().json();
        assertThat(busy.at("/error/code").intValue()).isEqualTo(59);
        assertThat(busy.get("id").textValue()).isEqualTo("1024");

        CompletableFuture<JsonNode> first = rig.late.remove();
        assertThat(first.complete(BooleanNode.TRUE)).isTrue();
        assertThat(peer.frame().json().get("id").textValue()).isEqualTo("0");
        peer.request(RawPeer.call("Host.ping", "", "room"));
        assertThat(peer.frame().json().get("result")).isEqualTo(BooleanNode.TRUE);
    }

    @Test
    void callsKnowWhereTheyComeFrom() throws IOException {
        peer.connect(null);
        peer.send("SEND\ndestination:" + Route.REQUESTS + "\novirtCorrelationId:flow-1\n\n"
                + RawPeer.call("Test.echo", "\"value\":1,\"extra\":2", "1") + "\0");
        peer.frame();

        Call call = rig.calls.remove();
        assertThat(call.correlationId()).contains("flow-1");
        assertThat(call.remote()).isTrue();
        assertThat(call.principal()).isEqualTo(new Principal(Principal.Kind.LOOPBACK, "loopback", Access.OPERATE));
        assertThat(call.has("extra")).isFalse();
        assertThat(rig.count("rpc.params.unknown")).isEqualTo(1);
        assertThat(rig.metrics.timer("rpc.verb.Test.echo").getCount()).isEqualTo(1);
    }
}
