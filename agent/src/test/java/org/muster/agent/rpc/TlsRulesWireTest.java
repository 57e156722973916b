package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.muster.agent.tls.TestPki;

/** What is kept to over TLS beyond the first handshake: renewed and broken files, weak hellos, sessions that are taken up again. */
class TlsRulesWireTest {

    private static final int ALERT = 21; // types of records
    private static final int HANDSHAKE = 22;
    private static final int TLS_1_1 = 0x0302;
    private static final int TLS_1_2 = 0x0303;
    private static final int STRONG = 0xc02b; // ECDHE, ECDSA, AES-128-GCM
    private static final int NO_FORWARD_SECRECY = 0x009c; // RSA, AES-128-GCM
    private static final int NO_AUTHENTICATED_ENCRYPTION = 0xc009; // ECDHE, ECDSA, AES-128-CBC

    @TempDir
    private Path folder;

    private TestPki pki;

    @BeforeEach
    void certify() {
        pki = TestPki.in(folder);
        pki.issue("engine");
    }

    @Test
    void anOpenConnectionSurvivesARenewedPair() throws IOException {
        try (Rig rig = new Rig(TlsWireTest.quick(pki.files()));
                RawPeer open = new RawPeer(rig.port(), pki.client("TLSv1.2", "engine"))) {
            open.connect(null);
            pki.issue("renewed", "-days", "99");
            pki.move("renewed.key", "host.key");
            pki.move("renewed.pem", "host.pem");
            rig.server().reloadCertificates();
            assertThat((Double) rig.metrics
                            .getGauges()
                            .get("rpc.tls.certificate.days-left")
                            .getValue())
                    .isGreaterThan(90);
            open.request(RawPeer.call("Host.ping", "", "1"));

            assertThat(open.frame().json().get("result")).isEqualTo(BooleanNode.TRUE);
        }
    }

    @Test
    void aListOfTheRevokedThatIsNoneLeavesTheOldOneInForce() throws IOException {
        pki.issue("leaver");
        pki.revoke("leaver");
        pki.publishRevoked();
        try (Rig rig = new Rig(TlsWireTest.quick(pki.files()))) {
            TlsWireTest.assertRefused(rig, pki.client("TLSv1.2", "leaver"));
            Files.writeString(pki.file("crl.new"), "junk");
            pki.move("crl.new", "crl.pem");
            rig.server().reloadCertificates();

            TlsWireTest.assertRefused(rig, pki.client("TLSv1.2", "leaver"));
            TlsWireTest.assertServed(rig, pki.client("TLSv1.2", "engine"));
        }
    }

    @Test
    void neitherAnOldVersionNorAWeakSuiteIsTaken() throws IOException {
        try (Rig rig = new Rig(Rig.tls(pki))) {
            assertThat(answerToHello(rig.port(), TLS_1_2, STRONG))
                    .as("the hello is right")
                    .isEqualTo(HANDSHAKE);
            assertThat(answerToHello(rig.port(), TLS_1_1, STRONG, NO_AUTHENTICATED_ENCRYPTION, NO_FORWARD_SECRECY))
                    .isEqualTo(ALERT);
            assertThat(answerToHello(rig.port(), TLS_1_2, NO_FORWARD_SECRECY)).isEqualTo(ALERT);
            assertThat(answerToHello(rig.port(), TLS_1_2, NO_AUTHENTICATED_ENCRYPTION))
                    .isEqualTo(ALERT);
        }
    }

    /** The JDK's own client would not send such hellos. */
    private static int answerToHello(int port, int version, int... suites) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(body);
        out.writeShort(version);
        out.write(new byte[32]); // its random bytes
        out.writeByte(0); // no session
        out.writeShort(2 * suites.length);
        for (int suite : suites) {
            out.writeShort(suite);
        }
        out.writeShort(0x0100); // no compression
        byte[] extensions = {
            0,
            10,
            0,
            4,
            0,
            2,
            0,
            23, // groups: secp256r1
            0,
            11,
            0,
            2,
            1,
            0, // points: uncompressed
            0,
            13,
            0,
            6,
            0,
            4,
            4,
            3,
            4,
            1 // signatures: ECDSA and RSA with SHA-256
        };
        out.writeShort(extensions.length);
        out.write(extensions);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Rig.PATIENCE_SECONDS));
            ByteArrayOutputStream record = new ByteArrayOutputStream();
            DataOutputStream all = new DataOutputStream(record);
            all.writeByte(HANDSHAKE);
            all.writeShort(0x0301);
            all.writeShort(body.size() + 4);
            all.writeInt((1 << 24) | body.size()); // a client's hello
            all.write(body.toByteArray());
            socket.getOutputStream().write(record.toByteArray());
            return socket.getInputStream().read();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aSessionThatIsTakenUpAgainHasTheRoleOfItsCertificate(String protocol) throws IOException {
        pki.issue("watcher");
        RpcConfig config =
                Rig.config().withTls(TlsSettings.of(pki.files(), Optional.of(Map.of("watcher", Access.MONITOR))));
        try (Rig rig = new Rig(config)) {
            SSLContext watcher = pki.client(protocol, "watcher");
            long first = 0;
            for (int i = 0; i < 2; i++) {
                try (SSLSocket socket = open(rig, watcher)) {
                    assertThat(ask(socket, "Test.admin")).contains("CN=watcher,O=Test holds MONITOR");
                    long created = socket.getSession().getCreationTime();
                    first = i == 0 ? created : first;
                    assertThat(created).as("taken up again").isEqualTo(first);
                }
                awaitAnotherMillisecond();
            }
        }
    }

    /** Sessions last for a day, and certificates may end before. */
    @Test
    void aSessionThatIsTakenUpAgainEndsWithItsCertificate() throws Exception {
        Instant ends = Instant.now().plusSeconds(5);
        DateTimeFormatter format =
                DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
        pki.issue("brief", "-startdate", format.format(ends.minusSeconds(3600)), "-enddate", format.format(ends));
        try (Rig rig = new Rig(Rig.tls(pki))) {
            SSLContext brief = pki.client("TLSv1.2", "brief");
            long created;
            try (SSLSocket socket = open(rig, brief)) {
                assertThat(ask(socket, "Host.ping")).contains("\"result\":true");
                created = socket.getSession().getCreationTime();
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS);
            String answer = "";
            while (!answer.isEmpty() || Instant.now().isBefore(ends)) {
                assertThat(System.nanoTime() - deadline).as("never refused").isNegative();
                try (SSLSocket socket = open(rig, brief)) {
                    answer = ask(socket, "Host.ping");
                    assertThat(socket.getSession().getCreationTime())
                            .as("taken up again, not a new one that is refused")
                            .isEqualTo(created);
                }
                TimeUnit.MILLISECONDS.sleep(50); // its end is a time of day
            }
            TlsWireTest.assertServed(rig, pki.client("TLSv1.2", "engine"));
        }
    }

    private static void awaitAnotherMillisecond() {
        long now = System.currentTimeMillis();
        while (System.currentTimeMillis() == now) {
            Thread.onSpinWait();
        }
    }

    private static SSLSocket open(Rig rig, SSLContext context) throws IOException {
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), rig.port());
        plain.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Rig.PATIENCE_SECONDS));
        SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", rig.port(), true);
        secure.startHandshake();
        return secure;
    }

    /** The answer as it comes first; empty if the connection is closed instead. */
    private static String ask(SSLSocket socket, String verb) {
        try {
            socket.getOutputStream().write((RawPeer.call(verb, "", "1") + "\n").getBytes(StandardCharsets.UTF_8));
            byte[] answer = new byte[4096];
            int length = socket.getInputStream().read(answer);
            return length < 0 ? "" : new String(answer, 0, length, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return ""; // closed, with our bytes unread
        }
    }
}
