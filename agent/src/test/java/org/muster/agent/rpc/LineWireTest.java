package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** JSON lines over a real socket. */
class LineWireTest {

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
    void answersLineByLine() throws IOException {
        peer.send(RawPeer.call("Host.ping", "", "1") + "\r\n\n" + RawPeer.call("Host.ping", "", "2") + "\n");

        assertThat(peer.line()).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":true}");
        assertThat(peer.json().get("id").textValue()).isEqualTo("2");
    }

    @Test
    void servesJsonRpcCompletely() throws IOException {
        peer.send("[]\n");
        assertThat(peer.json().at("/error/code").intValue()).isEqualTo(-32600);
        peer.send("{oops}\n");
        assertThat(peer.json().at("/error/code").intValue()).isEqualTo(-32700);
        String notification = "{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\"}";
        peer.send("[" + notification + "]\n" + notification + "\n" + notification.replace("ping", "nothing") + "\n");
        peer.send("{\"jsonrpc\":\"2.0\",\"method\":\"Test.echo\",\"params\":[5],\"id\":1.50}\n");
        assertThat(peer.line())
                .as("notifications are not answered")
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":1.50,\"result\":5}");
        peer.send("[" + RawPeer.call("Host.ping", "", "x") + "]\n");
        assertThat(peer.line()).isEqualTo("[{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":true}]");
    }

    @Test
    void notificationsAreTurnedOnAndOff() throws IOException {
        rig.publish("before");
        peer.send(RawPeer.call("Events.subscribe", "", "on") + "\n");
        assertThat(peer.json().get("result")).isEqualTo(BooleanNode.TRUE);
        rig.publish("vm-1");
        rig.publishOwnKind("own");

        assertThat(peer.json().get("method").textValue()).isEqualTo("|virt|VM_status|vm-1");
        assertThat(peer.json().get("method").textValue()).isEqualTo("|muster|Own|own");

        peer.send(RawPeer.call("Events.unsubscribe", "", "off") + "\n");
        assertThat(peer.json().get("id").textValue()).isEqualTo("off");
        rig.publish("after");
        peer.send(RawPeer.call("Host.ping", "", "last") + "\n");
        assertThat(peer.json().get("id").textValue()).isEqualTo("last");
    }

    @Test
    void whoEndsItsSideStillGetsItsAnswers() throws IOException {
        peer.sendAndEnd(RawPeer.call("Test.echo", "\"value\":1", "1") + "\n"
                + RawPeer.call("Test.echo", "\"value\":2", "2") + "\n");

        assertThat(peer.json().get("id").textValue()).isIn("1", "2");
        assertThat(peer.json().get("id").textValue()).isIn("1", "2");
        assertThat(peer.line()).isNull();
    }

    @Test
    void theLastLineNeedsNoEnd() throws IOException {
        peer.sendAndEnd(RawPeer.call("Test.echo", "\"value\":1", "1") + "\n" + RawPeer.call("Host.ping", "", "2"));

        assertThat(List.of(
                        peer.json().get("id").textValue(), peer.json().get("id").textValue()))
                .containsExactlyInAnyOrder("1", "2");
        assertThat(peer.line()).isNull();
    }

    @Test
    void halfALineIsAnswered() throws IOException {
        peer.sendAndEnd("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Host.pi");

        assertThat(peer.json().at("/error/code").intValue()).isEqualTo(-32700);
        assertThat(peer.line()).isNull();
    }

    /** More than the loop serves in one turn: some still wait in the buffer when the end is seen. */
    @Test
    void whoEndsItsSideStillGetsManyAnswers() throws IOException {
        int many = 3000;
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < many; i++) {
            requests.append(RawPeer.call("Host.ping", "", "p" + i)).append('\n');
        }
        peer.sendAndEnd(requests.toString());

        for (int i = 0; i < many; i++) {
            assertThat(peer.line()).as("answer %s", i).isNotNull();
        }
        assertThat(peer.line()).isNull();
    }

    @Test
    void theWildcardOfIpv6ServesIpv4Too() throws IOException {
        RpcConfig anywhere =
                RpcConfig.defaults().withListen(RpcConfig.Listen.defaults().withAddress("::", 0));
        try (Rig everywhere = new Rig(anywhere);
                RawPeer local = new RawPeer(everywhere.port())) {
            local.send(RawPeer.call("Host.ping", "", "1") + "\n");
            assertThat(local.json().get("id").textValue()).isEqualTo("1");
        }
    }

    @Test
    void aLargeAnswerArrivesWhole() throws IOException {
        peer.send(RawPeer.call("Test.large", "\"bytes\":3000000", "1") + "\n");

        assertThat(peer.json().get("result").textValue()).hasSize(3_000_000);
    }

    @Test
    void manyLargeAnswersAskedForAtOnceAllArrive() throws IOException {
        String request = RawPeer.call("Test.large", "\"bytes\":400000", "1") + "\n";
        peer.send(request.repeat(200)); // five times the bound on waiting output

        for (int i = 0; i < 200; i++) {
            assertThat(peer.json().get("result").textValue()).hasSize(400_000);
        }
        assertThat(rig.count("rpc.slow-readers.closed")).isZero();
    }
}
