package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The answers given to batches, so that one that comes again gets the same answer and starts nothing. One so old that its answer is
 * not kept any more is still known by its id: judged anew, it could start all its VMs a second time.
 *
 * <p>Thread-safe; never blocks.
 */
final class Batches {
    private static final int KEPT = 1000; // as many as the journal keeps
    private static final int KEPT_VERDICTS = 20_000; // of them together, in memory
    private static final long KEPT_CHARS = 8 << 20; // likewise: a refusal has any number of words
    private static final int IDS_KEPT = 20_000; // of those whose answers are not; likewise

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
    private final Set<String> spent = new LinkedHashSet<>(); // ids without their answers, oldest first

    @GuardedBy("this")
    private final Map<String, Long> sizes = new HashMap<>(); // in characters, of those that have been answered

    @GuardedBy("this")
    private long verdicts;

    @GuardedBy("this")
    private long chars;

    /**
     * Notes the batch; answers null if it is new, else what is known of it.
     *
     * @throws CreateRefusedException if all that is known of it is that it has been there (91)
     */
    synchronized Known begin(String batchId, Known batch) throws CreateRefusedException {
        Known before = known.get(batchId);
        if (before != null) {
            return before;
        }
        if (spent.contains(batchId)) {
            throw new CreateRefusedException(
                    CreateService.INVALID_PARAMETER,
                    "batchId " + batchId + " was used before, and its answer is not kept any more: take another one");
        }
        known.put(batchId, batch);
        verdicts += batch.verdicts();
        shrink();
        return null;
    }

    /** The batch's answer has come, and takes so many characters to keep. */
    synchronized void answered(String batchId, long size) {
        if (known.containsKey(batchId)) {
            Long before = sizes.put(batchId, size);
            chars += size - (before == null ? 0 : before);
            shrink();
        }
    }

    @GuardedBy("this")
    private void shrink() {
        while (known.size() > 1 && (known.size() > KEPT || verdicts > KEPT_VERDICTS || chars > KEPT_CHARS)) {
            String oldest = known.keySet().iterator().next();
            drop(oldest);
            spent(oldest);
        }
    }

    /** The batch was answered; how, is not known any more. */
    synchronized void spent(String batchId) {
        spent.add(batchId);
        Iterator<String> oldest = spent.iterator();
        while (spent.size() > IDS_KEPT) {
            oldest.next();
            oldest.remove();
        }
    }

    synchronized Optional<Known> get(String batchId) {
        return Optional.ofNullable(known.get(batchId));
    }

    /** The batch was not accepted after all. */
    synchronized void forget(String batchId) {
        drop(batchId);
        spent.remove(batchId); // its answer may have been let go of before it came
    }

    @GuardedBy("this")
    private void drop(String batchId) {
        Known old = known.remove(batchId);
        verdicts -= old == null ? 0 : old.verdicts();
        Long size = sizes.remove(batchId);
        chars -= size == null ? 0 : size;
    }
}
