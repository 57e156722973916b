package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonBytesTest {
    private final JsonBytes json = new JsonBytes(0);

    private String text() {
        return new String(json.toArray(), StandardCharsets.UTF_8);
    }

    @Test
    void numbersAreThoseOfTheLanguage() {
        StringBuilder expected = new StringBuilder();
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            long number = random.nextLong() >> random.nextInt(64); // of every length
            json.add(number);
            json.add(JsonBytes.ascii(" "));
            expected.append(number).append(' ');
        }
        for (long number : new long[] {0, 9, 10, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            json.add(number);
            json.add(JsonBytes.ascii(" "));
            expected.append(number).append(' ');
        }

        assertThat(text()).isEqualTo(expected.toString());
    }

    @Test
    void whatWasAddedIsTakenBack() {
        json.add(JsonBytes.ascii("[1,"));
        int before = json.length();
        json.add("\"ä\"".getBytes(StandardCharsets.UTF_8), 1, 2);

        assertThat(text()).isEqualTo("[1,ä");
        json.truncate(before);
        json.add(2);

        assertThat(text()).isEqualTo("[1,2");
        assertThatThrownBy(() -> json.truncate(5)).isInstanceOf(IllegalArgumentException.class);
    }
}
