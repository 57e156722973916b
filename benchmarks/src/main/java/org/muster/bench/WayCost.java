package org.muster.bench;

/**
 * What a way to sample costs in one interval.
 *
 * @param wallMillis until the values of all guests are there
 * @param threads of the program that samples
 * @param programMillis its CPU
 * @param hypervisorMillis CPU of libvirtd and all QEMUs, beyond what they use when nobody samples
 */
record WayCost(double wallMillis, int threads, double programMillis, double hypervisorMillis) {
    private static final int AGENT = 0; // the first of the processes that were watched
    private static final double MILLIS = 1000;

    /** Of a program of the floor's, while the agent rested. */
    static WayCost ofProgram(Floor.Period busy, Floor.Period idle) {
        double own = MILLIS * busy.own() / busy.wall().length;
        return new WayCost(MILLIS * Statistics.median(busy.wall()), busy.threads(), own, hypervisor(busy, idle));
    }

    static WayCost ofAgent(double wallMillis, int threads, Floor.Period busy, Floor.Period idle) {
        return new WayCost(wallMillis, threads, beyond(busy, idle, AGENT), hypervisor(busy, idle));
    }

    private static double hypervisor(Floor.Period busy, Floor.Period idle) {
        double sum = 0;
        for (int i = AGENT + 1; i < busy.processes().length; i++) {
            sum += beyond(busy, idle, i);
        }
        return sum;
    }

    private static double beyond(Floor.Period busy, Floor.Period idle, int process) {
        double used = busy.processes()[process] / busy.wall().length;
        double usedAnyway = idle.processes()[process] / idle.wall().length;
        return MILLIS * (used - usedAnyway);
    }

    double togetherMillis() {
        return programMillis + hypervisorMillis;
    }
}
