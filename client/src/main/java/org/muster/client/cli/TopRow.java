package org.muster.client.cli;

import java.util.OptionalDouble;

/**
 * One VM in top.
 *
 * @param rx received a second between its last two samples; likewise sent
 */
record TopRow(StatsRow stats, OptionalDouble rx, OptionalDouble tx) {
    String label() {
        return stats.vm().name().isEmpty() ? stats.vm().id() : stats.vm().name();
    }

    OptionalDouble cpu() {
        return stats.cpuPercent();
    }

    OptionalDouble io() {
        return StatsRow.sum(stats.diskReadRate(), stats.diskWriteRate());
    }

    OptionalDouble net() {
        return StatsRow.sum(rx, tx);
    }

    OptionalDouble age() {
        return stats.age();
    }
}
