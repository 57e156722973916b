package org.muster.bench;

/**
 * One metric of Muster's and of the floor's, round by round.
 *
 * @param muster one value a round
 * @param floor the same rounds
 * @param note what the figures are, for a reader who was not there
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never changed or compared
record Measured(String metric, String unit, double[] muster, double[] floor, String note) {
    Measured {
        if (muster.length == 0 || muster.length != floor.length) {
            throw new IllegalArgumentException(
                    metric + " needs as many rounds of both, got " + muster.length + " and " + floor.length);
        }
    }
}
