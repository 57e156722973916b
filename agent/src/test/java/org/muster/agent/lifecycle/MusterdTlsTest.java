package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.tls.TestPki;

/** TLS as the configuration has it, in a whole {@code musterd} that never finds a libvirtd. */
class MusterdTlsTest {

    private static final String NO_LIBVIRTD = "qemu:///system?socket=/nonexistent";
    private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Host.ping\"}\n";

    @TempDir
    private Path folder;

    @Test
    void servesThoseWhomItsConfigurationLists() throws IOException {
        TestPki pki = TestPki.in(folder.resolve("pki"));
        pki.issue("engine");
        pki.issue("nobody");
        pki.issue("revoked");
        pki.revoke("revoked");
        pki.publishRevoked();
        Map<String, String> settings = settings(pki);
        settings.put("tls.crl", quoted(pki.file("crl.pem")));
        settings.put("tls.roles", "{ engine = \"operate\", revoked = \"operate\" }");
        try (AgentProcess agent = AgentProcess.start(folder.resolve("agent"), NO_LIBVIRTD, settings)) {
            assertThat(ping(agent, pki.client("TLSv1.2", "engine"))).startsWith("{\"jsonrpc\":\"2.0\"");
            assertThatThrownBy(() -> ping(agent, pki.client("TLSv1.2", "revoked")))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> ping(agent, pki.client("TLSv1.2", "nobody")))
                    .isInstanceOf(IOException.class);
            assertThat(agent.log()).contains("certificates read: CN=host");
        }
    }

    @Test
    void withoutFilesOnlyTheLocalSocketIsOpenAndTheLogSaysSo() {
        Path nowhere = folder.resolve("nowhere");
        Map<String, String> settings = new HashMap<>(Map.of(
                "tls.enabled", "true",
                "tls.ca", quoted(nowhere),
                "tls.certificate", quoted(nowhere),
                "tls.key", quoted(nowhere)));
        try (AgentProcess agent = AgentProcess.start(folder.resolve("agent"), NO_LIBVIRTD, settings)) {
            assertThat(agent.tcpPort()).isZero();
            assertThat(folder.resolve("agent").resolve("m.sock")).exists();
            assertThat(agent.log())
                    .contains(
                            "only the local socket is open",
                            " serves on " + agent.folder().resolve("m.sock") + ", the local socket only",
                            "missing [" + nowhere);
        }
    }

    private static Map<String, String> settings(TestPki pki) {
        return new HashMap<>(Map.of(
                "tls.enabled", "true",
                "tls.ca", quoted(pki.file("ca.pem")),
                "tls.certificate", quoted(pki.file("host.pem")),
                "tls.key", quoted(pki.file("host.key"))));
    }

    private static String quoted(Path path) {
        return "\"" + path + "\"";
    }

    private static String ping(AgentProcess agent, SSLContext context) throws IOException {
        try (Socket socket = context.getSocketFactory().createSocket("127.0.0.1", agent.tcpPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(PING.getBytes(StandardCharsets.UTF_8));
            byte[] answer = socket.getInputStream().readNBytes(20);
            if (answer.length == 0) {
                throw new IOException("closed by the agent");
            }
            return new String(answer, StandardCharsets.UTF_8);
        }
    }
}
