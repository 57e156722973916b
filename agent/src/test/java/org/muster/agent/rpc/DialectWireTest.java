package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.muster.agent.rpc.RawPeer.Frame;
import org.muster.agent.tls.TestPki;

/** Every rule of the engine's dialect of STOMP, over plain TCP and TLS, one byte at a time and all at once. */
class DialectWireTest {

    @TempDir
    private static Path folder;

    private static TestPki pki;
    private static SSLContext engine;

    private final List<AutoCloseable> open = new ArrayList<>();
    private Rig rig;
    private Way way;

    enum Way {
        PLAIN(null, false),
        PLAIN_BYTE_BY_BYTE(null, true),
        TLS_1_2("TLSv1.2", false),
        TLS_1_2_BYTE_BY_BYTE("TLSv1.2", true),
        TLS_1_3("TLSv1.3", false);

        private final String protocol;
        private final boolean byteByByte;

        Way(String protocol, boolean byteByByte) {
            this.protocol = protocol;
            this.byteByByte = byteByByte;
        }
    }

    @BeforeAll
    static void certify() {
        pki = TestPki.in(folder);
        pki.issue("engine");
    }

    @AfterEach
    void stop() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private RawPeer start(Way chosen) throws IOException {
        way = chosen;
        rig = new Rig(way.protocol == null ? Rig.config() : Rig.tls(pki));
        open.add(rig);
        engine = way.protocol == null ? null : pki.client(way.protocol, "engine");
        return peer();
    }

    private RawPeer peer() throws IOException {
        RawPeer peer = new RawPeer(rig.port(), engine).byteByByte(way.byteByByte);
        open.add(peer);
        return peer;
    }

    @ParameterizedTest
    @EnumSource
    void subscriptionsMayComeBeforeConnectAndAreNotAnswered(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.send("SUBSCRIBE\ndestination:" + Route.RESPONSES + "\nid:r\nack:auto\nreceipt:1\n\n\0"
                + "SUBSCRIBE\nack:auto\nid:e\ndestination:" + Route.EVENTS + "\n\n\0"
                + "CONNECT\nhost:null\naccept-version:1.2\nheart-beat:0,15000\n\n\0");

        Frame connected = peer.frame();
        assertThat(connected.command()).isEqualTo("CONNECTED");
        assertThat(connected.headers())
                .containsOnlyKeys("version", "heart-beat", "content-length")
                .containsEntry("version", "1.2")
                .containsEntry("heart-beat", "20000,0")
                .containsEntry("content-length", "0");
        peer.request(RawPeer.call("Host.ping", "", "1"));
        assertThat(peer.frame().headers())
                .containsOnlyKeys("destination", "subscription", "content-type", "content-length")
                .containsEntry("destination", Route.RESPONSES)
                .containsEntry("subscription", "r")
                .containsEntry("content-type", "application/json");
        rig.publish("vm");
        assertThat(peer.frame().headers())
                .containsEntry("destination", Route.EVENTS)
                .containsEntry("subscription", "e");
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreServedWithoutAnyConnect(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.subscribe("r", Route.RESPONSES);
        peer.request(RawPeer.call("Host.ping", "", "1"));

        assertThat(peer.frame().body()).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":true}");
    }

    @ParameterizedTest
    @EnumSource
    void anotherVersionIsRefusedAndTheConnectionStays(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.send("CONNECT\naccept-version:1.1\nhost:null\n\n\0");

        Frame refused = peer.frame();
        assertThat(refused.command()).isEqualTo("ERROR");
        assertThat(refused.body()).isEqualTo("Version unsupported");
        assertThat(refused.headers()).doesNotContainKey("message").containsEntry("content-length", "19");
        assertThat(peer.connect("0,15000").command()).isEqualTo("CONNECTED");
    }

    @ParameterizedTest
    @EnumSource
    void heartBeatsAreAgreedSoThatTheClientsTimeOutNeverDecays(Way chosen) throws IOException {
        RawPeer peer = start(chosen);

        assertThat(peer.connect("0,15000").headers()).containsEntry("heart-beat", "20000,0");
        assertThat(peer.connect("0,24000").headers()).containsEntry("heart-beat", "24000,0");
        assertThat(peer.connect("0,0").headers()).containsEntry("heart-beat", "0,0");
        assertThat(peer.connect("nonsense").headers()).containsEntry("heart-beat", "0,0");
        assertThat(peer.connect(null).headers()).containsEntry("heart-beat", "0,0");
        assertThat(peer.connect("10,9000").headers()).containsEntry("heart-beat", "9000,1000");
    }

    @ParameterizedTest
    @EnumSource
    void subscriptionsThatAreWrongAreTold(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.connect(null);
        peer.send("SUBSCRIBE\nid:7\n\n\0SUBSCRIBE\ndestination:d\n\n\0SUBSCRIBE\nid:1\ndestination:d\n\n\0"
                + "SUBSCRIBE\nid:1\ndestination:e\n\n\0UNSUBSCRIBE\n\n\0UNSUBSCRIBE\nid:unknown\n\n\0"
                + "UNSUBSCRIBE\nid:1\n\n\0SUBSCRIBE\nid:1\ndestination:e\n\n\0SEND\ndestination:d\n\nx\0");

        assertThat(errors(peer, 5))
                .containsExactly(
                        "Missing destination or subscription id header",
                        "Missing destination or subscription id header",
                        "Subscription id already exists",
                        "Missing id header",
                        "Subscription not available");
    }

    @ParameterizedTest
    @EnumSource
    void whatIsSentReachesTheSubscribersOfItsDestinationAndItsParents(Way chosen) throws IOException {
        RawPeer sender = start(chosen);
        RawPeer exact = peer();
        RawPeer parent = peer();
        sender.connect(null);
        exact.connect(null);
        exact.subscribe("x", "a.b.c");
        parent.connect("0,15000");
        parent.subscribe("p", "a.b");
        parent.subscribe("no", "a.b.c.d");
        parent.subscribe("neither", "a.b.cc");
        await(exact, parent);
        sender.send("SEND\ndestination:a.b.c\ncontent-length:3\n\n\u00e4!\0");

        Frame first = exact.frame();
        assertThat(first.command()).isEqualTo("MESSAGE");
        assertThat(first.body()).isEqualTo("\u00e4!");
        assertThat(first.headers()).containsEntry("destination", "a.b.c").containsEntry("subscription", "x");
        assertThat(parent.frame().headers())
                .containsEntry("destination", "a.b.c")
                .containsEntry("subscription", "p");
        parent.assertSilentFor(50);
        exact.send("UNSUBSCRIBE\nid:x\n\n\0");
        parent.close();
        await(exact);
        awaitSubscribersGone(sender);
    }

    private static void awaitSubscribersGone(RawPeer sender) throws IOException {
        for (int i = 0; i < 1000; i++) { // the end of a connection takes its time
            sender.send("SEND\ndestination:a.b.c\n\nx\0");
            sender.request(RawPeer.call("Host.ping", "", "1"));
            Frame next = sender.frame();
            if (next.command().equals("ERROR")) {
                assertThat(next.body()).isEqualTo("Subscription not available");
                return;
            }
        }
        throw new AssertionError("the connection that ended still has its subscription");
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreTakenAtTheRequestQueuesAndBelowThem(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        RawPeer listener = peer();
        peer.connect(null);
        listener.connect(null);
        listener.subscribe("l", Route.REQUESTS);
        String body = RawPeer.call("Host.ping", "", "1");
        listener.request(body); // when this comes back to it, the server knows the subscription
        for (int i = 0; i < 2; i++) {
            assertThat(listener.frame().command()).isEqualTo("MESSAGE");
        }
        for (String queue : List.of(Route.REQUESTS, Route.REQUESTS + ".x", Route.STORAGE_REQUESTS)) {
            peer.send("SEND\ndestination:" + queue + "\n\n" + body + "\0");
            assertThat(peer.frame().json().get("result")).as(queue).isEqualTo(BooleanNode.TRUE);
        }
        peer.send("SEND\ndestination:" + Route.REQUESTS + "x\n\n" + body + "\0");
        assertThat(peer.frame().body()).isEqualTo("Subscription not available");
        for (String queue : List.of(Route.REQUESTS, Route.REQUESTS + ".x")) {
            Frame copy = listener.frame();
            assertThat(copy.body()).as("a subscriber gets the request too").isEqualTo(body);
            assertThat(copy.headers()).containsEntry("destination", queue).containsEntry("subscription", "l");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerGoesToItsRequesterOnlyWithItsOwnSubscription(Way chosen) throws IOException {
        RawPeer first = start(chosen);
        RawPeer second = peer();
        first.connect("0,15000");
        first.subscribe("one", Route.RESPONSES);
        second.connect("0,15000");
        second.subscribe("two", Route.RESPONSES);
        await(second);
        first.request(RawPeer.call("Host.ping", "", "same"));
        Frame answer = first.frame();

        assertThat(answer.headers()).containsEntry("subscription", "one");
        second.assertSilentFor(50);
    }

    @ParameterizedTest
    @EnumSource
    void twoSubscriptionsToOneQueueAreOneCopyAndTheSecondTakesOver(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.connect("60000,60000");
        for (String id : List.of("1", "2")) {
            peer.subscribe("r" + id, Route.RESPONSES);
            peer.subscribe("e" + id, Route.EVENTS);
        }
        for (String id : List.of("1", "2")) {
            peer.request(RawPeer.call("Host.ping", "", id));
            Frame answer = peer.frame();
            assertThat(answer.json().get("id").textValue()).isEqualTo(id);
            assertThat(answer.headers()).containsEntry("subscription", "r" + id);
            rig.publish("vm" + id);
            Frame event = peer.frame();
            assertThat(event.json().get("method").textValue()).isEqualTo("|virt|VM_status|vm" + id);
            assertThat(event.headers()).containsEntry("subscription", "e" + id);
            peer.send("UNSUBSCRIBE\nid:r" + id + "\n\n\0UNSUBSCRIBE\nid:e" + id + "\n\n\0");
        }
        peer.subscribe("last", Route.RESPONSES);
        peer.request(RawPeer.call("Host.ping", "", "3"));
        assertThat(peer.frame().headers()).as("no second copies").containsEntry("subscription", "last");
        rig.publish("vm3");
        peer.assertSilentFor(50);
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerToWhereItDoesNotListenIsDropped(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);
        peer.subscribe("own", "5c6f0d8e");
        peer.request(RawPeer.call("Host.ping", "", "1"), "never-subscribed-to");
        peer.request(RawPeer.call("Test.late", "", "2"));
        peer.send("UNSUBSCRIBE\nid:r\n\n\0");
        peer.request(RawPeer.call("Host.ping", "", "3"));
        peer.request(RawPeer.call("Host.ping", "", "4"), "5c6f0d8e");
        assertThat(peer.frame().json().get("id").textValue()).isEqualTo("4");
        rig.late.remove().complete(null);
        peer.request(RawPeer.call("Host.ping", "", "4"), "5c6f0d8e"); // the loop has gone on since then
        peer.frame();
        peer.subscribe("again", Route.RESPONSES);
        peer.request(RawPeer.call("Host.ping", "", "5"));

        Frame answer = peer.frame();
        assertThat(answer.json().get("id").textValue()).isEqualTo("5");
        assertThat(answer.headers()).containsEntry("subscription", "again");
    }

    @ParameterizedTest
    @EnumSource
    void aPeerHostIsAnsweredAtItsOwnQueueWithObjects(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        assertThat(peer.connect("0,24000").headers()).containsEntry("heart-beat", "24000,0");
        peer.subscribe("sub", "5c6f0d8e");
        peer.request(RawPeer.call("Host.ping", "", "1"), "5c6f0d8e");
        peer.request(RawPeer.call("Host.ping", "", "2"), "5c6f0d8e");

        for (int i = 1; i <= 2; i++) {
            Frame answer = peer.frame();
            assertThat(answer.headers()).containsEntry("subscription", "sub").containsEntry("destination", "5c6f0d8e");
            assertThat(answer.json().get("id").textValue()).isEqualTo("" + i);
        }
    }

    @ParameterizedTest
    @EnumSource
    void headersAreReadAsClientsWriteThem(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.send("CONNECT\r\naccept-version:1.2\r\nhost:null\r\nheart-beat:0,0\r\n\r\n\0\n\n\r\n");
        assertThat(peer.frame().command()).isEqualTo("CONNECTED");
        peer.send("SUBSCRIBE\nid:a:b:c\ndestination:q\\cr\\nx\\\\y\nid:second\n\n\0\n");
        peer.send("\n\nSEND\ndestination:" + Route.REQUESTS + "\nreply-to:q\\cr\\nx\\\\y\novirtCorrelationId:a:b\n\n"
                + RawPeer.call("Test.echo", "\"value\":\"\u20ac\"", "1") + "\0\n");

        Frame answer = peer.frame();
        assertThat(answer.headers())
                .containsEntry("subscription", "a\\cb\\cc") // the first of a repeated header; escaped on its way back
                .containsEntry("destination", "q\\cr\\nx\\\\y");
        assertThat(answer.json().get("result").textValue()).isEqualTo("\u20ac");
        assertThat(rig.calls.remove().correlationId()).contains("a:b");
    }

    @ParameterizedTest
    @EnumSource
    void aFrameThatIsNoneIsNamedAndEndsTheConnection(Way chosen) throws IOException {
        start(chosen);
        for (String broken : List.of(
                "SEND\ncontent-length:1\n\n{}\0",
                "SEND\ncontent-length:x\n\n{}\0",
                "SEND\nno colon\n\n{}\0",
                "ACK\nid:1\n\n\0",
                "STOMP\naccept-version:1.2\n\n\0")) {
            RawPeer peer = peer();
            peer.connect(null);
            peer.byteByByte(false).send(broken); // the rest of it would be a write to a closed socket

            assertThat(peer.frame().command()).as(broken).isEqualTo("ERROR");
            assertThat(peer.endsSilently()).as(broken).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void disconnectIsReceiptedOrEndsTheConnection(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.connect("0,15000");
        peer.send("DISCONNECT\nreceipt:a\\cb\n\n\0");
        Frame receipt = peer.frame();
        assertThat(receipt.command()).isEqualTo("RECEIPT");
        assertThat(receipt.headers()).containsEntry("receipt-id", "a\\cb");

        RawPeer other = peer();
        other.connect("0,15000");
        other.send("DISCONNECT\n\n\0");
        assertThat(other.endsSilently()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void whatWasAskedBeforeADisconnectIsAnsweredAndNothingAfterIt(Way chosen) throws Exception {
        RawPeer peer = start(chosen);
        peer.connect("10000,10000"); // as the engine never does: it would get line feeds
        peer.subscribe("r", Route.RESPONSES);
        peer.subscribe("e", Route.EVENTS);
        peer.request(RawPeer.call("Test.late", "", "1"));
        peer.send("DISCONNECT\nreceipt:7\n\n\0SEND\ndestination:" + Route.REQUESTS + "\n\n"
                + RawPeer.call("Host.ping", "", "2") + "\0");
        assertThat(rig.lateEntered.tryAcquire(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        peer.assertSilentFor(100); // no receipt before all is done
        rig.publish("vm");
        rig.late.remove().complete(null);

        Frame answer = peer.frame();
        assertThat(answer.headers()).containsEntry("subscription", "r");
        assertThat(answer.json().get("id").textValue()).isEqualTo("1");
        assertThat(peer.frame().headers()).as("last of all").containsEntry("receipt-id", "7");
        assertThat(peer.endsSilently()).as("by us: the peer waits").isTrue();
    }

    /** Answers that only wait for their turn are not thrown away, nor are those under way. */
    @ParameterizedTest
    @EnumSource
    void whatWasAskedIsAnsweredBeforeADisconnectWithoutReceiptToo(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);
        StringBuilder together = new StringBuilder();
        for (int i = 0; i < 3; i++) {
            together.append(
                    "SEND\ndestination:" + Route.REQUESTS + "\n\n" + RawPeer.call("Host.ping", "", "" + i) + "\0");
        }
        peer.send(together + "DISCONNECT\n\n\0");
        for (int answers = 0; answers < 3; ) {
            JsonNode body = peer.frame().json();
            answers += body.isArray() ? body.size() : 1;
        }
        assertThat(peer.endsAfterLineFeeds()).isTrue();

        RawPeer slow = peer();
        slow.connect("0,15000");
        slow.request(RawPeer.call("Test.late", "", "1"));
        slow.send("DISCONNECT\n\n\0");
        slow.assertSilentFor(100);
        rig.late.remove().complete(null);
        assertThat(slow.frame().json().get("id").textValue()).isEqualTo("1");
        assertThat(slow.endsAfterLineFeeds()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNeitherStompNorJsonIsClosedSilently(Way chosen) throws IOException {
        start(chosen);
        for (String hello : List.of("GET / HTTP/1.1\r\n\r\n", "\nCONNECT\n\n\0", "STOMP\n\n\0", "HELLO")) {
            RawPeer peer = peer();
            peer.byteByByte(false).send(hello);

            assertThat(peer.endsSilently()).as(hello).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void jsonLinesAreServedOnTheSamePort(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.send(RawPeer.call("Events.subscribe", "", "s") + "\n" + RawPeer.call("Host.ping", "", "1") + "\r\n");

        assertThat(peer.json().get("id").textValue()).isEqualTo("s");
        assertThat(peer.json().get("result")).isEqualTo(BooleanNode.TRUE);
        rig.publishOwnKind("x");
        assertThat(peer.json().get("method").textValue()).isEqualTo("|muster|Own|x");
    }

    @ParameterizedTest
    @EnumSource
    void batchesAndNotificationsAreServedAsJsonRpcHasThem(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        peer.connect(null);
        peer.request("[" + RawPeer.call("Host.ping", "", "1") + "]");
        peer.request("{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\"}");
        peer.request("[{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\"}]");
        peer.request("[]");
        peer.request("no json");

        assertThat(peer.frame().body()).isEqualTo("[{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":true}]");
        JsonNode empty = peer.frame().json();
        assertThat(empty.at("/error/code").intValue()).isEqualTo(-32600);
        assertThat(empty.get("id").isNull()).isTrue();
        assertThat(peer.frame().json().at("/error/code").intValue()).isEqualTo(-32700);
    }

    @ParameterizedTest
    @EnumSource
    void eventsReachAConnectionThatLostItsSubscriptionAndNeverOurOwnKinds(Way chosen) throws IOException {
        RawPeer peer = start(chosen);
        long connectedNanos = System.nanoTime();
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);
        await(peer);
        rig.publishOwnKind("x");
        rig.publish("vm");

        Frame event = peer.frame();
        assertThat(event.headers())
                .containsEntry("destination", Route.RESPONSES)
                .containsEntry("subscription", "r");
        assertThat(event.json().get("method").textValue()).isEqualTo("|virt|VM_status|vm");
        assertThat(Duration.ofNanos(System.nanoTime() - connectedNanos))
                .as("not before it is clear that the subscription got lost")
                .isGreaterThan(Duration.ofMillis(480));
    }

    @ParameterizedTest
    @EnumSource(names = "TLS_1_2")
    void heartBeatsComeInTimeWhileAllWorkersAreBlocked(Way chosen) throws Exception {
        RawPeer peer = start(chosen);
        for (int i = 0; i < 4; i++) {
            RawPeer blocker = i == 0 ? peer : peer(); // one connection's verbs take one worker at most
            blocker.connect("0,15000");
            blocker.request(RawPeer.call("Test.block", "", "" + i));
        }
        assertThat(rig.blocked.tryAcquire(4, Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        RawPeer other = peer(); // a handshake, too, needs no worker
        other.connect("2000,1000");
        long since = System.nanoTime();
        for (int i = 0; i < 2; i++) {
            assertThat(other.read()).isEqualTo('\n');
        }
        assertThat(Duration.ofNanos(System.nanoTime() - since))
                .isBetween(Duration.ofMillis(1300), Duration.ofMillis(1900));
    }

    /** Everything sent before is known to the server when this returns. */
    private static void await(RawPeer... peers) throws IOException {
        for (RawPeer peer : peers) {
            peer.request(RawPeer.call("Host.ping", "", "await"));
            assertThat(peer.frame().json().get("id").textValue()).isEqualTo("await");
        }
    }

    private static List<String> errors(RawPeer peer, int count) throws IOException {
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Frame frame = peer.frame();
            assertThat(frame.command()).isEqualTo("ERROR");
            bodies.add(frame.body());
        }
        return bodies;
    }
}
