package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.RawPeer.Frame;
import org.muster.rig.Await;

/** What an engine that comes back is told first. */
class GreetingWireTest {
    private static final Duration SOON = Duration.ofSeconds(10);

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
    void whereThereIsNothingToTellNothingComesAndIsAskedForOnce() throws IOException {
        rig.hub.greetWith(() -> true, () -> {
            greetings.incrementAndGet();
            return Optional.empty();
        });
        peer.subscribe("e", Route.EVENTS);
        peer.connect("0,15000");
        for (String event : List.of("one", "two", "three")) {
            rig.publish(event);
            assertThat(method(peer.frame().json())).isEqualTo("|virt|VM_status|" + event);
        }
        assertThat(greetings).hasValue(1);
    }

    @Test
    void oneThatDidNotListenWhenItWasMadeIsGreetedWhenItDoes() throws Exception {
        CountDownLatch heardOfIt = new CountDownLatch(1);
        rig.hub.greetWith(() -> true, () -> {
            greetings.incrementAndGet();
            await(heardOfIt);
            return Optional.of(new NotificationHub.Notice(
                    "|virt|VM_status|all", JsonNodeFactory.instance.objectNode().put("notify_time", 7)));
        });
        peer.subscribe("e", Route.EVENTS);
        peer.connect("0,15000");
        Await.until("it is being made", SOON, () -> greetings.get() == 1);
        peer.send("UNSUBSCRIBE\nid:e\n\n\0");
        peer.subscribe("own", "my.queue");
        peer.request(RawPeer.call("Host.ping", "", "1"), "my.queue");
        assertThat(peer.frame().headers()).containsEntry("subscription", "own"); // so that it is known
        heardOfIt.countDown();

        peer.send("UNSUBSCRIBE\nid:own\n\n\0");
        peer.subscribe("f", Route.EVENTS);

        assertThat(peer.frame().headers()).containsEntry("subscription", "f");
        assertThat(greetings).hasValueBetween(1, 2); // the first may have come just in time
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
