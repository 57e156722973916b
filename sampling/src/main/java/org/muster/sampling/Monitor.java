package org.muster.sampling;

import java.util.Set;

/**
 * Whether a sample shows that the guest's monitor has answered.
 *
 * <p>A guest whose job somebody else holds is told without asking its monitor: CPU times, the balloon's size and the
 * disks' names are there then, but not what only the monitor knows.
 */
final class Monitor {
    private Monitor() {}

    /** Did the call get all that it asked for? Whoever lacks something is worth a second question. */
    static boolean answered(GuestStats old, DomainSample sample, Set<Group> asked) {
        if (asked.contains(Group.BLOCK) && !toldDisks(sample)) {
            return false;
        }
        if (asked.contains(Group.BALLOON)) {
            // a source that never tells the balloon's details cannot be measured by them
            boolean tellsDetails = old.memory().map(m -> told(m.balloon())).orElse(false);
            return told(sample.balloon())
                    || (!tellsDetails && sample.cpuTimeNanos().isPresent());
        }
        return asked.contains(Group.BLOCK) && !sample.disks().isEmpty();
    }

    /** The details of a balloon are read with the guest's job held; its present and greatest size always. */
    static boolean told(DomainSample.Balloon balloon) {
        return balloon.rssKib().isPresent()
                || balloon.unusedKib().isPresent()
                || balloon.availableKib().isPresent()
                || balloon.usableKib().isPresent();
    }

    /** True for a guest without disks too: there was nothing to tell. */
    static boolean toldDisks(DomainSample sample) {
        if (sample.disks().isEmpty()) {
            return true;
        }
        for (DomainSample.Disk disk : sample.disks()) {
            if (disk.counters().isPresent()) {
                return true;
            }
        }
        return false;
    }
}
