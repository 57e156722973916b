package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.muster.agent.lifecycle.ContractHost.Way;
import org.muster.agent.rpc.RawPeer;
import org.muster.agent.rpc.RawPeer.Frame;
import org.muster.agent.rpc.RecordTap;
import org.muster.agent.tls.TestPki;

/** Section 1 of the contract with the engine (transport), against a daemon that runs; the rule's number behind each test. */
class TransportContractTest {
    private static final String REQUESTS = "jms.topic.vdsm_requests";
    private static final String RESPONSES = "jms.topic.vdsm_responses";
    private static final String EVENTS = "jms.queue.events";
    private static final Duration ENGINE_GIVES_UP = Duration.ofMillis(450);

    @TempDir
    private static Path folder;

    private static ContractHost host;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void start() {
        host = ContractHost.simulated(
                folder, "[[vms]]\ncount = 3\n[start]\nmean = \"10ms\"\n[define]\nmean = \"1ms\"", Map.of());
    }

    @AfterAll
    static void stop() {
        host.close();
    }

    @AfterEach
    void close() throws Exception {
        ContractHost.closeAll(open);
        try (EnginePeer next = host.engine(Way.PLAIN)) { // whatever was done, the next one is served
            assertThat(next.call("Host.ping2", "{}").booleanValue()).isTrue();
        }
    }

    private RawPeer peer(Way way) {
        RawPeer peer = host.peer(way);
        open.add(peer);
        return peer;
    }

    private EnginePeer engine(Way way) {
        EnginePeer engine = host.engine(way);
        open.add(engine);
        return engine;
    }

    private static String ping(String id) {
        return RawPeer.call("Host.ping2", "", id);
    }

    private static String send(String destination, String headers, String body) {
        return "SEND\ndestination:" + destination + "\n" + headers + "content-length:"
                + body.getBytes(StandardCharsets.UTF_8).length + "\n\n" + body + "\0";
    }

    // 1.1, 1.7: one port; the storage role has its own connection with its own pair of queues
    @ParameterizedTest
    @EnumSource
    void theStorageRoleIsServedOnItsOwnQueues(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.connect("10000,10000");
        peer.subscribe("irs", "jms.topic.vdsm_irs_responses");
        peer.send(send("jms.topic.vdsm_irs_requests", "reply-to:jms.topic.vdsm_irs_responses\n", ping("1")));

        Frame answer = peer.frame();
        assertThat(answer.headers())
                .containsEntry("destination", "jms.topic.vdsm_irs_responses")
                .containsEntry("subscription", "irs");
        assertThat(answer.json().get("result").booleanValue()).isTrue();
    }

    // 1.2: the client's certificate is mandatory and must be the CA's
    @Test
    void whoShowsNoCertificateOrAnothersIsNotLetIn() {
        TestPki other = TestPki.in(folder.resolve("other-" + UUID.randomUUID()), "Other CA");
        other.issue("engine");
        for (SSLContext bad : List.of(
                host.pki().client("TLSv1.2", null),
                host.pki().client("TLSv1.3", null),
                host.pki().clientOf(other, "TLSv1.2", "engine"))) {
            assertThatThrownBy(() -> {
                        try (RawPeer peer = new RawPeer(host.port(), bad)) {
                            peer.connect("0,15000"); // in TLS 1.3 the refusal comes after the client's part
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    // 1.2: TLS 1.2 is the most an engine speaks; a handshake is done well within 450 ms
    @Test
    void aHandshakeOfTls12IsDoneBeforeTheEngineGivesUp() throws IOException {
        long best = Long.MAX_VALUE; // of several: the client's own share is in it, on a machine that may be busy
        for (int i = 0; i < 5; i++) {
            SSLContext fresh = host.pki().client("TLSv1.2", "engine"); // no session to take up again
            long since = System.nanoTime();
            try (SSLSocket socket = (SSLSocket) fresh.getSocketFactory().createSocket("127.0.0.1", host.port())) {
                socket.startHandshake();
                assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.2");
            }
            best = Math.min(best, System.nanoTime() - since);
        }
        assertThat(Duration.ofNanos(best)).isLessThan(ENGINE_GIVES_UP);
    }

    // 1.2: nobody shakes hands a second time
    @Test
    void renegotiationIsRefused() throws IOException {
        SSLContext context = host.pki().client("TLSv1.2", "engine");
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", host.port())) {
            socket.setSoTimeout(20_000);
            socket.startHandshake();
            socket.getOutputStream().write((ping("1") + "\n").getBytes(StandardCharsets.UTF_8));
            assertThat(socket.getInputStream().read()).isEqualTo('{');
            assertThatThrownBy(() -> {
                        socket.startHandshake();
                        socket.getInputStream().readAllBytes();
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    // 1.3: what the first bytes may be
    @ParameterizedTest
    @EnumSource
    void theFirstBytesDecideWhatItIs(Way way) throws IOException {
        for (String stomp : List.of("MESSAGE", "CONNECTED", "ERROR", "RECEIPT")) { // frames that only servers send
            RawPeer peer = peer(way);
            peer.send(stomp + "\n\n\0");
            assertThat(peer.frame().body()).as(stomp).startsWith("Unknown command");
            assertThat(peer.endsSilently()).isTrue();
        }
        RawPeer request = peer(way);
        request.send(send(REQUESTS, "", ping("1")));
        assertThat(request.frame().json().get("result").booleanValue()).isTrue();
        for (String unknown :
                List.of("STOMP\naccept-version:1.2\n\n\0", "\nCONNECT\n\n\0", "PUT / HTTP/1.1\r\n\r\n", "xyz")) {
            RawPeer peer = peer(way);
            peer.byteByByte(false).send(unknown);
            assertThat(peer.endsSilently()).as(unknown).isTrue();
        }
    }

    // 1.4: all of it in one go, SUBSCRIBE before CONNECT, any order of headers, nothing is waited for
    @ParameterizedTest
    @EnumSource
    void everythingAtOnceInAnyOrderIsUnderstood(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.send("SUBSCRIBE\nid:r\nack:auto\ndestination:" + RESPONSES + "\n\n\0"
                + "SUBSCRIBE\nack:auto\ndestination:" + EVENTS + "\nid:e\n\n\0"
                + "CONNECT\nhost:null\nheart-beat:0,15000\naccept-version:1.2\n\n\0"
                + send(REQUESTS, "reply-to:" + RESPONSES + "\novirtCorrelationId:ab:cd\n", ping("1"))
                + send(REQUESTS, "reply-to:" + RESPONSES + "\n", ping("2")));

        assertThat(peer.frame().command()).isEqualTo("CONNECTED");
        List<String> ids = new ArrayList<>();
        while (ids.size() < 2) {
            JsonNode body = peer.frame().json();
            for (JsonNode message : body.isArray() ? body : List.of(body)) {
                if (message.has("id")) { // else the word of how all VMs are
                    ids.add(message.get("id").textValue());
                }
            }
        }
        assertThat(ids).containsExactly("1", "2");
    }

    // 1.4, 1: nothing needs CONNECT
    @ParameterizedTest
    @EnumSource
    void requestsAreServedWithoutConnect(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.subscribe("r", RESPONSES);
        peer.request(ping("1"));

        assertThat(peer.frame().headers()).containsEntry("subscription", "r");
    }

    // 1.4, limits 1 to 7: frames as the engine's client can read them
    @ParameterizedTest
    @EnumSource
    void framesAreWhatTheEnginesClientCanRead(Way way) throws IOException {
        RawPeer peer = peer(way);
        Frame connected = peer.connect("10000,10000");
        assertThat(connected.headers())
                .containsOnlyKeys("version", "heart-beat", "content-length")
                .containsEntry("version", "1.2")
                .containsEntry("content-length", "0");
        peer.subscribe(UUID.randomUUID().toString(), RESPONSES);
        peer.request(RawPeer.call("no.such€verb", "", "1"));

        Frame answer = peer.frame(); // it has no carriage return, its length is in bytes, and NUL follows
        assertThat(answer.json().at("/error/message").textValue()).contains("no.such€verb");
        assertThat(answer.headBytes()).isLessThanOrEqualTo(200);
    }

    // 1.4, limits 1, 5 and 10: a frame has its own record; a large one fills them
    @ParameterizedTest
    @EnumSource(names = {"TLS_1_2", "TLS_1_3"})
    void overTlsEachFrameBeginsARecordAndLargeOnesFillThem(Way way) throws IOException {
        int record = way == Way.TLS_1_3 ? 16_367 : 16_384;
        try (RecordTap tap = new RecordTap(host.port());
                RawPeer peer = new RawPeer(tap.port(), host.context(way))) {
            peer.connect("60000,60000");
            peer.subscribe("r", RESPONSES);
            peer.request(ping("1"));
            peer.frame();
            tap.clear();
            peer.request(RawPeer.call("rpc.discover", "", "2"));
            peer.request(ping("3"));
            int large = 0;
            for (int i = 0; i < 2; i++) {
                Frame frame = peer.frame();
                large = Math.max(large, frame.headBytes() + frame.body().getBytes(StandardCharsets.UTF_8).length + 1);
            }
            List<Integer> lengths = way == Way.TLS_1_3 ? tap.plainLengths13() : tap.plainLengths();
            assertThat(large).isGreaterThan(record);
            List<Integer> full =
                    lengths.stream().filter(length -> length == record).toList();
            List<Integer> rest =
                    lengths.stream().filter(length -> length != record).toList();
            assertThat(full).hasSize(large / record);
            assertThat(rest)
                    .as("the ping's, and what is left of the large one's")
                    .hasSize(2);
            assertThat(rest).contains(large % record);
            assertThat(large % record).isGreaterThan(300);
        }
    }

    // 1.5: what is agreed
    @ParameterizedTest
    @EnumSource
    void heartBeatsAreAgreedAsTheEngineNeedsThem(Way way) throws IOException {
        Map<String, String> answers = Map.of(
                "0,15000", "20000,0",
                "0,1000", "20000,0",
                "0,24000", "24000,0",
                "0,0", "0,0",
                "nonsense", "0,0",
                "1,1", "1000,1000",
                "30000,9000", "9000,30000");
        RawPeer peer = peer(way);
        for (Map.Entry<String, String> expected : answers.entrySet()) {
            assertThat(peer.connect(expected.getKey()).headers())
                    .as(expected.getKey())
                    .containsEntry("heart-beat", expected.getValue());
        }
    }

    // 1.5: a lone line feed in a second's time, and the end of a peer that promised some and sends none
    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "TLS_1_2"}) // it takes seconds
    void heartBeatsComeAndAreExpected(Way way) throws IOException {
        RawPeer asks = peer(way);
        asks.connect("0,1000");
        RawPeer promises = peer(way);
        promises.connect("1000,0");
        asks.assertSilentFor(200); // the line feeds that follow every frame
        long since = System.nanoTime();
        for (int i = 0; i < 2; i++) {
            assertThat(asks.read()).isEqualTo('\n');
        }
        assertThat(Duration.ofNanos(System.nanoTime() - since))
                .as("two beats, each after at most a second; the rest is for a host whose CPUs are taken")
                .isBetween(Duration.ofMillis(900), Duration.ofMillis(2600));
        assertThat(promises.endsSilently()).isTrue();
    }

    // 1.6: the parser
    @ParameterizedTest
    @EnumSource
    void headersAreReadAsTheyAreWritten(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.send("CONNECT\r\naccept-version:1.2\r\naccept-version:9\r\nhost:a:b\r\n\r\n\0\n\r\n\n");
        assertThat(peer.frame().command()).isEqualTo("CONNECTED");
        peer.send("SUBSCRIBE\nid:x:y\ndestination:q\\c\\\\\nack:auto\n\n\0");
        peer.send(send(REQUESTS, "reply-to:q\\c\\\\\n", ping("1")));

        assertThat(peer.frame().headers())
                .containsEntry("subscription", "x\\cy")
                .containsEntry("destination", "q\\c\\\\");
    }

    // 1.6: what ends a connection
    @ParameterizedTest
    @EnumSource
    void whatIsNoFrameEndsTheConnection(Way way) throws IOException {
        for (String broken : List.of(
                "SEND\nno colon\n\n\0",
                "SEND\ndestination:" + REQUESTS + "\ncontent-length:1\n\n{}\0",
                "ACK\nid:1\n\n\0",
                "NACK\nid:1\n\n\0",
                "BEGIN\n\n\0",
                "STOMP\naccept-version:1.2\n\n\0")) {
            RawPeer peer = peer(way);
            peer.connect(null);
            peer.byteByByte(false).send(broken);
            assertThat(peer.frame().command()).as(broken).isEqualTo("ERROR");
            assertThat(peer.endsSilently()).as(broken).isTrue();
        }
    }

    // 1.6: the table of frames
    @ParameterizedTest
    @EnumSource
    void framesAreAnsweredAsTheTableHasThem(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.send("CONNECT\naccept-version:1.1,1.2\n\n\0CONNECT\nhost:null\n\n\0");
        assertThat(peer.connect(null).body()).isEqualTo("Version unsupported");
        peer.send("SUBSCRIBE\nid:1\n\n\0SUBSCRIBE\ndestination:d\n\n\0SUBSCRIBE\nid:1\ndestination:d\nreceipt:7\n\n\0"
                + "SUBSCRIBE\nid:1\ndestination:e\n\n\0UNSUBSCRIBE\n\n\0UNSUBSCRIBE\nid:9\n\n\0"
                + "SEND\ndestination:nobody\n\n{}\0SEND\n\n{}\0SEND\ndestination:d.x\n\nhello\0"
                + "UNSUBSCRIBE\nid:1\n\n\0SEND\ndestination:d.x\n\nhello\0");

        assertThat(error(peer)).isEqualTo("Version unsupported");
        assertThat(peer.frame().command()).isEqualTo("CONNECTED");
        assertThat(error(peer)).isEqualTo("Missing destination or subscription id header");
        assertThat(error(peer)).isEqualTo("Missing destination or subscription id header");
        assertThat(error(peer)).isEqualTo("Subscription id already exists");
        assertThat(error(peer)).isEqualTo("Missing id header");
        assertThat(error(peer)).isEqualTo("Subscription not available");
        assertThat(error(peer)).isEqualTo("Subscription not available");
        Frame copy = peer.frame();
        assertThat(copy.body()).isEqualTo("hello");
        assertThat(copy.headers()).containsEntry("destination", "d.x").containsEntry("subscription", "1");
        assertThat(error(peer)).isEqualTo("Subscription not available");
        peer.send(send(REQUESTS + ".below", "", ping("1")));
        assertThat(peer.frame().json().get("id").textValue()).isEqualTo("1");
    }

    private static String error(RawPeer peer) throws IOException {
        Frame frame = peer.frame();
        assertThat(frame.command()).isEqualTo("ERROR");
        assertThat(frame.headers()).doesNotContainKey("message");
        return frame.body();
    }

    // 1.6: the end
    @ParameterizedTest
    @EnumSource
    void disconnectIsReceipted(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.connect("10000,10000"); // as the engine never does: else an event could come in between
        peer.send("UNSUBSCRIBE\nid:r\n\n\0DISCONNECT\nreceipt:77\n\n\0");
        Frame receipt = peer.frame();
        assertThat(receipt.command()).isEqualTo("RECEIPT");
        assertThat(receipt.headers()).containsEntry("receipt-id", "77");
        RawPeer other = peer(way);
        other.connect("10000,10000");
        other.send("DISCONNECT\n\n\0");
        assertThat(other.endsSilently()).isTrue();
    }

    // 1.7: an answer goes to its requester; events go to all subscribers, and only what comes after SUBSCRIBE
    @ParameterizedTest
    @EnumSource
    void answersGoToTheRequesterAndEventsToAllSubscribers(Way way) throws IOException {
        EnginePeer first = engine(way);
        EnginePeer second = engine(Way.PLAIN);
        RawPeer late = peer(way);
        late.connect("10000,10000"); // certainly no engine, which would get events anyway
        late.subscribe("r", RESPONSES);
        UUID vm = UUID.randomUUID();
        assertThat(second.call("Host.ping2", "{}").booleanValue()).isTrue();
        first.create("both-" + vm, vm);
        for (EnginePeer each : List.of(first, second)) {
            each.statusEvent(vm, "WaitForLaunch");
            each.statusEvent(vm, "Up");
            assertThat(each.destinations()).contains(EVENTS);
        }
        late.subscribe("e", EVENTS);
        late.request(ping("1"));
        JsonNode told = late.frame().json();
        for (; !told.has("id"); told = late.frame().json()) { // of what happens from now on
            assertThat(told.at("/params/" + vm + "/status").asText())
                    .as("an event of what was before")
                    .isNotIn("WaitForLaunch", "Powering up");
        }
        assertThat(told.get("id").textValue()).isEqualTo("1");
    }

    // 1.7, engine-client 1.2: a connection that looks like the engine's and lost its subscription to events
    @ParameterizedTest
    @EnumSource
    void aLostSubscriptionToEventsIsMadeUpFor(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.connect("0,15000");
        peer.subscribe("r", RESPONSES);
        UUID vm = UUID.randomUUID();
        EnginePeer other = engine(Way.PLAIN);
        other.create("lost-" + vm, vm);
        Frame told = peer.frame();
        while (!told.body().contains(vm.toString())) {
            told = peer.frame(); // another VM's, or the host's network's
        }

        assertThat(told.body()).contains("|virt|VM_status|" + vm);
        assertThat(told.headers()).containsEntry("destination", RESPONSES).containsEntry("subscription", "r");
    }

    // 1.8: a peer host
    @ParameterizedTest
    @EnumSource
    void aPeerHostIsServedAtItsOwnQueueWithObjectsOnly(Way way) throws IOException {
        RawPeer peer = peer(way);
        String queue = UUID.randomUUID().toString();
        assertThat(peer.connect("0,24000").headers()).containsEntry("heart-beat", "24000,0");
        peer.subscribe("s", queue);
        for (int i = 0; i < 5; i++) {
            peer.request(ping("" + i), queue);
        }
        for (int i = 0; i < 5; i++) {
            Frame answer = peer.frame();
            assertThat(answer.headers()).containsEntry("subscription", "s").containsEntry("destination", queue);
            assertThat(answer.json().get("id").textValue()).isEqualTo("" + i);
        }
        UUID vm = UUID.randomUUID();
        engine(way).create("peer-" + vm, vm);
        peer.assertSilentFor(700); // ms: by then an event would have been made up for at a lost subscription's place
    }

    // 1.9: ids are echoed as they are; the same id twice is answered twice
    @ParameterizedTest
    @EnumSource
    void idsComeBackAsTheyCame(Way way) throws IOException {
        RawPeer peer = peer(way);
        peer.connect(null);
        for (String id : List.of("\"0f3e\"", "7", "1.50", "\"é\\u0001\"", "null")) {
            for (int twice = 0; twice < 2; twice++) {
                peer.request("{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\",\"params\":{},\"id\":" + id + "}");
                String body = peer.frame().body();
                EnginePeer.checkAnswer(new ObjectMapper().readTree(body));
                assertThat(body).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":true}");
            }
        }
    }
}
