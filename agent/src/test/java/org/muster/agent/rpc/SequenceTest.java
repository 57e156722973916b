package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What one connection asks of workers is done in its order; other connections do not wait for it. */
class SequenceTest {

    private static final int LONG = 100 << 10; // parsed on a worker

    @Test
    void oneConnectionsVerbsKeepTheirOrderHoweverLongTheirMessages() throws IOException {
        try (Rig rig = new Rig();
                RawPeer peer = new RawPeer(rig.port())) {
            peer.connect(null);
            for (int i = 0; i < 200; i++) {
                String padding = i % 5 == 0 ? ",\"extra\":\"" + "x".repeat(LONG) + "\"" : "";
                peer.request(RawPeer.call("Test.echo", "\"value\":" + i + padding, "" + i));
            }
            // The writer packs answers into arrays as it likes: who was called when is what counts.
            int answered = 0;
            while (answered < 200) {
                JsonNode answer = peer.frame().json();
                answered += answer.isArray() ? answer.size() : 1;
            }
            List<Integer> order = rig.calls.stream()
                    .map(call -> call.params().get("value").intValue())
                    .toList();
            assertThat(order).isEqualTo(IntStream.range(0, 200).boxed().toList());
        }
    }

    @Test
    void oneThatBlocksHoldsOneWorkerAndOnlyItsOwn() throws IOException, InterruptedException {
        try (Rig rig = new Rig();
                RawPeer blocked = new RawPeer(rig.port());
                RawPeer other = new RawPeer(rig.port())) {
            blocked.connect(null);
            other.connect(null);
            for (int i = 0; i < 8; i++) {
                blocked.request(RawPeer.call("Test.block", "", "" + i));
            }
            blocked.request(RawPeer.call("Host.ping", "", "monitoring")); // changes nothing: it need not wait
            assertThat(blocked.frame().json().get("id").textValue()).isEqualTo("monitoring");
            assertThat(rig.blocked.tryAcquire(1, Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();

            other.request(RawPeer.call("Test.echo", "\"value\":1", "free"));
            assertThat(other.frame().json().get("id").textValue()).isEqualTo("free");
            assertThat(rig.blocked.availablePermits()).isZero();
        }
    }

    @Test
    void aLongLineIsAnsweredThoughItsSenderHasClosedItsSide() throws IOException {
        try (Rig rig = new Rig();
                RawPeer peer = new RawPeer(rig.port())) {
            peer.sendAndEnd(
                    RawPeer.call("Test.echo", "\"value\":7,\"extra\":\"" + "x".repeat(LONG) + "\"", "1") + "\n");
            assertThat(peer.json().get("result").intValue()).isEqualTo(7);
        }
    }
}
