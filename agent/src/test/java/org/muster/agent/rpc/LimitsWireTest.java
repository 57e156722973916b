package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one peer does wrong must end that peer only. */
class LimitsWireTest {

    private final List<RawPeer> admitted = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (RawPeer peer : admitted) {
            peer.close();
        }
    }

    @Test
    void anOversizeFrameIsAnsweredAndClosedAndOthersGoOn() throws IOException {
        try (Rig rig = new Rig(
                        Rig.config().withLimits(RpcConfig.Limits.defaults().withFrameBytes(1000)));
                RawPeer other = new RawPeer(rig.port());
                RawPeer stomp = new RawPeer(rig.port());
                RawPeer lines = new RawPeer(rig.port())) {
            other.connect(null);
            stomp.connect(null);
            stomp.send("SEND\ndestination:" + Route.REQUESTS + "\ncontent-length:1001\n\n" + "x".repeat(1001) + "\0");
            lines.send("{" + " ".repeat(5000));

            assertThat(stomp.frame().body()).startsWith("Frame too large: content-length 1001");
            assertThat(stomp.endsSilently()).isTrue();
            assertThat(lines.json().at("/error/message").textValue()).contains("at most 1000 bytes");
            assertThat(lines.endsSilently()).isTrue();
            assertThatPings(other);
        }
    }

    @Test
    void connectionsAboveTheLimitAreClosedAndRoomComesBack() throws IOException {
        try (Rig rig =
                new Rig(Rig.config().withLimits(RpcConfig.Limits.defaults().withConnections(2)))) {
            try (RawPeer first = new RawPeer(rig.port());
                    RawPeer second = new RawPeer(rig.port())) {
                first.connect(null);
                second.connect(null);
                try (RawPeer third = new RawPeer(rig.port())) {
                    assertThat(third.endsSilently()).isTrue();
                }
                assertThat(rig.count("rpc.refused")).isEqualTo(1);
                assertThat(rig.count("rpc.connections")).isEqualTo(2);
                second.send("DISCONNECT\n\n\0");
                assertThat(second.endsSilently()).isTrue();
                try (RawPeer third = new RawPeer(rig.port())) {
                    assertThat(third.connect(null).command()).isEqualTo("CONNECTED");
                }
                assertThatPings(first);
            }
        }
    }

    /** The detector would wait for 10 s, and those that said CONNECT would stay for ever. */
    @Test
    void connectionsThatAskForNothingDoNotKeepOthersOut() throws IOException {
        try (Rig rig = new Rig(
                        Rig.config().withLimits(RpcConfig.Limits.defaults().withConnections(4)));
                RawPeer busy = new RawPeer(rig.port());
                RawPeer listens = new RawPeer(rig.port());
                RawPeer silent = new RawPeer(rig.port());
                RawPeer idle = new RawPeer(rig.port())) {
            idle.connect("0,0");
            busy.connect("0,0");
            assertThatPings(busy);
            listens.connect("0,0");
            listens.subscribe("e", Route.EVENTS);
            for (int i = 0; i < 2; i++) {
                assertThat(admittedInTheEnd(rig.port())).isLessThan(TimeUnit.SECONDS.toNanos(5));
            }
            assertThat(silent.endsSilently()).isTrue();
            assertThatPings(busy);
            rig.publish("vm");
            assertThat(listens.frame().json().get("method").textValue()).endsWith("vm");
        }
    }

    /** Stays connected and in use. */
    private long admittedInTheEnd(int port) throws IOException {
        long since = System.nanoTime();
        while (System.nanoTime() - since < TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS)) {
            RawPeer peer = new RawPeer(port);
            try {
                peer.connect("0,0");
                assertThatPings(peer);
                admitted.add(peer);
                return System.nanoTime() - since;
            } catch (IOException e) {
                peer.close(); // refused: nobody has been silent for long enough
            }
        }
        throw new AssertionError("never admitted");
    }

    @Test
    void whoSaysNothingOrTooLittleOrOtherThingsIsClosedSilently() throws IOException {
        RpcConfig.Timing timing = RpcConfig.Timing.defaults().withDetect(Duration.ofMillis(300));
        try (Rig rig = new Rig(Rig.config().withTiming(timing));
                RawPeer silent = new RawPeer(rig.port());
                RawPeer slow = new RawPeer(rig.port());
                RawPeer web = new RawPeer(rig.port())) {
            slow.send("CONN");
            web.send("GET / HTTP/1.1\r\n\r\n");

            assertThat(web.endsSilently()).isTrue();
            assertThat(silent.endsSilently()).isTrue();
            assertThat(slow.endsSilently()).isTrue();
        }
    }

    @Test
    void aMessageThatDoesNotEndIsGivenUp() throws IOException {
        RpcConfig.Timing timing = RpcConfig.Timing.defaults().withFrame(Duration.ofMillis(300));
        try (Rig rig = new Rig(Rig.config().withTiming(timing));
                RawPeer half = new RawPeer(rig.port());
                RawPeer whole = new RawPeer(rig.port())) {
            whole.connect(null);
            half.connect(null);
            half.send("SEND\ndestination:" + Route.REQUESTS + "\ncontent-length:100\n\n{");

            assertThat(half.frame().body()).startsWith("Message not complete");
            assertThat(half.endsSilently()).isTrue();
            assertThatPings(whole);
        }
    }

    @Test
    void aSubscriberThatDoesNotReadIsClosedAndOthersGetEverything() throws IOException {
        RpcConfig.Limits limits = RpcConfig.Limits.defaults().withOutput(200_000, 100_000, 100 << 20);
        try (Rig rig = new Rig(Rig.config().withLimits(limits));
                RawPeer sleeper = new RawPeer(rig.port(), 4096);
                RawPeer reader = new RawPeer(rig.port())) {
            subscribe(sleeper);
            subscribe(reader);
            String name = "n".repeat(10_000);
            int published = 0;
            while (rig.count("rpc.slow-readers.closed") == 0 && published < 3000) {
                rig.publish(name);
                published++;
                assertThat(reader.json().get("method").textValue()).endsWith(name);
            }
            assertThat(rig.count("rpc.slow-readers.closed")).isEqualTo(1);
            reader.send(RawPeer.call("Host.ping", "", "1") + "\n");
            assertThat(reader.json().get("id").textValue()).isEqualTo("1");
        }
    }

    /** To the engine frames go out 10 ms apart, so something nearly always waits on its connection when an answer is made. */
    @Test
    void anAnswerLargerThanTheLimitComesWhileEventsWait() throws IOException {
        RpcConfig.Limits limits = RpcConfig.Limits.defaults().withOutput(100_000, 50_000, 100 << 20);
        try (Rig rig = new Rig(Rig.config().withLimits(limits));
                RawPeer engine = new RawPeer(rig.port())) {
            engine.connect("0,15000");
            engine.subscribe("ev", "jms.queue.events");
            engine.subscribe("rs", "jms.topic.vdsm_responses");
            for (int i = 0; i < 5; i++) {
                rig.publish("before" + i);
                rig.publish("behind" + i);
                engine.request(RawPeer.call("Test.large", "\"bytes\":300000", "large" + i));
                rig.publish("after" + i);
                awaitAnswer(engine, "large" + i);
            }
            assertThat(rig.count("rpc.slow-readers.closed")).isZero();
        }
    }

    @Test
    void whoAsksForMuchAndReadsNothingIsNotReadFromAndThenClosed() throws IOException {
        RpcConfig config = Rig.config()
                .withLimits(RpcConfig.Limits.defaults().withOutput(4 << 20, 1 << 20, 100 << 20))
                .withTiming(RpcConfig.Timing.defaults().withStalledOutput(Duration.ofMillis(700)));
        try (Rig rig = new Rig(config);
                RawPeer greedy = new RawPeer(rig.port(), 4096);
                RawPeer other = new RawPeer(rig.port())) {
            other.connect(null);
            String request = RawPeer.call("Test.large", "\"bytes\":500000", "1") + "\n";
            greedy.send(request.repeat(300));
            for (int i = 0; i < 1_000_000 && rig.count("rpc.slow-readers.closed") == 0; i++) {
                assertThatPings(other);
            }
            assertThat(rig.count("rpc.slow-readers.closed")).isEqualTo(1);
            assertThat(rig.metrics.timer("rpc.verb.Test.large").getCount())
                    .as("requests behind the high-water mark are not served")
                    .isLessThan(100);
        }
    }

    @Test
    void theLargestIsClosedWhenAllTogetherHoldTooMuch() throws IOException {
        RpcConfig.Limits limits = RpcConfig.Limits.defaults().withOutput(64 << 20, 64 << 20, 12 << 20);
        try (Rig rig = new Rig(Rig.config().withLimits(limits));
                RawPeer greedy = new RawPeer(rig.port(), 4096);
                RawPeer other = new RawPeer(rig.port())) {
            other.connect(null);
            greedy.send((RawPeer.call("Test.large", "\"bytes\":1000000", "1") + "\n").repeat(40));
            for (int i = 0; i < 1_000_000 && rig.count("rpc.slow-readers.closed") == 0; i++) {
                assertThatPings(other);
            }
            assertThat(rig.count("rpc.slow-readers.closed")).isEqualTo(1);
            assertThatPings(other);
        }
    }

    @Test
    void aRequestThatIsNeverAnsweredIsAnsweredForItsHandler() throws IOException {
        RpcConfig.Timing timing = RpcConfig.Timing.defaults().withRequest(Duration.ofMillis(200));
        try (Rig rig = new Rig(Rig.config().withTiming(timing));
                RawPeer peer = new RawPeer(rig.port())) {
            peer.connect(null);
            peer.request(RawPeer.call("Test.late", "", "1"));

            assertThat(peer.frame().json().at("/error/code").intValue()).isEqualTo(16);
            assertThat(rig.late.remove().complete(BooleanNode.TRUE)).isTrue();
            assertThatPings(peer);
        }
    }

    @Test
    void manyConnectionsAtOnceAllWork() throws IOException {
        List<RawPeer> peers = new ArrayList<>();
        try (Rig rig = new Rig()) {
            for (int i = 0; i < 200; i++) {
                RawPeer peer = new RawPeer(rig.port());
                peers.add(peer);
                peer.connect(null);
            }
            for (RawPeer peer : peers) {
                assertThatPings(peer);
            }
            assertThat(rig.server().remoteAliveWithin(Duration.ZERO)).isTrue();
        } finally {
            for (RawPeer peer : peers) {
                peer.close();
            }
        }
    }

    @Test
    void aPortThatIsTakenIsNamedAndNothingIsLeft() throws IOException {
        try (Rig rig = new Rig()) {
            RpcConfig taken =
                    Rig.config().withListen(RpcConfig.Listen.defaults().withAddress("127.0.0.1", rig.port()));
            long threads = rpcThreads();

            assertThatThrownBy(() -> new Rig(taken))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:" + rig.port());
            assertThat(rpcThreads()).isEqualTo(threads);
        }
    }

    @Test
    void threadsAreThereFromTheStartAndGoneAfterTheEnd() throws IOException {
        assertThat(rpcThreads()).isZero();
        Rig rig = new Rig();
        assertThat(rpcThreads()).isEqualTo(8);
        try (RawPeer peer = new RawPeer(rig.port())) {
            peer.connect(null);
            assertThatPings(peer);
            assertThat(rpcThreads()).isEqualTo(8);
            rig.close();
            assertThat(peer.endsSilently()).isTrue();
        }
        rig.close();
        assertThat(rpcThreads()).isZero();
    }

    private static long rpcThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("rpc-"))
                .count();
    }

    private static void awaitAnswer(RawPeer stomp, String id) throws IOException {
        String body = "";
        while (!body.contains("\"id\":\"" + id + "\"")) {
            body = stomp.frame().body();
        }
    }

    private static void subscribe(RawPeer peer) throws IOException {
        peer.send(RawPeer.call("Events.subscribe", "", "s") + "\n");
        assertThat(peer.json().get("id").textValue()).isEqualTo("s");
    }

    private static void assertThatPings(RawPeer stomp) throws IOException {
        stomp.request(RawPeer.call("Host.ping", "", "p"));
        assertThat(stomp.frame().json().get("result")).isEqualTo(BooleanNode.TRUE);
    }
}
