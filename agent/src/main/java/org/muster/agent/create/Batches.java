package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The answers given to batches, so that one that comes again gets the same answer and starts nothing.
 *
 * <p>Thread-safe; never blocks.
 */
final class Batches {
    private static final int KEPT = 1000; // as many as the journal keeps
    private static final int KEPT_VERDICTS = 20_000; // of them together, in memory

    /**
     * A batch that was asked for.
     *
     * @param verdicts how many its answer has
     * @param answer to come, while the first request is being written to the journal
     */
    record Known(String contentHash, int verdicts, CompletableFuture<BatchAnswer> answer) {}

    @GuardedBy("this")
    private final Map<String, Known> known = new LinkedHashMap<>(); // oldest first

    @GuardedBy("this")
    private long verdicts;

    /** Notes the batch; answers null if it is new, else what is known of it. */
    synchronized Known begin(String batchId, Known batch) {
        Known before = known.get(batchId);
        if (before != null) {
            return before;
        }
        known.put(batchId, batch);
        verdicts += batch.verdicts();
        while (known.size() > 1 && (known.size() > KEPT || verdicts > KEPT_VERDICTS)) {
            forget(known.keySet().iterator().next());
        }
        return null;
    }

    synchronized Optional<Known> get(String batchId) {
        return Optional.ofNullable(known.get(batchId));
    }

    /** The batch was not accepted after all. */
    synchronized void forget(String batchId) {
        Known old = known.remove(batchId);
        verdicts -= old == null ? 0 : old.verdicts();
    }
}
