package org.muster.sampling;

import java.util.List;
import java.util.Optional;

/**
 * How a call ended.
 *
 * @param samples of a bulk call that succeeded, else empty
 * @param info of a block info call that succeeded
 * @param account of a call about the source of CPU times that succeeded
 * @param failure null if it succeeded
 * @param returnedAtNanos on the sampler's clock, taken by the thread that made the call
 */
record Outcome(
        List<DomainSample> samples,
        Optional<BlockInfo> info,
        Optional<CpuAccount> account,
        Throwable failure,
        long returnedAtNanos) {

    static Outcome of(List<DomainSample> samples, long returnedAtNanos) {
        return new Outcome(samples, Optional.empty(), Optional.empty(), null, returnedAtNanos);
    }

    static Outcome of(BlockInfo info, long returnedAtNanos) {
        return new Outcome(List.of(), Optional.of(info), Optional.empty(), null, returnedAtNanos);
    }

    static Outcome of(CpuAccount account, long returnedAtNanos) {
        return new Outcome(List.of(), Optional.empty(), Optional.of(account), null, returnedAtNanos);
    }

    static Outcome failed(Throwable failure, long returnedAtNanos) {
        return new Outcome(List.of(), Optional.empty(), Optional.empty(), failure, returnedAtNanos);
    }

    boolean succeeded() {
        return failure == null;
    }

    boolean noCallFree() {
        return StatsUnavailableException.is(failure, StatsUnavailableException.Why.NO_CALL_FREE);
    }

    boolean connectionLost() {
        return StatsUnavailableException.is(failure, StatsUnavailableException.Why.CONNECTION_LOST);
    }
}
