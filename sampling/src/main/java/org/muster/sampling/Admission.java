package org.muster.sampling;

/**
 * Which calls may be risked: so that those which never come back stay within the budget, whoever hangs next.
 *
 * <p>A call that is on time may still turn out to hang, so it counts. Suspects are likely to, so the last of the budget
 * is spent on them carefully, one canary at a time. The very last place is kept from them: guests that have answered
 * lately are not likely to hang, and would be lost without need, so they are still asked there, in one call at a time,
 * however many others are frozen. A small budget has no place to keep, since without suspects cleared there is nobody left to ask.
 *
 * @param budget how many calls may be stuck
 * @param stuck calls that are late and have not returned, and those that hang for others
 * @param onTime calls under way that are not late yet
 * @param onTimeSuspects those of them that ask suspects
 */
record Admission(int budget, int stuck, int onTime, int onTimeSuspects) {
    private static final int SMALL = 3; // what a libvirtd as it is installed can bear

    private int forSuspects() {
        return budget > SMALL ? budget - 1 : budget;
    }

    /** A call of guests that are not suspected of anything. */
    boolean regular() {
        return stuck + onTime < budget;
    }

    /** How many regular calls may be made side by side: a host that stalls makes all of them late at once. */
    int regularSideBySide() {
        return Math.max(1, budget / 2);
    }

    /** A call that nobody waits for: it leaves a place to those that are waited for. */
    boolean aside() {
        return stuck + onTime < Math.max(1, budget - 1);
    }

    /** How many more calls of suspects may be made side by side; the last place is the canary's. */
    int suspectParts() {
        return Math.max(0, forSuspects() - 1 - stuck - onTime);
    }

    /** One small call of suspects. */
    boolean canary() {
        return onTimeSuspects == 0 && stuck + onTime < forSuspects();
    }

    /** The very last place is free: for suspects only if there is nobody whom it is kept for. */
    boolean lastPlace() {
        return onTime == 0 && stuck == budget - 1;
    }

    /** True if no suspect can be asked, but in the very last place, however long we wait for what is on time. */
    boolean exhausted() {
        return stuck >= forSuspects();
    }

    /** True if nobody's monitor can be asked however long we wait for what is on time. */
    boolean spent() {
        return stuck >= budget;
    }
}
