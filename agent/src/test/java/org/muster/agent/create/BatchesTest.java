package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Which batches are known, how well and for how long. */
class BatchesTest {
    private final Batches batches = new Batches();

    private static Batches.Known batch(int verdicts) {
        return new Batches.Known(
                "h", verdicts, CompletableFuture.completedFuture(new BatchAnswer("", false, List.of())));
    }

    private void all(int from, int to) throws CreateRefusedException {
        for (int i = from; i < to; i++) {
            assertThat(batches.begin("b" + i, batch(1))).isNull();
        }
    }

    @Test
    void oneWhoseAnswerIsNotKeptAnyMoreIsNotNew() throws CreateRefusedException {
        all(0, 1001);

        assertThat(batches.begin("b1", batch(1))).isNotNull();
        assertThatThrownBy(() -> batches.begin("b0", batch(1)))
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(91))
                .hasMessageContaining("used before", "b0");
    }

    @Test
    void norOneThatOthersWithManyVmsHaveDrivenOut() throws CreateRefusedException {
        all(0, 2);
        assertThat(batches.begin("large", batch(20_000))).isNull();

        assertThatThrownBy(() -> batches.begin("b0", batch(1))).hasMessageContaining("used before");
    }

    @Test
    void norOneThatOthersWithLargeAnswersHaveDrivenOut() throws CreateRefusedException {
        all(0, 3);
        for (int i = 0; i < 3; i++) {
            batches.answered("b" + i, 4 << 20);
        }

        assertThatThrownBy(() -> batches.begin("b0", batch(1))).hasMessageContaining("used before");
        assertThat(batches.begin("b1", batch(1))).isNotNull();
        batches.forget("b1");
        batches.forget("b2");
        all(3, 6);
        batches.answered("b3", 8 << 20);
        assertThat(batches.begin("b3", batch(1)))
                .as("what was forgotten counts no more")
                .isNotNull();
    }

    @Test
    void oneThatWasNotAcceptedIsNew() throws CreateRefusedException {
        all(0, 1);
        batches.forget("b0");

        all(0, 1001);
    }

    @Test
    void norIsOneUsedThatWasDrivenOutBeforeItCouldNotBeAccepted() throws CreateRefusedException {
        all(0, 1);
        assertThat(batches.begin("large", batch(20_000))).isNull();
        batches.forget("b0");

        assertThat(batches.begin("b0", batch(1))).isNull();
    }

    @Test
    void notEvenIdsAreKeptForEver() throws CreateRefusedException {
        all(0, 21_001);

        assertThat(batches.begin("b0", batch(1))).isNull();
        assertThatThrownBy(() -> batches.begin("b2", batch(1))).hasMessageContaining("used before");
    }
}
