package org.muster.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsConnectionTest {
    @TempDir
    private static Path folder;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp().on("echo", params -> params);
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    private TlsFront front(String... protocols) throws IOException {
        return new TlsFront(folder, ((AgentAddress.Tcp) agent.address()).port(), protocols);
    }

    private static ConnectOptions options(TlsFront front) throws IOException {
        return ConnectOptions.defaults()
                .withTls(ClientTls.read(
                        front.file("ca.pem"), front.file("client.pem"), front.file("client.key"), false));
    }

    private static AgentAddress address(String host, TlsFront front) {
        return AgentAddress.parse("tls://" + host + ":" + front.port());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void manyCallsOfAllSizesGetTheirResults(String protocol) throws Exception {
        try (TlsFront front = front(protocol);
                MusterConnection connection = MusterConnection.connect(address("localhost", front), options(front))) {
            assertThat(agent.awaitConnect()).containsEntry("host", "localhost");
            List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
            for (int size = 1; size < 2_000_000; size *= 3) {
                answers.add(connection.call("echo", Json.object().put("a", "x".repeat(size))));
            }
            int size = 1;
            for (CompletableFuture<JsonNode> answer : answers) {
                assertThat(answer.get(20, TimeUnit.SECONDS).get("a").asText()).hasSize(size);
                size *= 3;
            }
        }
    }

    @Test
    void anAgentOfAnotherNameIsBelievedOnlyWhenAsked() throws Exception {
        try (TlsFront front = front()) {
            assertThatThrownBy(() -> MusterConnection.connect(address("127.0.0.1", front), options(front)))
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageContaining("TLS failed: No subject alternative names matching IP address 127.0.0.1");
            ClientTls anyName =
                    ClientTls.read(front.file("ca.pem"), front.file("client.pem"), front.file("client.key"), true);
            MusterConnection.connect(
                            address("127.0.0.1", front),
                            ConnectOptions.defaults().withTls(anyName))
                    .close();
        }
    }

    @Test
    void everyReasonNotToConnectIsTold() throws Exception {
        try (TlsFront front = front();
                ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> MusterConnection.connect(address("localhost", front), ConnectOptions.defaults()))
                    .hasMessageContaining("tls:// needs a certificate");
            assertThatThrownBy(() -> MusterConnection.connect(
                            AgentAddress.parse("tls://localhost:" + silent.getLocalPort()),
                            options(front).withConnectTimeout(Duration.ofMillis(200))))
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageContaining("the TLS handshake took too long");
            ClientTls stranger =
                    ClientTls.read(front.file("client.pem"), front.file("client.pem"), front.file("client.key"), false);
            assertThatThrownBy(() -> MusterConnection.connect(
                            address("localhost", front),
                            ConnectOptions.defaults().withTls(stranger)))
                    .hasMessageContaining("TLS failed:");
            assertThatThrownBy(() -> ClientTls.read(
                            front.file("ca.pem"), front.file("client.pem"), front.file("client-old.key"), false))
                    .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt -in " + front.file("client-old.key"));
            assertThatThrownBy(() -> ClientTls.read(
                            front.file("none.pem"), front.file("client.pem"), front.file("client.key"), false))
                    .hasMessage(front.file("none.pem") + " does not exist");
            Files.writeString(front.file("text.pem"), "");
            assertThatThrownBy(() -> ClientTls.read(
                            front.file("text.pem"), front.file("client.pem"), front.file("client.key"), false))
                    .hasMessage(front.file("text.pem") + " must hold certificates in PEM, and holds none");
        }
    }
}
