package org.muster.bench;

/**
 * What a figure of Muster's may be, beside the floor's.
 *
 * @param value the most that is allowed; of a difference, in the metric's unit
 */
record Bound(Judged judged, double value) {
    /** What of a pair of figures is compared with the bound. */
    enum Judged {
        /** Muster's divided by the floor's. */
        RATIO,
        /** Muster's minus the floor's. */
        DIFFERENCE;

        String word() {
            return this == RATIO ? "ratio" : "difference";
        }
    }

    double of(double muster, double floor) {
        return judged == Judged.RATIO ? muster / floor : muster - floor;
    }

    /** Only an interval that lies beyond it altogether misses a bound. */
    boolean holds(Statistics.Interval interval) {
        return interval.low() <= value;
    }
}
