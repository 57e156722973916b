package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.StompSession.Answer;
import org.muster.agent.rpc.StompSession.Execute;
import org.muster.agent.rpc.StompSession.Goodbye;
import org.muster.agent.rpc.StompSession.Nothing;
import org.muster.agent.rpc.StompSession.Reaction;
import org.muster.agent.rpc.StompSession.Send;

class StompSessionTest {

    private static final long NOW = TimeUnit.HOURS.toNanos(5);
    private static final long LATER = NOW + TimeUnit.MILLISECONDS.toNanos(500);

    private final List<String> told = new ArrayList<>();
    private final StompSession session = new StompSession(RpcConfig.defaults(), new Recorded());

    @Test
    void subscribesBeforeConnectAndIsNotAnswered() {
        assertThat(subscribe("1", Route.RESPONSES)).isInstanceOf(Nothing.class);
        assertThat(session.route(Route.RESPONSES)).contains(new Route(Route.RESPONSES, "1"));
    }

    @Test
    void answersHeartBeats() {
        assertHeartBeat("0,15000", "20000,0", 15_000); // the engine's: stable, and sent well before it is due
        assertHeartBeat("0,24000", "24000,0", 18_000);
        assertHeartBeat("0,1000", "20000,0", 1_000); // more often than promised: as it asked
        assertHeartBeat("0,0", "0,0", 0);
        assertHeartBeat("5000,8000", "8000,5000", 6_000);
        assertHeartBeat("500,10", "1000,1000", 750);
        assertHeartBeat("x,1", "0,0", 0);
    }

    @Test
    void pacesUnlessTheClientCannotBeTheEngines() {
        assertThat(session.mayBeEngine()).as("CONNECT may be lost").isTrue();
        connect("0,15000");
        assertThat(session.mayBeEngine()).isTrue();
        connect("1000,15000");
        assertThat(session.mayBeEngine()).isFalse();
        connect(null);
        assertThat(session.mayBeEngine()).isFalse();
    }

    @Test
    void aPeerHostThatListensToItsOwnQueueOnlyIsNotPaced() {
        connect("0,24000");
        assertThat(session.mustBePaced()).as("its subscriptions may be lost").isTrue();
        subscribe("1", "5c6f0d8e");
        assertThat(session.mustBePaced()).isFalse();
        subscribe("2", Route.STORAGE_RESPONSES);
        assertThat(session.mustBePaced()).as("a queue of the engine's").isTrue();
        on("UNSUBSCRIBE", Map.of("id", "2"));
        assertThat(session.mustBePaced()).isFalse();
        on("UNSUBSCRIBE", Map.of("id", "1"));
        assertThat(session.mustBePaced()).isTrue();
        connect("10000,24000");
        assertThat(session.mustBePaced()).isFalse();
    }

    @Test
    void tellsWhatIsWrongInVdsmsWords() {
        assertError(on("CONNECT", Map.of("accept-version", "1.0")), "Version unsupported", false);
        assertError(on("SUBSCRIBE", Map.of("id", "1")), "Missing destination or subscription id header", false);
        assertError(
                on("SUBSCRIBE", Map.of("destination", "1")), "Missing destination or subscription id header", false);
        subscribe("1", "a");
        assertError(subscribe("1", "b"), "Subscription id already exists", false);
        assertError(on("UNSUBSCRIBE", Map.of()), "Missing id header", false);
        assertError(on("CONNECT", Map.of("accept-version", "1.1,1.2")), "Version unsupported", false);
        assertError(on("CONNECT", Map.of()), "Version unsupported", false);
        assertError(on("ACK", Map.of("id", "1")), "Unknown command: ACK", true);
        assertThat(on("UNSUBSCRIBE", Map.of("id", "unknown"))).isInstanceOf(Nothing.class);
    }

    @Test
    void subscriptionsAreBounded() {
        for (int i = 0; i < 64; i++) {
            assertThat(subscribe("id" + i, "d" + i)).isInstanceOf(Nothing.class);
        }
        assertError(subscribe("more", "d"), "A connection must have at most 64 subscriptions", false);
    }

    /** Whatever comes back in headers of ours: the engine's client reads them from 1024 bytes, as they are written. */
    @Test
    void namesAreBoundedByTheirBytesOnTheWire() {
        String fits = "\u00fc".repeat(127) + "x";
        String rule = " must be of at most 255 bytes, escaped, got 256";
        assertThat(subscribe(fits, fits)).isInstanceOf(Nothing.class);
        assertThat(request(on("SEND", Map.of("destination", Route.REQUESTS, "reply-to", fits)))
                        .replyTo())
                .isEqualTo(fits);
        for (String tooLong : List.of("x".repeat(256), "\u00fc".repeat(128), ":".repeat(128), "\n\\".repeat(64))) {
            assertError(subscribe(tooLong, "d"), "id" + rule, false);
            assertError(subscribe("i", tooLong), "destination" + rule, false);
            assertError(on("SEND", Map.of("destination", tooLong)), "destination" + rule, false);
            Map<String, String> request = Map.of("destination", Route.REQUESTS, "reply-to", tooLong);
            assertError(on("SEND", request), "reply-to" + rule, false);
            assertThat(on("DISCONNECT", Map.of("receipt", tooLong)))
                    .isEqualTo(new Goodbye(Optional.of(new StompReply.Fault("receipt" + rule))));
        }
    }

    @Test
    void anAnswerHasNoWayWhereItsAddressWasGivenUpOrIsNobodys() {
        assertThat(session.route(Route.RESPONSES)).as("may be lost").contains(new Route(Route.RESPONSES, ""));
        assertThat(session.route("5c6f0d8e")).as("no client loses that").isEmpty();
        subscribe("1", Route.RESPONSES);
        subscribe("2", Route.RESPONSES);
        subscribe("3", "5c6f0d8e");
        assertThat(session.route("5c6f0d8e")).contains(new Route("5c6f0d8e", "3"));
        on("UNSUBSCRIBE", Map.of("id", "1"));
        assertThat(session.route(Route.RESPONSES))
                .as("its second takes over")
                .contains(new Route(Route.RESPONSES, "2"));
        on("UNSUBSCRIBE", Map.of("id", "2"));
        on("UNSUBSCRIBE", Map.of("id", "3"));
        assertThat(session.route(Route.RESPONSES)).isEmpty();
        assertThat(session.route("5c6f0d8e")).isEmpty();
        assertThat(session.route(Route.STORAGE_RESPONSES)).isPresent();
        subscribe("1", Route.RESPONSES);
        assertThat(session.route(Route.RESPONSES)).contains(new Route(Route.RESPONSES, "1"));
    }

    @Test
    void executesWhatIsSentToTheRequestQueues() {
        Execute plain = request(on("SEND", Map.of("destination", Route.REQUESTS)));
        Execute below = request(on(
                "SEND",
                Map.of(
                        "destination", Route.STORAGE_REQUESTS + ".sub",
                        "reply-to", "r",
                        "ovirtCorrelationId", "flow")));

        assertThat(plain.replyTo()).isEqualTo(Route.RESPONSES);
        assertThat(plain.correlationId()).isEmpty();
        assertThat(below.replyTo()).isEqualTo("r");
        assertThat(below.correlationId()).contains("flow");
    }

    @Test
    void disconnectIsAGoodbyeWithAReceiptIfOneIsAskedFor() {
        assertThat(on("DISCONNECT", Map.of("receipt", "7")))
                .isEqualTo(new Goodbye(Optional.of(new StompReply.Receipt("7"))));
        assertThat(on("DISCONNECT", Map.of())).isEqualTo(new Goodbye(Optional.empty()));
    }

    @Test
    void theEngineGetsNotificationsButNotOurOwnKinds() {
        connect("0,15000");
        subscribe("1", Route.RESPONSES);
        subscribe("2", Route.EVENTS);

        assertThat(session.interest(NOW)).isEqualTo(Interest.ENGINE);
        assertThat(session.eventRoute()).isEqualTo(new Route(Route.EVENTS, "2"));
    }

    @Test
    void aLostSubscriptionIsRecognisedAfterHalfASecond() {
        connect("0,15000");
        subscribe("1", Route.RESPONSES);

        assertThat(session.interest(LATER - 1)).isEqualTo(Interest.UNDECIDED);
        assertThat(session.interest(LATER)).isEqualTo(Interest.ENGINE);
        assertThat(session.eventRoute()).isEqualTo(new Route(Route.RESPONSES, "1"));
    }

    @Test
    void theEngineThatWantsNoHeartBeatsForAWhileLosesNoEventsEither() {
        connect("0,0");
        subscribe("1", Route.RESPONSES);

        assertThat(session.interest(LATER - 1)).isEqualTo(Interest.UNDECIDED);
        assertThat(session.interest(LATER)).isEqualTo(Interest.ENGINE);
    }

    @Test
    void aLostSubscriptionIsNotMadeUpForWhereThatIsTurnedOff() {
        RpcConfig off =
                RpcConfig.defaults().withListen(RpcConfig.Listen.defaults().withLostSubscriptionsMadeUp(false));
        StompSession other = new StompSession(off, new Recorded());
        other.on(frame("CONNECT", Map.of("accept-version", "1.2", "heart-beat", "0,15000")), NOW);
        other.on(frame("SUBSCRIBE", Map.of("id", "r", "destination", Route.RESPONSES)), NOW);

        assertThat(other.interest(LATER)).isEqualTo(Interest.NONE);
    }

    @Test
    void whoOnlyLooksSimilarGetsNothing() {
        connect("0,15000");
        assertThat(session.interest(LATER)).as("no subscription at all").isEqualTo(Interest.NONE);
        subscribe("1", "random");
        assertThat(session.interest(LATER)).as("a peer host").isEqualTo(Interest.NONE);
        subscribe("2", Route.RESPONSES);
        assertThat(session.interest(LATER)).as("more than the responses").isEqualTo(Interest.NONE);
    }

    @Test
    void theStorageConnectionOfTheEngineGetsNothing() {
        connect("0,15000");
        subscribe("1", Route.STORAGE_RESPONSES);

        assertThat(session.interest(LATER)).isEqualTo(Interest.NONE);
    }

    @Test
    void aClientThatOffersHeartBeatsOrNoneIsNotTakenForTheEngine() {
        subscribe("1", Route.RESPONSES);
        assertThat(session.interest(LATER)).as("without CONNECT").isEqualTo(Interest.NONE);
        connect("1000,15000");
        assertThat(session.interest(LATER)).isEqualTo(Interest.NONE);
        connect(null);
        assertThat(session.interest(LATER)).isEqualTo(Interest.NONE);
        subscribe("2", Route.EVENTS);
        assertThat(session.interest(LATER)).as("it gets our own kinds too").isEqualTo(Interest.ALL);
    }

    @Test
    void givingEventsUpIsNotLosingThem() {
        connect("0,15000");
        subscribe("1", Route.RESPONSES);
        subscribe("2", Route.EVENTS);
        on("UNSUBSCRIBE", Map.of("id", "2"));

        assertThat(session.interest(LATER)).isEqualTo(Interest.NONE);
    }

    @Test
    void nothingIsPackedWhereThatIsTurnedOff() {
        RpcConfig off =
                RpcConfig.defaults().withListen(RpcConfig.Listen.defaults().withMessagesPacked(false));
        StompSession other = new StompSession(off, new Recorded());
        other.on(frame("CONNECT", Map.of("accept-version", "1.2", "heart-beat", "0,15000")), NOW);
        other.on(frame("SUBSCRIBE", Map.of("id", "r", "destination", Route.RESPONSES)), NOW);

        assertThat(other.takesArrays(Route.RESPONSES)).isFalse();
    }

    @Test
    void arraysAreForTheEnginesQueuesOnly() {
        connect("0,15000");
        subscribe("1", Route.RESPONSES);
        assertThat(session.takesArrays(Route.RESPONSES)).isTrue();
        assertThat(session.takesArrays("other")).isFalse();
        subscribe("2", "a-random-name");
        assertThat(session.takesArrays(Route.RESPONSES))
                .as("a peer host is there")
                .isFalse();
    }

    @Test
    void whatIsSentElsewhereIsNoRequest() {
        assertThat(((Send) on("SEND", Map.of("destination", "elsewhere"))).request())
                .isEmpty();
        assertThat(((Send) on("SEND", Map.of())).request()).isEmpty();
        assertThat(((Send) on("SEND", Map.of("destination", Route.REQUESTS + "x"))).request())
                .isEmpty();
    }

    @Test
    void everySubscriptionIsToldAndTakenBack() {
        subscribe("1", "a");
        subscribe("2", "b");
        subscribe("1", "again");
        on("UNSUBSCRIBE", Map.of("id", "1"));
        on("UNSUBSCRIBE", Map.of("id", "1"));
        session.ended();

        assertThat(told).containsExactly("+1 a", "+2 b", "-1 a", "-2 b");
    }

    private static Execute request(Reaction reaction) {
        return ((Send) reaction).request().orElseThrow();
    }

    private void assertHeartBeat(String asked, String answer, long silenceMillis) {
        HeartBeat agreed = ((StompReply.Connected) ((Answer) connect(asked)).reply()).heartBeat();

        assertThat(agreed.answer()).isEqualTo(answer);
        assertThat(agreed.silenceNanos()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(silenceMillis));
    }

    private Reaction connect(String heartBeat) {
        Map<String, String> headers = new HashMap<>(Map.of("accept-version", "1.2", "host", "null"));
        if (heartBeat != null) {
            headers.put("heart-beat", heartBeat);
        }
        return on("CONNECT", headers);
    }

    private Reaction subscribe(String id, String destination) {
        return on("SUBSCRIBE", Map.of("id", id, "destination", destination, "ack", "auto"));
    }

    private Reaction on(String command, Map<String, String> headers) {
        return session.on(frame(command, headers), NOW);
    }

    private static StompFrame frame(String command, Map<String, String> headers) {
        return new StompFrame(command, headers, "{}".getBytes(StandardCharsets.UTF_8));
    }

    private static void assertError(Reaction reaction, String text, boolean thenClose) {
        assertThat(reaction).isEqualTo(new Answer(new StompReply.Fault(text), thenClose));
    }

    private final class Recorded implements Subscriptions.Listener {
        @Override
        public void added(String id, String destination) {
            told.add("+" + id + " " + destination);
        }

        @Override
        public void removed(String id, String destination) {
            told.add("-" + id + " " + destination);
        }
    }
}
