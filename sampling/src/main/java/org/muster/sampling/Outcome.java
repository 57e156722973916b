package org.muster.sampling;

import java.util.List;
import java.util.Optional;

/**
 * How a call ended.
 *
 * @param samples of a bulk call that succeeded, else empty
 * @param info of a block info call that succeeded
 * @param failure null if it succeeded
 * @param returnedAtNanos on the sampler's clock, taken by the thread that made the call
 */
record Outcome(List<DomainSample> samples, Optional<BlockInfo> info, Throwable failure, long returnedAtNanos) {

    static Outcome of(List<DomainSample> samples, long returnedAtNanos) {
        return new Outcome(samples, Optional.empty(), null, returnedAtNanos);
    }

    static Outcome of(BlockInfo info, long returnedAtNanos) {
        return new Outcome(List.of(), Optional.of(info), null, returnedAtNanos);
    }

    static Outcome failed(Throwable failure, long returnedAtNanos) {
        return new Outcome(List.of(), Optional.empty(), failure, returnedAtNanos);
    }

    boolean succeeded() {
        return failure == null;
    }

    boolean connectionLost() {
        return failure instanceof StatsUnavailableException e && e.connectionLost();
    }
}
