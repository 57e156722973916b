package org.muster.sampling;

/**
 * When cycles of one tier are due: every interval, counted from an origin that both tiers share, so that whenever one
 * interval is a multiple of the other both are due in the same moment, and the host is woken once for both.
 *
 * @param originNanos on the sampler's clock
 */
record Rhythm(long intervalNanos, long originNanos) {

    /** The first moment after {@code nanos} at which a cycle is due. */
    long after(long nanos) {
        return nanos + intervalNanos - Math.floorMod(nanos - originNanos, intervalNanos);
    }
}
