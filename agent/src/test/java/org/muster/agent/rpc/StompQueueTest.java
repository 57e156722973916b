package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StompQueueTest {

    private static final Route RESPONSES = new Route(Route.RESPONSES, "r");
    private static final Route STORAGE = new Route(Route.STORAGE_RESPONSES, "s");
    private static final Route EVENTS = new Route(Route.EVENTS, "e");

    private final StompQueue queue = new StompQueue();

    @Test
    void aloneItStaysAnObject() {
        queue.addAnswer(RESPONSES, json("{\"ä\":1}"), true);

        assertThat(frames())
                .containsExactly("MESSAGE\ndestination:jms.topic.vdsm_responses\nsubscription:r\n"
                        + "content-type:application/json\ncontent-length:8\n\n{\"ä\":1}\0");
    }

    @Test
    void answersOfOneAddressGoTogetherInOrder() {
        queue.addAnswer(RESPONSES, json("1"), true);
        queue.addAnswer(RESPONSES, json("2"), true);
        queue.addAnswer(RESPONSES, json("3"), true);

        assertThat(frames())
                .singleElement()
                .asString()
                .contains("content-length:7\n")
                .endsWith("\n\n[1,2,3]\0");
    }

    @Test
    void addressesAreNotMixedButNotificationsGoWithAnswers() {
        queue.addNotification(EVENTS, json("10"), true);
        queue.addAnswer(RESPONSES, json("1"), true);
        queue.addAnswer(STORAGE, json("2"), true);
        queue.addNotification(EVENTS, json("11"), true);
        queue.addAnswer(RESPONSES, json("3"), true);

        List<String> frames = frames();
        assertThat(frames).hasSize(2);
        assertThat(frames.get(0)).contains("subscription:r").endsWith("[10,1,11,3]\0");
        assertThat(frames.get(1)).contains("subscription:s").endsWith("\n\n2\0");
    }

    @Test
    void notificationsAmongThemselvesGoToTheirOwnAddress() {
        queue.addNotification(EVENTS, json("10"), true);
        queue.addNotification(EVENTS, json("11"), true);

        assertThat(frames())
                .singleElement()
                .asString()
                .contains("destination:jms.queue.events")
                .endsWith("[10,11]\0");
    }

    @Test
    void whatMayNotBePackedGoesAlone() {
        queue.addAnswer(RESPONSES, json("[1]"), false);
        queue.addAnswer(RESPONSES, json("2"), true);
        queue.addAnswer(new Route("peer", "p"), json("3"), false);
        queue.addAnswer(RESPONSES, json("4"), true);

        assertThat(frames())
                .extracting(frame -> frame.substring(frame.indexOf("\n\n") + 2))
                .containsExactly("[1]\0", "[2,4]\0", "3\0");
    }

    @Test
    void whatGoesAloneIsNotOvertakenByWhatGoesToTheSameAddress() {
        queue.addAnswer(RESPONSES, json("1"), true);
        queue.addAnswer(RESPONSES, json("2"), true);
        queue.addAnswer(RESPONSES, json("0"), false);
        queue.addAnswer(RESPONSES, json("3"), true);
        queue.addNotification(EVENTS, json("10"), true);

        assertThat(frames())
                .extracting(frame -> frame.substring(frame.indexOf("\n\n") + 2))
                .containsExactly("[1,2]\0", "0\0", "[3,10]\0");
    }

    @Test
    void framesWithoutJsonAreNotOvertaken() {
        queue.addAnswer(RESPONSES, json("1"), true);
        queue.addControl(new StompReply.Receipt("x:y"));
        queue.addAnswer(RESPONSES, json("2"), true);

        List<String> frames = frames();
        assertThat(frames).hasSize(3);
        assertThat(frames.get(1)).isEqualTo("RECEIPT\nreceipt-id:x\\cy\ncontent-length:0\n\n\0");
    }

    @Test
    void anArrayIsBounded() {
        JsonText large = json("\"" + "x".repeat(StompQueue.MAX_PACKED_BYTES / 2) + "\"");
        queue.addAnswer(RESPONSES, large, true);
        queue.addAnswer(RESPONSES, large, true);

        assertThat(frames()).hasSize(2);
    }

    @Test
    void accountsForWhatItTakes() {
        queue.addAnswer(RESPONSES, json("1"), true);
        queue.addAnswer(RESPONSES, json("234"), true);

        assertThat(queue.take(ByteBufAllocator.DEFAULT).accounted()).isEqualTo(4);
    }

    @Test
    void aMissingSubscriptionLeavesItsHeaderOut() {
        queue.addAnswer(new Route(Route.RESPONSES, ""), json("1"), true);

        assertThat(frames()).singleElement().asString().doesNotContain("subscription");
    }

    private List<String> frames() {
        List<String> frames = new ArrayList<>();
        while (!queue.isEmpty()) {
            frames.add(queue.take(ByteBufAllocator.DEFAULT).frame().toString(StandardCharsets.UTF_8));
        }
        return frames;
    }

    private static JsonText json(String text) {
        return JsonText.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
