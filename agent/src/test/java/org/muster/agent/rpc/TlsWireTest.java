package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.muster.agent.tls.TestPki;
import org.muster.agent.tls.TlsFiles;

/** Who gets in over TLS, how fast, and what the records look like. */
@Tag("alone")
class TlsWireTest {

    private static final Duration ENGINE_GIVES_UP = Duration.ofMillis(450);

    @TempDir
    private Path folder;

    private TestPki pki;

    @BeforeEach
    void certify() {
        pki = TestPki.in(folder);
        pki.issue("engine");
    }

    @Test
    void whoHasNoGoodCertificateIsRefused() throws IOException {
        pki.issueExpired("old");
        TestPki other = TestPki.in(folder.resolve("other"), "Other CA");
        other.issue("stranger");
        try (Rig rig = new Rig(Rig.tls(pki))) {
            for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
                assertRefused(rig, pki.client(protocol, null));
                assertRefused(rig, pki.client(protocol, "old"));
                assertRefused(rig, pki.clientOf(other, protocol, "stranger"));
                assertServed(rig, pki.client(protocol, "engine"));
            }
            assertThat(rig.count("rpc.tls.handshakes.failed")).isEqualTo(6);
            assertThat(rig.count("rpc.connections")).as("the good ones only").isLessThanOrEqualTo(2);
            assertThat(rig.metrics.timer("rpc.tls.handshakes").getCount()).isEqualTo(2);
        }
    }

    @Test
    void theCertificateSaysWhoItIsAndByDefaultItMayOperate() throws IOException {
        try (Rig rig = new Rig(Rig.tls(pki));
                RawPeer peer = new RawPeer(rig.port(), pki.client("TLSv1.2", "engine"))) {
            peer.connect(null);
            peer.request(RawPeer.call("Test.echo", "\"value\":1", "1"));
            peer.frame();

            assertThat(rig.calls.remove().principal())
                    .isEqualTo(new Principal(Principal.Kind.CERTIFICATE, "CN=engine,O=Test", Access.OPERATE));
            peer.request(RawPeer.call("Test.admin", "", "2"));
            assertThat(peer.frame().json().at("/error/message").textValue())
                    .isEqualTo("Access denied: Test.admin needs ADMIN, CN=engine,O=Test holds OPERATE");
            assertThat(rig.server().remoteAliveWithin(Duration.ZERO)).isTrue();
        }
    }

    /** Passwords of consoles are in requests, also in those that are then refused. */
    @Test
    void whoMayOnlyMonitorDoesNotGetTheRequestsOfOthers() throws IOException {
        pki.issue("watcher");
        Map<String, Access> roles = Map.of("watcher", Access.MONITOR, "engine", Access.OPERATE);
        RpcConfig config = Rig.config().withTls(TlsSettings.of(pki.files(), Optional.of(roles)));
        SSLContext operator = pki.client("TLSv1.2", "engine");
        try (Rig rig = new Rig(config);
                RawPeer watcher = new RawPeer(rig.port(), pki.client("TLSv1.2", "watcher"));
                RawPeer other = new RawPeer(rig.port(), operator);
                RawPeer engine = new RawPeer(rig.port(), operator)) {
            for (RawPeer peer : List.of(watcher, other)) {
                peer.connect(null);
                int id = 0;
                for (String topic : List.of(Route.REQUESTS, Route.STORAGE_REQUESTS, "jms.topic", "jms", "open")) {
                    peer.subscribe("s" + id++, topic);
                }
                peer.request("5"); // answered: the subscriptions are known
            }
            assertThat(watcher.frame().json().has("error")).isTrue();
            for (int copies = 0; copies < 4; copies++) {
                other.frame(); // its own
            }
            String secret = RawPeer.call("no.such.verb", "\"password\":\"SECRET\"", "1");
            engine.connect(null);
            engine.request(secret);
            assertThat(engine.frame().json().at("/error/code").intValue()).isEqualTo(-32601);
            engine.send("SEND\ndestination:open\n\nseen\0");

            assertThat(other.frame().body()).isEqualTo(secret);
            assertThat(watcher.frame().body())
                    .as("what comes first, and it was sent last")
                    .isEqualTo("seen");
        }
    }

    @Test
    void rolesAreKeptToAndTheUnlistedAreRefused() throws IOException {
        for (String name : List.of("boss", "watcher", "nobody")) {
            pki.issue(name);
        }
        Map<String, Access> roles =
                Map.of("cn=boss, o=test", Access.ADMIN, "watcher", Access.MONITOR, "engine", Access.OPERATE);
        RpcConfig config = Rig.config().withTls(TlsSettings.of(pki.files(), Optional.of(roles)));
        try (Rig rig = new Rig(config)) {
            assertThat(answer(rig, "boss", "Test.admin").get("result")).isEqualTo(BooleanNode.TRUE);
            assertThat(answer(rig, "engine", "Test.admin").at("/error/message").textValue())
                    .contains("Access denied");
            assertThat(answer(rig, "watcher", "Host.ping").get("result")).isEqualTo(BooleanNode.TRUE);
            assertThat(answer(rig, "watcher", "Test.refuse")
                            .at("/error/message")
                            .textValue())
                    .contains("needs OPERATE, CN=watcher,O=Test holds MONITOR");
            assertRefused(rig, pki.client("TLSv1.2", "nobody"));
            assertRefused(rig, pki.client("TLSv1.3", "nobody"));
        }
    }

    @Test
    void whoMayOnlyLookDoesNotSpeakToOthers() throws IOException {
        RpcConfig config = Rig.config()
                .withTls(TlsSettings.of(
                        pki.files(), Optional.of(Map.of("engine", Access.OPERATE, "host", Access.MONITOR))));
        try (Rig rig = new Rig(config);
                RawPeer engine = new RawPeer(rig.port(), pki.client("TLSv1.2", "engine"));
                RawPeer watcher = new RawPeer(rig.port(), pki.client("TLSv1.2", "host"))) {
            engine.connect(null);
            engine.subscribe("e", Route.EVENTS);
            engine.request(RawPeer.call("Host.ping", "", "1"));
            engine.frame();
            watcher.connect(null);
            watcher.send("SEND\ndestination:" + Route.EVENTS + "\n\n{\"method\":\"|virt|VM_status|x\"}\0");

            assertThat(watcher.frame().body()).isEqualTo("Subscription not available");
            engine.assertSilentFor(100);
        }
    }

    @Test
    void whoIsRevokedWhileTheAgentRunsIsClosedAndNotLetInAgain() throws IOException {
        pki.issue("leaver");
        try (Rig rig = new Rig(quick(pki.files()));
                RawPeer stays = new RawPeer(rig.port(), pki.client("TLSv1.2", "engine"));
                RawPeer leaves = new RawPeer(rig.port(), pki.client("TLSv1.3", "leaver"))) {
            stays.connect(null);
            leaves.connect(null);
            pki.revoke("leaver");
            pki.publishRevoked();

            assertThat(leaves.endsSilently()).isTrue();
            assertRefused(rig, pki.client("TLSv1.2", "leaver"));
            assertServed(rig, pki.client("TLSv1.2", "engine"));
            stays.request(RawPeer.call("Host.ping", "", "1"));
            assertThat(stays.frame().json().get("result")).isEqualTo(BooleanNode.TRUE);
            assertThat((Double)
                            rig.metrics.getGauges().get("rpc.tls.crl.days-left").getValue())
                    .isBetween(29.0, 31.0);
        }
    }

    @Test
    void aRenewedCertificateIsShownToTheNextPeerAndABrokenOneIsNot() throws Exception {
        try (Rig rig = new Rig(quick(pki.files()))) {
            assertThat((Double) rig.metrics
                            .getGauges()
                            .get("rpc.tls.certificate.days-left")
                            .getValue())
                    .isBetween(29.0, 31.0);
            pki.issue("renewed", "-days", "99");
            pki.move("renewed.key", "host.key");
            pki.move("renewed.pem", "host.pem");
            rig.server().reloadCertificates();
            assertThat((Double) rig.metrics
                            .getGauges()
                            .get("rpc.tls.certificate.days-left")
                            .getValue())
                    .isBetween(98.0, 100.0);
            Files.writeString(pki.file("host.pem"), "broken");
            rig.server().reloadCertificates();

            assertServed(rig, pki.client("TLSv1.2", "engine"));
        }
    }

    @Test
    void withoutFilesThereIsNoPortUntilTheyCome() throws Exception {
        Path late = folder.resolve("late");
        TlsFiles files = new TlsFiles(
                late.resolve("ca.pem"), late.resolve("host.pem"), late.resolve("host.key"), late.resolve("crl"), false);
        try (Rig rig = new Rig(quick(files))) {
            assertThat(rig.port()).isZero();
            Files.createDirectory(late);
            for (String name : List.of("ca.pem", "host.key", "host.pem")) {
                Files.copy(pki.file(name), late.resolve(name));
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS);
            while (rig.port() == 0 && System.nanoTime() - deadline < 0) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertServed(rig, pki.client("TLSv1.2", "engine"));
        }
    }

    @Test
    void aPortThatIsTakenIsServedAsSoonAsItIsFree() throws Exception {
        ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        RpcConfig config = quick(pki.files());
        try (Rig rig = new Rig(config.withListen(config.listen().withAddress("127.0.0.1", other.getLocalPort())))) {
            assertThat(rig.port()).isZero();
            other.close();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS);
            while (rig.port() == 0 && System.nanoTime() - deadline < 0) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertServed(rig, pki.client("TLSv1.2", "engine"));
        } finally {
            other.close();
        }
    }

    @Test
    void plaintextToATlsPortAndTlsToAPlainPortAreClosedSilently() throws IOException {
        try (Rig secure = new Rig(Rig.tls(pki));
                Rig plain = new Rig();
                RawPeer toSecure = new RawPeer(secure.port());
                RawPeer one = new RawPeer(secure.port())) {
            toSecure.send("CONNECT\naccept-version:1.2\n\n\0");
            one.send("{");

            assertThat(toSecure.endsSilently()).isTrue();
            assertThat(one.endsSilently()).isTrue();
            assertThatThrownBy(() -> new RawPeer(plain.port(), pki.client("TLSv1.2", "engine")).close())
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void bothAreServedOnOnePortWherePlaintextIsAllowed() throws IOException {
        RpcConfig config = Rig.tls(pki);
        try (Rig rig = new Rig(config.withListen(config.listen().withPlaintextBeyondLoopback(true)));
                RawPeer plain = new RawPeer(rig.port())) {
            assertThat(plain.connect(null).command()).isEqualTo("CONNECTED");
            assertServed(rig, pki.client("TLSv1.2", "engine"));
        }
    }

    @Test
    void aGoodHandshakeIsQuickWhileManyPeersStallAndVerbsTakeAllWorkers() throws Exception {
        SSLContext engine = pki.client("TLSv1.2", "engine");
        List<AutoCloseable> stalled = new ArrayList<>();
        try (Rig rig = new Rig(Rig.tls(pki));
                RawPeer busy = new RawPeer(rig.port(), engine)) {
            busy.connect("0,15000");
            for (int i = 0; i < 8; i++) {
                busy.request(RawPeer.call("Test.block", "", "" + i));
            }
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 50; i++) {
                    stalled.add(stall(rig.port(), engine, i % 3));
                }
                long since = System.nanoTime();
                assertServed(rig, pki.client("TLSv1.2", "engine"));
                assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(ENGINE_GIVES_UP);
            }
            assertThat(rig.count("rpc.tls.handshakes.dropped"))
                    .as("250 stalled, 128 of them kept")
                    .isBetween(100L, 250L);
        } finally {
            for (AutoCloseable one : stalled) {
                one.close();
            }
        }
    }

    /** Says nothing, a part of its hello, or a whole one. */
    private static Socket stall(int port, SSLContext context, int how) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLEngine hello = context.createSSLEngine();
        hello.setUseClientMode(true);
        ByteBuffer bytes = ByteBuffer.allocate(32 << 10);
        hello.wrap(ByteBuffer.allocate(0), bytes);
        int length = how == 0 ? 0 : how == 1 ? bytes.position() / 2 : bytes.position();
        socket.getOutputStream().write(bytes.array(), 0, length);
        return socket;
    }

    @Test
    void whoStallsIsClosedInTheEnd() throws Exception {
        TlsSettings patient = TlsSettings.of(pki.files(), Optional.empty());
        TlsSettings impatient = new TlsSettings(
                patient.files(), patient.roles(), Duration.ofMillis(200), patient.unfinished(), patient.recheck());
        try (Rig rig = new Rig(Rig.config().withTls(impatient))) {
            for (int how = 0; how < 2; how++) {
                try (Socket stalled = stall(rig.port(), pki.client("TLSv1.2", "engine"), how)) {
                    stalled.setSoTimeout((int) Rig.PATIENCE_SECONDS * 1000);
                    assertThat(stalled.getInputStream().read()).isNegative();
                }
            }
        }
    }

    @Test
    void aPeerThatSendsWithoutEndDoesNotKeepAHandshakeWaiting() throws Exception {
        SSLContext context = pki.client("TLSv1.2", "engine");
        try (Rig rig = new Rig(Rig.tls(pki));
                RawPeer first = new RawPeer(rig.port(), context);
                RawPeer second = new RawPeer(rig.port(), context)) {
            String many = (RawPeer.call("Host.ping", "", "1") + "\n").repeat(20_000);
            for (RawPeer peer : List.of(first, second)) { // one on each event loop
                Thread sender = new Thread(() -> {
                    try {
                        peer.send(many);
                    } catch (IOException e) {
                        // the test is over
                    }
                });
                sender.setDaemon(true);
                sender.start();
                assertThat(peer.json().get("id").textValue()).isEqualTo("1");
            }
            long since = System.nanoTime();
            assertServed(rig, pki.client("TLSv1.2", "engine"));
            assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(ENGINE_GIVES_UP);
        }
    }

    @Test
    void aSubscriberThatDoesNotReadIsClosedAndOthersGetEverything() throws IOException {
        RpcConfig config = Rig.tls(pki).withLimits(RpcConfig.Limits.defaults().withOutput(200_000, 100_000, 100 << 20));
        try (Rig rig = new Rig(config);
                RawPeer sleeper = new RawPeer(rig.port(), pki.client("TLSv1.2", "engine"));
                RawPeer reader = new RawPeer(rig.port(), pki.client("TLSv1.3", "engine"))) {
            for (RawPeer peer : List.of(sleeper, reader)) {
                peer.send(RawPeer.call("Events.subscribe", "", "s") + "\n");
                assertThat(peer.json().get("id").textValue()).isEqualTo("s");
            }
            String name = "n".repeat(50_000);
            for (int i = 0; rig.count("rpc.slow-readers.closed") == 0 && i < 3000; i++) {
                rig.publish(name);
                assertThat(reader.json().get("method").textValue()).endsWith(name);
            }
            assertThat(rig.count("rpc.slow-readers.closed")).isEqualTo(1);
            reader.send(RawPeer.call("Host.ping", "", "1") + "\n");
            assertThat(reader.json().get("id").textValue()).isEqualTo("1");
        }
    }

    @Test
    void whoEndsTlsLeavesNothingBehind() throws Exception {
        try (Rig rig = new Rig(Rig.tls(pki))) {
            for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
                try (RawPeer lines = new RawPeer(rig.port(), pki.client(protocol, "engine"));
                        RawPeer stomp = new RawPeer(rig.port(), pki.client(protocol, "engine"))) {
                    lines.send(RawPeer.call("Host.ping", "", "1") + "\n");
                    assertThat(lines.json().get("result")).isEqualTo(BooleanNode.TRUE);
                    stomp.connect(null);
                }
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS);
            while (rig.count("rpc.connections") > 0 && System.nanoTime() - deadline < 0) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(rig.count("rpc.connections")).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2,16384", "TLSv1.3,16367"})
    void largeAnswersFillTheirRecordsAndNoneEndsShort(String protocol, int full) throws Exception {
        try (Rig rig = new Rig(Rig.tls(pki));
                RecordTap tap = new RecordTap(rig.port());
                RawPeer peer = new RawPeer(tap.port(), pki.client(protocol, "engine"))) {
            peer.connect("60000,60000"); // not paced: nothing but the frames
            peer.subscribe("r", Route.RESPONSES);
            for (int records : List.of(1, 3)) {
                for (int bytes = records * 16_384 - 600; bytes < records * 16_384 + 400; bytes += 25) {
                    tap.clear();
                    peer.request(RawPeer.call("Test.large", "\"bytes\":" + bytes, "1"));
                    assertThat(peer.frame().json().get("result").textValue()).hasSize(bytes);
                    List<Integer> lengths = protocol.equals("TLSv1.3") ? tap.plainLengths13() : tap.plainLengths();

                    assertThat(lengths.subList(0, lengths.size() - 1))
                            .as("%s bytes", bytes)
                            .allMatch(length -> length == full);
                    assertThat(lengths.get(lengths.size() - 1))
                            .as("%s bytes", bytes)
                            .isBetween(301, full);
                }
            }
        }
    }

    @Test
    void everyFrameHasARecordOfItsOwn() throws Exception {
        try (Rig rig = new Rig(Rig.tls(pki));
                RecordTap tap = new RecordTap(rig.port());
                RawPeer peer = new RawPeer(tap.port(), pki.client("TLSv1.2", "engine"))) {
            peer.connect("60000,60000");
            tap.clear();
            StringBuilder together = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                together.append(
                        "SEND\ndestination:" + Route.REQUESTS + "\n\n" + RawPeer.call("Host.ping", "", "" + i) + "\0");
            }
            peer.send(together.toString());
            for (int i = 0; i < 50; i++) {
                peer.frame();
            }

            assertThat(tap.plainLengths()).hasSize(50);
        }
    }

    @Test
    void anEngineGetsWhatIsPendingInOneFrameAndThenLineFeedsInPieces() throws Exception {
        try (Rig rig = new Rig(Rig.tls(pki));
                RecordTap tap = new RecordTap(rig.port());
                RawPeer peer = new RawPeer(tap.port(), pki.client("TLSv1.2", "engine"))) {
            peer.connect("0,15000");
            peer.subscribe("r", Route.RESPONSES);
            peer.subscribe("e", Route.EVENTS);
            peer.request(RawPeer.call("Host.ping", "", "1"));
            peer.frame();
            peer.assertSilentFor(200); // the line feeds after it are through
            tap.clear();
            for (int i = 0; i < 30; i++) {
                rig.publish("vm" + i);
            }
            int events = 0;
            int frames = 0;
            while (events < 30) {
                JsonNode body = peer.frame().json();
                events += body.isArray() ? body.size() : 1;
                frames++;
            }
            peer.assertSilentFor(200);
            List<Integer> lengths = tap.plainLengths();

            assertThat(frames).isBetween(1, 5);
            assertThat(lengths).hasSize(frames + 3).endsWith(1, 1, 1);
            assertThat(tap.segments().size() - frames)
                    .as("pieces of three records; on a busy machine two may be read at once")
                    .isBetween(6, 15);
        }
    }

    private static JsonNode answer(Rig rig, String name, TestPki pki, String verb) throws IOException {
        try (RawPeer peer = new RawPeer(rig.port(), pki.client("TLSv1.2", name))) {
            peer.connect(null);
            peer.request(RawPeer.call(verb, "", "1"));
            return peer.frame().json();
        }
    }

    private JsonNode answer(Rig rig, String name, String verb) throws IOException {
        return answer(rig, name, pki, verb);
    }

    /** Looks at the files all the time. */
    static RpcConfig quick(TlsFiles files) {
        TlsSettings usual = TlsSettings.of(files, Optional.empty());
        return Rig.config()
                .withTls(new TlsSettings(
                        usual.files(), usual.roles(), usual.handshake(), usual.unfinished(), Duration.ofMillis(50)));
    }

    static void assertServed(Rig rig, SSLContext client) throws IOException {
        try (RawPeer peer = new RawPeer(rig.port(), client)) {
            assertThat(peer.connect(null).command()).isEqualTo("CONNECTED");
        }
    }

    /** In TLS 1.3 the client has done its part before the server says no. */
    static void assertRefused(Rig rig, SSLContext client) {
        assertThatThrownBy(() -> {
                    try (RawPeer peer = new RawPeer(rig.port(), client)) {
                        peer.connect(null);
                    }
                })
                .isInstanceOf(IOException.class);
    }
}
