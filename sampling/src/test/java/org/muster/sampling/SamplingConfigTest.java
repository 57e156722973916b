package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SamplingConfigTest {
    private static List<String> problems(String interval, String block, String timeout, String unresponsive) {
        return SamplingConfig.problems(duration(interval), duration(block), duration(timeout), duration(unresponsive))
                .stream()
                .map(SamplingConfig.Problem::toString)
                .toList();
    }

    private static Duration duration(String text) {
        return text == null ? null : Duration.parse("PT" + text);
    }

    @Test
    void theDefaultsAreThoseOfTheManual() {
        assertThat(SamplingConfig.DEFAULT)
                .isEqualTo(new SamplingConfig(
                        Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(3), Duration.ofSeconds(15)));
    }

    @Test
    void everyRuleNamesKeyRuleAndValue() {
        assertThat(problems("99S", "99S", "3S", "200S")).isEmpty();
        assertThat(problems("0.099S", "15S", "3S", "15S"))
                .containsExactly("sampling.interval must be from 100ms to 3600s, got 99ms");
        assertThat(problems("5S", "3601S", "3S", "15S"))
                .containsExactly("sampling.block-interval must be from 100ms to 3600s, got 3601s");
        assertThat(problems("5S", "15S", "0.2S", "15S"))
                .containsExactly("sampling.timeout must be from 250ms to 3600s, got 200ms");
        assertThat(problems("5S", "15S", "3S", null))
                .containsExactly("sampling.unresponsive-after must be set, got nothing");
        assertThat(problems("5S", "4S", "3S", "15S"))
                .containsExactly("sampling.block-interval must be >= sampling.interval (5s), got 4s");
        assertThat(problems("5S", "15S", "3S", "9S"))
                .containsExactly("sampling.unresponsive-after must be >= twice sampling.interval (5s), got 9s");
    }

    @Test
    void allProblemsAreToldAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new SamplingConfig(Duration.ZERO, Duration.ofSeconds(1), Duration.ZERO, Duration.ofSeconds(9)))
                .withMessageContaining("sampling.interval")
                .withMessageContaining("sampling.timeout");
    }
}
