package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StompReaderTest {

    private static final RpcConfig.Limits LIMITS = new RpcConfig.Limits(1000, 4, 200, 64, 8, 8, 8, 8, 1000, 1000, 1000);

    @Test
    void readsFramesHoweverTheyAreCut() throws BadInputException {
        String stream = "CONNECT\naccept-version:1.2\nhost:null\n\n\0\n\r\nSUBSCRIBE\r\nid:1\r\ndestination:a\r\n\r\n\0"
                + "SEND\ncontent-length:7\ndestination:q\n\n{\"ä\":1}".replace("content-length:7", "content-length:8")
                + "\0\n";
        for (int chunk = 1; chunk <= stream.length(); chunk++) {
            List<StompFrame> frames = read(stream, chunk);

            assertThat(frames).extracting(StompFrame::command).containsExactly("CONNECT", "SUBSCRIBE", "SEND");
            assertThat(frames.get(1).headers()).containsEntry("id", "1").containsEntry("destination", "a");
            assertThat(new String(frames.get(2).body(), StandardCharsets.UTF_8)).isEqualTo("{\"ä\":1}");
        }
    }

    @Test
    void aBodyOfDeclaredLengthMayHoldNulAndLineFeeds() throws BadInputException {
        assertThat(read("SEND\ncontent-length:5\n\na\0\nb\n\0", 3).get(0).body())
                .isEqualTo("a\0\nb\n".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void takesRawColonsAndKnownEscapesInValues() throws BadInputException {
        StompFrame frame =
                read("SEND\nhost:[::1]:54321\nid:a\\cb\\\\c\\nd\\x\n\n\0", 5).get(0);

        assertThat(frame.headers()).containsEntry("host", "[::1]:54321").containsEntry("id", "a:b\\c\nd\\x");
    }

    @Test
    void theFirstOfARepeatedHeaderCounts() throws BadInputException {
        assertThat(read("SEND\nid:1\nid:2\n\n\0", 100).get(0).headers()).containsEntry("id", "1");
    }

    @Test
    void namesWhatIsWrong() {
        assertBad("SEND\nnocolon\n\n\0", "Header line without a colon: nocolon");
        assertBad("SEND\ncontent-length:x\n\n\0", "content-length must be a number of bytes, got x");
        assertBad("SEND\ncontent-length:-1\n\n\0", "content-length must be a number of bytes, got -1");
        assertBad("SEND\ncontent-length:2\n\nabc\0", "Frame SEND does not end with NUL after its content-length of 2");
        assertBad("SEND\na:1\nb:1\nc:1\nd:1\ne:1\n\n\0", "A frame must have at most 4 headers");
    }

    @Test
    void refusesTooMuchBeforeItHasArrived() {
        assertBad("SEND\ncontent-length:1001\n\n", "Frame too large: content-length 1001");
        assertBad("SEND\ncontent-length:9999999999\n\n", "Frame too large: content-length 9999999999");
        assertBad("SEND\n\n" + "x".repeat(1001), "Frame too large: body");
        assertBad("SEND\nid:" + "x".repeat(200), "Frame headers must be of at most 200 bytes");
    }

    @Test
    void aFrameOfExactlyTheLimitIsTaken() throws BadInputException {
        assertThat(read("SEND\n\n" + "x".repeat(1000) + "\0", 64)).hasSize(1);
        assertThat(read("SEND\ncontent-length:1000\n\n" + "x".repeat(1000) + "\0", 64))
                .hasSize(1);
    }

    private static void assertBad(String stream, String message) {
        for (int chunk : new int[] {1, 7, stream.length()}) {
            assertThatThrownBy(() -> read(stream, chunk))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining(message);
        }
    }

    private static List<StompFrame> read(String stream, int chunk) throws BadInputException {
        StompReader reader = new StompReader(LIMITS);
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        ByteBuf in = Unpooled.buffer();
        List<StompFrame> frames = new ArrayList<>();
        for (int from = 0; from < bytes.length; from += chunk) {
            in.writeBytes(bytes, from, Math.min(chunk, bytes.length - from));
            in.discardReadBytes();
            for (StompFrame frame = reader.next(in); frame != null; frame = reader.next(in)) {
                frames.add(frame);
            }
        }
        return frames;
    }
}
