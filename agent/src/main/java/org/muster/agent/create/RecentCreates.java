package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * The answers to single creates of the last ten minutes: the engine re-sends a request that it believes lost.
 *
 * <p>Thread-safe; never blocks.
 */
final class RecentCreates {
    private static final Duration KEPT = Duration.ofMinutes(10);
    private static final int MOST = 10_000;

    private record Entry(String contentHash, CompletableFuture<BatchAnswer.Verdict> verdict, long atNanos) {}

    private final LongSupplier nanoTime;

    @GuardedBy("this")
    private final Map<UUID, Entry> entries = new LinkedHashMap<>();

    RecentCreates(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Notes the create; answers the verdict of the same one before it, if there is one to repeat.
     *
     * @param stillThere whether the VM of that UUID is still known: once it is gone, asking again means starting again
     */
    synchronized Optional<CompletableFuture<BatchAnswer.Verdict>> begin(
            UUID id, String contentHash, CompletableFuture<BatchAnswer.Verdict> verdict, boolean stillThere) {
        Entry entry = entries.get(id);
        boolean same = entry != null
                && entry.contentHash.equals(contentHash)
                && nanoTime.getAsLong() - entry.atNanos < KEPT.toNanos();
        if (same && (stillThere || !entry.verdict.isDone())) {
            return Optional.of(entry.verdict);
        }
        if (entry == null || !stillThere) {
            entries.remove(id);
            entries.put(id, new Entry(contentHash, verdict, nanoTime.getAsLong()));
            if (entries.size() > MOST) {
                entries.remove(entries.keySet().iterator().next());
            }
        }
        return Optional.empty();
    }

    /** The create was refused: there is nothing to repeat. */
    synchronized void forget(UUID id, CompletableFuture<BatchAnswer.Verdict> verdict) {
        Entry entry = entries.get(id);
        if (entry != null && entry.verdict == verdict) {
            entries.remove(id);
        }
    }

    /** Restores what the journal remembers. */
    synchronized void restore(UUID id, String contentHash, BatchAnswer.Verdict verdict, long atNanos) {
        entries.put(id, new Entry(contentHash, CompletableFuture.completedFuture(verdict), atNanos));
    }
}
