package org.muster.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StompDecoderTest {
    private final StompDecoder decoder = new StompDecoder();

    private List<StompFrame> feed(String text) throws MalformedFrameException {
        ByteBuffer in = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        List<StompFrame> frames = new ArrayList<>();
        for (Optional<StompFrame> frame = decoder.next(in); frame.isPresent(); frame = decoder.next(in)) {
            frames.add(frame.get());
        }
        return frames;
    }

    @Test
    void everySplitOfTwoFramesGivesTheSameTwo() throws Exception {
        String both = "\nMESSAGE\na:1\ncontent-length:3\n\nx\0y\0\n\nERROR\r\nm:q\\c\\\\\r\n\r\ntext\0";
        for (int split = 0; split <= both.length(); split++) {
            List<StompFrame> frames = new ArrayList<>(feed(both.substring(0, split)));
            frames.addAll(feed(both.substring(split)));
            assertThat(frames).as("split at " + split).hasSize(2);
            assertThat(frames.get(0).bodyText()).isEqualTo("x\0y");
            assertThat(frames.get(0).header("a")).isEqualTo("1");
            assertThat(frames.get(1).command()).isEqualTo("ERROR");
            assertThat(frames.get(1).header("m")).isEqualTo("q:\\");
            assertThat(frames.get(1).bodyText()).isEqualTo("text");
        }
    }

    @Test
    void ofARepeatedHeaderTheFirstCountsAndRawColonsArePartOfTheValue() throws Exception {
        StompFrame frame = feed("MESSAGE\nh:a:b\nh:c\n\n\0").get(0);
        assertThat(frame.header("h")).isEqualTo("a:b");
        assertThat(frame.header("absent")).isEmpty();
    }

    @Test
    void connectedIsNotUnescaped() throws Exception {
        assertThat(feed("CONNECTED\nserver:a\\nb\n\n\0").get(0).header("server"))
                .isEqualTo("a\\nb");
    }

    @Test
    void anEmptySizedBodyIsAFrame() throws Exception {
        assertThat(feed("MESSAGE\ncontent-length:0\n\n\0").get(0).body()).isEmpty();
    }

    @Test
    void whatIsNoStompIsRefused() {
        assertRefused("GET / HTTP\n", "does not speak STOMP");
        assertRefused("MESSAGE\nno header\n", "header without a colon: no header");
        assertRefused("MESSAGE\na:\\t\n", "unknown escape");
        assertRefused("MESSAGE\ncontent-length:x\n\n", "content-length");
        assertRefused("MESSAGE\ncontent-length:-1\n\n", "content-length");
        assertRefused("MESSAGE\ncontent-length:1\n\nxy", "longer than its content-length");
        assertRefused("MESSAGE\nh:" + "x".repeat(70_000), "head of more than 65536 bytes");
    }

    @Test
    void aBodyWithoutLengthIsBoundedToo() throws Exception {
        String chunk = "x".repeat(16 << 20);
        assertThat(feed("MESSAGE\n\n")).isEmpty();
        for (int i = 0; i < 4; i++) {
            assertThat(feed(chunk)).isEmpty();
        }
        assertThatThrownBy(() -> feed("x")).isInstanceOf(MalformedFrameException.class);
    }

    private static void assertRefused(String text, String message) {
        StompDecoderTest fresh = new StompDecoderTest();
        assertThatThrownBy(() -> fresh.feed(text))
                .as(text.substring(0, 10))
                .isInstanceOf(MalformedFrameException.class)
                .hasMessageContaining(message);
    }
}
