package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

final class ArgumentsTest {
    @Test
    void roundsHaveADefaultThatCovers95Percent() {
        int rounds = Arguments.parse(List.of("create")).rounds();
        assertThat(Statistics.medianInterval(new double[rounds]).coverage()).isGreaterThanOrEqualTo(0.95);
    }

    @Test
    void roundsAreTaken() {
        assertThat(Arguments.parse(List.of("rpc", "--rounds", "9")))
                .isEqualTo(new Arguments("rpc", 9, OptionalDouble.empty(), 50, false));
        assertThat(Arguments.parse(List.of("soak", "--minutes", "0.5", "--rounds", "2")))
                .isEqualTo(new Arguments("soak", 2, OptionalDouble.of(0.5), 50, false));
    }

    @Test
    void whatIsWrongIsNamed() {
        refused("must be named");
        refused("got 'fast'", "fast");
        refused("got '0'", "create", "--rounds", "0");
        refused("got '1001'", "create", "--rounds", "1001");
        refused("got '--laps 3'", "create", "--laps", "3");
        refused("got '0'", "soak", "--minutes", "0");
        refused("got '-1'", "soak", "--minutes", "-1");
        refused("got ''", "soak", "--minutes");
    }

    private static void refused(String message, String... words) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Arguments.parse(List.of(words)))
                .withMessageContaining(message);
    }

    @Test
    void mondayAndSamplingHaveGuestsAndMondayAModel() {
        assertThat(Arguments.parse(List.of("monday", "--guests", "20")).guests())
                .isEqualTo(20);
        assertThat(Arguments.parse(List.of("monday", "--model")).model()).isTrue();
        assertThat(Arguments.parse(List.of("sampling")).guests()).isEqualTo(100);
        assertThat(Arguments.parse(List.of("sampling", "--guests", "300")).guests())
                .isEqualTo(300);
        refused("got '0'", "monday", "--guests", "0");
        refused("got '--model'", "create", "--model");
    }
}
