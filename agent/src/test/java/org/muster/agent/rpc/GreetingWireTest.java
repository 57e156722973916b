package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.RawPeer.Frame;

/** What an engine that comes back is told first. */
class GreetingWireTest {
    private final AtomicInteger greetings = new AtomicInteger();
    private final AtomicBoolean ready = new AtomicBoolean(true);
    private Rig rig;
    private RawPeer peer;

    @BeforeEach
    void start() throws IOException {
        rig = new Rig();
        peer = new RawPeer(rig.port());
        rig.hub.greetWith(ready::get, () -> {
            greetings.incrementAndGet();
            return Optional.of(new NotificationHub.Notice(
                    "|virt|VM_status|all", JsonNodeFactory.instance.objectNode().put("notify_time", 7)));
        });
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        rig.close();
    }

    private static String method(JsonNode message) {
        return message.path("method").asText();
    }

    @Test
    void anEngineIsGreetedOnceAndBeforeAllElse() throws IOException {
        peer.subscribe("e", Route.EVENTS);
        peer.subscribe("r", Route.RESPONSES);
        peer.connect("0,15000");
        Frame first = peer.frame();
        rig.publish("one");
        Frame second = peer.frame();

        assertThat(first.headers()).containsEntry("destination", Route.EVENTS).containsEntry("subscription", "e");
        assertThat(method(first.json())).isEqualTo("|virt|VM_status|all");
        assertThat(method(second.json())).isEqualTo("|virt|VM_status|one");
        assertThat(greetings).hasValue(1);
    }

    @Test
    void oneWhoseSubscriptionGotLostIsGreetedWhenThatIsKnown() throws IOException {
        peer.connect("0,15000");
        peer.subscribe("r", Route.RESPONSES);

        Frame first = peer.frame();

        assertThat(first.headers()).containsEntry("destination", Route.RESPONSES);
        assertThat(method(first.json())).isEqualTo("|virt|VM_status|all");
    }

    @Test
    void oneThatCameBeforeAllWasKnownIsGreetedWhenItIs() throws IOException {
        ready.set(false);
        peer.subscribe("e", Route.EVENTS);
        peer.connect("0,15000");
        rig.publish("one");
        assertThat(method(peer.frame().json())).isEqualTo("|virt|VM_status|one");

        ready.set(true);
        rig.publish("two");

        List<String> told = new ArrayList<>();
        while (told.size() < 2) { // in one frame or in two
            JsonNode json = peer.frame().json();
            (json.isArray() ? json : List.of(json)).forEach(message -> told.add(method(message)));
        }
        assertThat(told).containsExactlyInAnyOrder("|virt|VM_status|two", "|virt|VM_status|all");
    }

    @Test
    void nothingElseNeedsToHappenForThat() throws IOException {
        ready.set(false);
        peer.subscribe("e", Route.EVENTS);
        peer.connect("0,15000");
        rig.publish("one"); // its frame tells that the connection is known to be the engine's
        assertThat(method(peer.frame().json())).isEqualTo("|virt|VM_status|one");

        ready.set(true);

        assertThat(method(peer.frame().json())).isEqualTo("|virt|VM_status|all");
        assertThat(greetings).hasValue(1);
    }

    @Test
    void nobodyElseIs() throws IOException {
        peer.subscribe("e", Route.EVENTS);
        peer.connect("10000,10000"); // sends heart-beats itself: no engine
        rig.publish("one");

        assertThat(method(peer.frame().json())).isEqualTo("|virt|VM_status|one");
        assertThat(greetings).hasValue(0);
    }

    @Test
    void whereThereIsNothingToTellNothingComes() throws IOException {
        rig.hub.greetWith(() -> true, Optional::empty);
        peer.subscribe("e", Route.EVENTS);
        peer.connect("0,15000");
        rig.publish("one");

        assertThat(method(peer.frame().json())).isEqualTo("|virt|VM_status|one");
    }
}
