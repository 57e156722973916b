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

    /**
     * Did the call get all that it asked for? A busy guest did not tell everything, and may be asked again.
     *
     * @param detailsTold some guest has told its balloon's details; a source that never tells them cannot be measured by them
     */
    static boolean complete(GuestStats old, DomainSample sample, Set<Group> asked, boolean detailsTold) {
        if (asked.contains(Group.BLOCK) && !toldDisks(sample)) {
            return false;
        }
        if (!asked.contains(Group.BALLOON) || told(sample.balloon())) {
            return true;
        }
        boolean usedTo = old.memory().isPresent() && told(old.memory().get().balloon());
        return !usedTo && !(detailsTold && diskless(old));
    }

    /** Of a guest with disks these show whether its monitor answers. */
    private static boolean diskless(GuestStats guest) {
        return guest.block().isPresent() && guest.block().get().disks().isEmpty();
    }

    /**
     * Is there anything in the sample that only the monitor can have told?
     *
     * @param complete as {@link #complete} says
     */
    static boolean answered(DomainSample sample, Set<Group> asked, boolean complete) {
        if (!complete) {
            return false;
        }
        // CPU time alone can be had without the monitor; who asks for the vCPUs too reaches it
        boolean cpu = asked.contains(Group.VCPU) && sample.cpuTimeNanos().isPresent();
        boolean disks = asked.contains(Group.BLOCK) && !sample.disks().isEmpty();
        return cpu || disks;
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
        for (int i = 0; i < sample.disks().size(); i++) {
            if (sample.disks().get(i).counters().isPresent()) {
                return true;
            }
        }
        return false;
    }
}
