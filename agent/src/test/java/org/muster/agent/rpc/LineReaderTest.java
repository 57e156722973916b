package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineReaderTest {

    @Test
    void readsLinesHoweverTheyAreCutAndSkipsBlankOnes() throws BadInputException {
        String stream = "{\"a\":1}\n\n \r\n[1]\r\n{}\n{";
        for (int chunk = 1; chunk <= stream.length(); chunk++) {
            assertThat(read(stream, chunk, 100)).containsExactly("{\"a\":1}", "[1]\r", "{}");
        }
    }

    @Test
    void refusesALongLineBeforeItsEnd() {
        assertThatThrownBy(() -> read("x".repeat(101), 10, 100))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("at most 100 bytes");
    }

    private static List<String> read(String stream, int chunk, int max) throws BadInputException {
        LineReader reader = new LineReader(max);
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        ByteBuf in = Unpooled.buffer();
        List<String> lines = new ArrayList<>();
        for (int from = 0; from < bytes.length; from += chunk) {
            in.writeBytes(bytes, from, Math.min(chunk, bytes.length - from));
            for (byte[] line = reader.next(in); line != null; line = reader.next(in)) {
                lines.add(new String(line, StandardCharsets.UTF_8));
            }
        }
        return lines;
    }
}
