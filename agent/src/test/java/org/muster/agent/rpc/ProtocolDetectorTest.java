package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.ProtocolDetector.Verdict;

class ProtocolDetectorTest {

    @Test
    void jsonByItsFirstByte() {
        assertThat(verdict("{")).isEqualTo(Verdict.JSON);
        assertThat(verdict("[")).isEqualTo(Verdict.JSON);
    }

    @Test
    void stompByItsCommands() {
        assertThat(verdict("CONNECT\n")).isEqualTo(Verdict.STOMP);
        assertThat(verdict("SUBSCRIBE")).isEqualTo(Verdict.STOMP);
        assertThat(verdict("SEND\nx:y")).isEqualTo(Verdict.STOMP);
        assertThat(verdict("UNSUBSCRIBE\n")).isEqualTo(Verdict.STOMP);
    }

    @Test
    void aPartOfACommandIsOpen() {
        assertThat(verdict("")).isEqualTo(Verdict.OPEN);
        assertThat(verdict("S")).isEqualTo(Verdict.OPEN);
        assertThat(verdict("UNSUBSCRIB")).isEqualTo(Verdict.OPEN);
    }

    @Test
    void everythingElseIsUnknown() {
        for (String other :
                new String[] {"GET / HTTP/1.1", "STOMP\n", "\nCONNECT", "connect", " {", "\u0016\u0003", "SX"}) {
            assertThat(verdict(other)).as(other).isEqualTo(Verdict.UNKNOWN);
        }
    }

    private static Verdict verdict(String bytes) {
        return ProtocolDetector.verdict(Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1));
    }
}
