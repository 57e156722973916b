package org.muster.sampling;

/**
 * Which calls may be risked: so that those which never come back stay within the budget.
 *
 * <p>A call that is on time may still turn out to hang, so it counts. Suspects are likely to, so the last of the budget
 * is spent on them carefully, one canary at a time, and nothing beyond it. Guests that have answered lately are not
 * likely to, and would be lost without need: they are asked even when the budget is used up, in one call at a time.
 *
 * @param budget how many calls may be stuck
 * @param stuck calls that are late and have not returned
 * @param onTime calls under way that are not late yet
 * @param onTimeSuspects those of them that ask suspects
 */
record Admission(int budget, int stuck, int onTime, int onTimeSuspects) {

    /** A call of guests that are not suspected of anything. */
    boolean regular() {
        return stuck + onTime < budget || (onTime == 0 && stuck <= budget);
    }

    /** How many more calls of suspects may be made side by side; the last place is the canary's. */
    int suspectParts() {
        return Math.max(0, budget - 1 - stuck - onTime);
    }

    /** One small call of suspects. */
    boolean canary() {
        return onTimeSuspects == 0 && stuck + onTime < budget;
    }

    /** True if no suspect can be asked however long we wait for what is on time. */
    boolean exhausted() {
        return stuck >= budget;
    }
}
