package org.muster.agent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainRecord;

/** When the table can be believed. */
class FirstLookTest {
    private static final UUID A = new UUID(0, 1);
    private static final UUID B = new UUID(0, 2);

    private final FirstLook look = new FirstLook(Duration.ofSeconds(2));

    private static long at(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    private static DomainRecord record(UUID id) {
        return new DomainRecord(id, "n" + id, DomainRecord.State.RUNNING, 1, 0);
    }

    @Test
    void nothingIsBelievedBeforeLibvirtdHasListed() {
        look.answered(A, at(1));

        assertThat(look.complete()).isFalse();
        assertThat(look.givenUp(at(100))).isEmpty();
        look.settled();
        assertThat(look.complete()).isFalse();
    }

    @Test
    void anEmptyHostIsCompleteAtOnce() {
        look.listed(List.of(), at(1));

        assertThat(look.complete()).isTrue();
    }

    @Test
    void itIsCompleteWhenEachHasBeenAskedAboutAndStaysSo() {
        look.listed(List.of(record(A), record(B)), at(1));
        look.answered(A, at(1));
        assertThat(look.complete()).isFalse();
        look.answered(B, at(2));

        assertThat(look.complete()).isTrue();
        look.listed(List.of(record(A)), at(3)); // a later link
        assertThat(look.complete()).isTrue();
    }

    @Test
    void whoIsGoneWhenItIsListedAnewIsNotWaitedFor() {
        look.listed(List.of(record(A), record(B)), at(1));
        look.listed(List.of(record(B)), at(9));

        assertThat(look.givenUp(at(10))).as("it was just asked").isEmpty();
        look.answered(B, at(10));
        assertThat(look.complete()).isTrue();
    }

    @Test
    void patienceBeginsWithTheLatestQuestion() {
        look.listed(List.of(record(A)), at(1));
        look.asked(at(9));

        assertThat(look.givenUp(at(10))).isEmpty();
        assertThat(look.givenUp(at(11))).containsExactly(record(A));
    }

    @Test
    void oneThatDoesNotAnswerIsWaitedForOnlyAsLongAsOthersDo() {
        look.listed(List.of(record(A), record(B)), at(1));
        assertThat(look.givenUp(at(2))).isEmpty();
        look.answered(A, at(2));
        assertThat(look.givenUp(at(3))).isEmpty();

        assertThat(look.givenUp(at(4))).containsExactly(record(B));
        assertThat(look.complete()).as("it is not in the table yet").isFalse();
        look.settled();
        assertThat(look.complete()).isTrue();
        assertThat(look.givenUp(at(9))).isEmpty();
    }
}
