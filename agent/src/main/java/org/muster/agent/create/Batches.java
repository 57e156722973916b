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

    /** @param answer to come, while the first request is being written to the journal */
    record Known(String contentHash, CompletableFuture<BatchAnswer> answer) {}

    @GuardedBy("this")
    private final Map<String, Known> known = new LinkedHashMap<>();

    /** Notes the batch; answers null if it is new, else what is known of it. */
    synchronized Known begin(String batchId, String contentHash, CompletableFuture<BatchAnswer> answer) {
        Known before = known.get(batchId);
        if (before != null) {
            return before;
        }
        known.put(batchId, new Known(contentHash, answer));
        if (known.size() > KEPT) {
            known.remove(known.keySet().iterator().next());
        }
        return null;
    }

    synchronized Optional<Known> get(String batchId) {
        return Optional.ofNullable(known.get(batchId));
    }

    /** The batch was not accepted after all. */
    synchronized void forget(String batchId) {
        known.remove(batchId);
    }
}
