package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StompTextTest {

    private static final Route ROUTE = new Route(Route.RESPONSES, "6b9a4a0c-3f0f-4f9f-8d51-6d5c1f0a7b11");
    private static final int HEAD_BYTES = 200; // some more than there are

    /** Whatever the version: the engine's client takes a second for a short record behind a full one. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 6, 61, 970}) // 6: the length gets a digit more; 970: the two cuts are a record apart
    void theLastOfSeveralRecordsIsNeverShortWhereverTheyAreCut(int records) {
        int from = records * StompText.RECORD_BYTES_1_3 - HEAD_BYTES - StompText.LEAST_TAIL_BYTES;
        int to = records * StompText.RECORD_BYTES + StompText.LEAST_TAIL_BYTES;
        for (int length = from; length < to; length += records > 100 ? 97 : 1) {
            int total = framed(length);

            assertLastIsNotShort(total, StompText.RECORD_BYTES);
            assertLastIsNotShort(total, StompText.RECORD_BYTES_1_3);
            assertThat(total - length)
                    .as("%s bytes: no more than it takes", length)
                    .isLessThan(HEAD_BYTES + 700);
        }
    }

    @Test
    void whatFitsIntoOneRecordIsNotPadded() {
        byte[] body = "{}".getBytes(StandardCharsets.US_ASCII);
        ByteBuf frame = StompText.message(ROUTE, JsonText.of(body), UnpooledByteBufAllocator.DEFAULT);

        assertThat(frame.toString(StandardCharsets.UTF_8)).endsWith("\ncontent-length:2\n\n{}\0");
    }

    private static int framed(int length) {
        ByteBuf frame = StompText.message(ROUTE, JsonText.of(new byte[length]), UnpooledByteBufAllocator.DEFAULT);
        String head = frame.toString(0, HEAD_BYTES, StandardCharsets.UTF_8);
        int bodyAt = head.indexOf("\n\n") + 2;
        int told = Integer.parseInt(head.substring(head.lastIndexOf(':', bodyAt) + 1, bodyAt - 2));
        int total = frame.readableBytes();
        frame.release();
        assertThat(told).as("content-length counts the blanks").isEqualTo(total - bodyAt - 1);
        return total;
    }

    private static void assertLastIsNotShort(int total, int recordBytes) {
        int tail = total % recordBytes;
        assertThat(total <= recordBytes || tail == 0 || tail >= StompText.LEAST_TAIL_BYTES)
                .as("%s bytes in records of %s end with %s", total, recordBytes, tail)
                .isTrue();
    }
}
