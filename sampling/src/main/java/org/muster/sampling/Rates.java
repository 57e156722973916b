package org.muster.sampling;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Rates between two readings of a counter; empty whenever the two do not belong together.
 *
 * @param windowNanos from the earlier reading to the later one
 */
record Rates(long windowNanos) {
    private static final double NANOS_PER_SECOND = 1e9;

    /** Nothing can be said: there is no earlier reading. */
    static final Rates NONE = new Rates(0);

    OptionalDouble perSecond(long before, long after) {
        if (windowNanos <= 0 || after < before) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of((after - before) * NANOS_PER_SECOND / windowNanos);
    }

    OptionalDouble perSecond(OptionalLong before, OptionalLong after) {
        return before.isPresent() && after.isPresent()
                ? perSecond(before.getAsLong(), after.getAsLong())
                : OptionalDouble.empty();
    }

    /** Share of the window in which a time counter ran, in percent of one CPU. */
    OptionalDouble percent(long beforeNanos, long afterNanos) {
        if (windowNanos <= 0 || afterNanos < beforeNanos) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(100.0 * (afterNanos - beforeNanos) / windowNanos);
    }

    /** Nanoseconds per request in the window; empty without requests. */
    OptionalLong latency(long nanosBefore, long nanosAfter, long requestsBefore, long requestsAfter) {
        long requests = requestsAfter - requestsBefore;
        if (windowNanos <= 0 || requests <= 0 || nanosAfter < nanosBefore) {
            return OptionalLong.empty();
        }
        return OptionalLong.of((nanosAfter - nanosBefore) / requests);
    }
}
