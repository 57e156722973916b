package org.muster.agent.rpc;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The latest result of a verb that answers the same to everybody: what was asked before it was begun is answered with it
 * too, so that many who ask at once cost little more than one. Nobody gets a result that is older than his question.
 *
 * <p>Thread-safe.
 */
final class LatestResult {

    private record Taken(long begunAtNanos, JsonText text) {}

    private final AtomicReference<Taken> latest =
            new AtomicReference<>(); // atomic: set by several threads, the youngest stays

    Optional<JsonText> begunSince(long nanos) {
        Taken taken = latest.get();
        return taken == null || taken.begunAtNanos - nanos < 0 ? Optional.empty() : Optional.of(taken.text);
    }

    void put(long begunAtNanos, JsonText text) {
        latest.updateAndGet(
                old -> old != null && old.begunAtNanos - begunAtNanos > 0 ? old : new Taken(begunAtNanos, text));
    }
}
