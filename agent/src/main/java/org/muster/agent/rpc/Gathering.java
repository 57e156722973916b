package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The answers to one message, until all are there.
 *
 * <p>Keeps the order of the requests. Thread-safe: answers come from all threads, each once. Runs {@code whenAll} after
 * the last one, without a lock.
 */
final class Gathering {

    private final boolean batch;
    private final Object lock = new Object();
    private final long maxBytes;
    private final WhenAll whenAll;

    @GuardedBy("lock")
    private final JsonText[] answers;

    @GuardedBy("lock")
    private int missing;

    @GuardedBy("lock")
    private long bytes;

    /** What follows. */
    @FunctionalInterface
    interface WhenAll {
        /**
         * Goes on.
         *
         * @param answer null if nothing has to be answered
         */
        void answered(JsonText answer);
    }

    /** @param maxBytes how large the whole answer to a batch may become */
    Gathering(boolean batch, int requests, long maxBytes, WhenAll whenAll) {
        this.batch = batch;
        this.answers = new JsonText[requests];
        this.missing = requests;
        this.maxBytes = maxBytes;
        this.whenAll = whenAll;
    }

    /** Tells whether an answer of this size still fits; only batches have a bound here. */
    boolean fits(int size) {
        synchronized (lock) {
            return !batch || bytes + size <= maxBytes;
        }
    }

    /** @param answer null for a notification */
    void answered(int index, JsonText answer) {
        JsonText all;
        synchronized (lock) {
            answers[index] = answer;
            bytes += answer == null ? 0 : answer.length();
            missing--;
            if (missing > 0) {
                return;
            }
            all = batch ? joined() : answers[0];
        }
        whenAll.answered(all);
    }

    @GuardedBy("lock")
    private JsonText joined() {
        List<JsonText> given = Arrays.stream(answers).filter(Objects::nonNull).toList();
        return given.isEmpty() ? null : JsonText.array(given);
    }
}
