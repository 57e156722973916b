package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Entries are written ahead only for who comes again before the next samples. */
class ReadersTest {
    private static final long SECOND = 1_000_000_000L;

    private final Readers readers = new Readers();

    @Test
    void nobodyIsExpectedWhoHasNotComeTwice() {
        assertThat(readers.expected(SECOND, 5 * SECOND)).isFalse();
        readers.asked(SECOND);
        assertThat(readers.expected(2 * SECOND, 5 * SECOND)).isFalse();
    }

    @Test
    void whoComesEvery15SecondsIsExpectedInTheLastFive() {
        readers.asked(0);
        readers.asked(15 * SECOND);

        assertThat(readers.expected(18 * SECOND, 5 * SECOND)).isFalse();
        assertThat(readers.expected(23 * SECOND, 5 * SECOND)).isFalse();
        assertThat(readers.expected(28 * SECOND, 5 * SECOND)).isTrue();
    }

    @Test
    void whoHasStoppedIsNotExpectedForEver() {
        readers.asked(0);
        readers.asked(SECOND);

        assertThat(readers.expected(6 * SECOND, 5 * SECOND)).isTrue();
        assertThat(readers.expected(12 * SECOND, 5 * SECOND)).isFalse();
    }
}
