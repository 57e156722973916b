package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Scanner;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalSocketTest {

    @TempDir
    private Path directory;

    @Test
    void ownUserAdministersAndIsNotRemote() throws IOException {
        try (Rig rig = rig()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
                    .isEqualTo("rw-rw----");
            assertThat(ask(RawPeer.call("Test.admin", "", "1"))).contains("\"result\":true");
            ask(RawPeer.call("Test.echo", "\"value\":1", "1"));

            Call call = rig.calls.remove();
            assertThat(call.remote()).isFalse();
            assertThat(call.principal().kind()).isEqualTo(Principal.Kind.LOCAL);
            assertThat(call.principal().access()).isEqualTo(Access.ADMIN);
            assertThat(rig.server().remoteAliveWithin(Duration.ofDays(1))).isFalse();
        }
        assertThat(socket()).doesNotExist();
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void peersFromElsewhereCannotTakeItsPlaces() throws IOException {
        RpcConfig config =
                config(socket()).withLimits(RpcConfig.Limits.defaults().withConnections(2));
        try (Rig rig = new Rig(config);
                RawPeer first = new RawPeer(rig.port());
                RawPeer second = new RawPeer(rig.port())) {
            first.connect(null);
            second.connect(null);

            assertThat(ask(RawPeer.call("Host.ping", "", "1"))).contains("\"result\":true");
            assertThat(rig.count("rpc.refused")).isZero();
        }
    }

    @Test
    void theFileOfADeadServerIsReplaced() throws IOException {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket()));
        }
        assertThat(socket()).exists();
        try (Rig rig = rig()) {
            assertThat(ask(RawPeer.call("Host.ping", "", "1"))).contains("\"result\":true");
            assertThat(rig.count("rpc.refused")).isZero();
        }
    }

    @Test
    void aLiveServerIsLeftAlone() throws IOException {
        try (Rig rig = rig()) {
            assertThatThrownBy(this::rig).hasMessage(socket() + " is served by another process");
            assertThat(ask(RawPeer.call("Host.ping", "", "1"))).contains("\"result\":true");
            assertThat(rig.count("rpc.refused")).isZero();
        }
    }

    @Test
    void anotherKindOfFileIsNotReplaced() throws IOException {
        Files.writeString(socket(), "precious");

        assertThatThrownBy(this::rig).hasMessage(socket() + " is not a socket, and is not replaced by one");
        assertThat(socket()).hasContent("precious");
    }

    @Test
    void theFileOfASuccessorIsNotRemoved() throws IOException {
        try (Rig rig = rig()) {
            assertThat(rig.port()).isPositive();
            Files.delete(socket());
            Files.writeString(socket(), "somebody else's");
        }
        assertThat(socket()).hasContent("somebody else's");
    }

    @Test
    void aPathThatIsTooLongIsNamed() throws IOException {
        Path deep = Files.createDirectories(directory.resolve("d".repeat(100)));

        assertThatThrownBy(() -> rig(deep.resolve("muster.sock")))
                .hasMessageContaining("at most 107 bytes")
                .hasMessageContaining(deep.toString());
    }

    private Rig rig() throws IOException {
        return rig(socket());
    }

    private static Rig rig(Path path) throws IOException {
        return new Rig(config(path));
    }

    private static RpcConfig config(Path path) {
        return Rig.config().withListen(Rig.config().listen().withSocket(path, Optional.empty()));
    }

    private Path socket() {
        return directory.resolve("m.sock");
    }

    private String ask(String request) throws IOException {
        try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(socket()));
                Scanner answers = new Scanner(Channels.newInputStream(peer), StandardCharsets.UTF_8)) {
            ByteBuffer bytes = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                peer.write(bytes);
            }
            return answers.nextLine();
        }
    }
}
