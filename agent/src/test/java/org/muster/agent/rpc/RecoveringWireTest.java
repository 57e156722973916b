package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What is answered before the table of VMs is complete. */
class RecoveringWireTest {

    @Test
    void verbsAnswer99UntilTheTableIsCompleteAndPingsAnswer() throws IOException {
        try (Rig rig = new Rig();
                RawPeer peer = new RawPeer(rig.port())) {
            rig.ready = false;
            peer.send(RawPeer.call("Test.echo", "\"value\":1", "1") + "\n");
            assertThat(peer.json().at("/error/code").intValue()).isEqualTo(99);
            peer.send(RawPeer.call("Host.ping", "", "2") + "\n");
            assertThat(peer.json().get("result")).isEqualTo(BooleanNode.TRUE);
            peer.send(RawPeer.call("Test.nothing", "", "3") + "\n");
            assertThat(peer.json().at("/error/code").intValue()).isEqualTo(-32601);

            rig.ready = true;
            peer.send(RawPeer.call("Test.echo", "\"value\":1", "4") + "\n");
            assertThat(peer.json().get("result").intValue()).isEqualTo(1);
        }
    }
}
