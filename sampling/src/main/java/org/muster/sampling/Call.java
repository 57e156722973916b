package org.muster.sampling;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * One call to the source, from before it is handed to a thread until it returned.
 *
 * <p>Confined to the thread {@code sampler}, but for what is final, which the worker reads, and {@link #thread}.
 */
final class Call {
    /** What a call is for. */
    enum Purpose {
        /** A tier's groups for guests above suspicion. */
        REGULAR,
        /** A tier's groups for suspects. */
        SUSPECT,
        /** The short tier's groups for one frozen guest that seems to be back. */
        PROBE,
        /** What never blocks, for guests that must not be asked for more. */
        SAFE,
        /** Sizes of one disk of one guest. */
        BLOCK_INFO,
        /** Where CPU times come from, with one guest. */
        CPU_ACCOUNT
    }

    /** What became of it. */
    enum Phase {
        ON_TIME,
        /** Late, and somebody is to be found who is to blame for it. */
        LATE,
        /** Nobody waits for it any more. */
        ABANDONED
    }

    final Purpose purpose;
    final Tier tier;
    final List<Guest> guests;
    final Optional<BlockInfoLane.Disk> disk; // of a BLOCK_INFO call
    final long startedAtNanos;
    final int epoch; // the connection it was made on

    volatile String thread = ""; // that makes it: written by that one before it does, read by the sampler

    Phase phase = Phase.ON_TIME;
    long lateAtNanos; // when it becomes late
    long checkAtNanos; // when it is to be examined (again)
    long askAllNanos; // while it is on time and the kernel says nothing, its guests are not asked about before that
    boolean examining; // a control request about it is under way
    boolean settled; // it is known who keeps it, so nobody need be asked any more
    boolean cleared; // as of the last answers, which were about all of its guests, none of these keeps it
    private Set<Guest> unheard = Set.of(); // those whom the last questions have not reached, if it was some

    Call(
            Purpose purpose,
            Tier tier,
            List<Guest> guests,
            Optional<BlockInfoLane.Disk> disk,
            long startedAtNanos,
            int epoch) {
        this.purpose = purpose;
        this.tier = tier;
        this.guests = List.copyOf(guests);
        this.disk = disk;
        this.startedAtNanos = startedAtNanos;
        this.epoch = epoch;
    }

    /** Those to be asked about before the others. */
    Set<Guest> unheard() {
        return unheard;
    }

    /**
     * Takes note of whom a question about its guests has reached; the next ones are about the rest first, until all were reached.
     *
     * @return true if it has reached any of those that were due
     */
    boolean heard(Predicate<Guest> reached) {
        Collection<Guest> due = unheard.isEmpty() ? guests : unheard;
        Set<Guest> left = new LinkedHashSet<>();
        for (Guest guest : due) {
            if (!reached.test(guest)) {
                left.add(guest);
            }
        }
        boolean progress = left.size() < due.size();
        unheard = left;
        return progress;
    }

    /** Brings forward when it becomes late, and when it is to be examined. */
    void noLaterThan(long late, long check) {
        lateAtNanos = late - lateAtNanos < 0 ? late : lateAtNanos;
        checkAtNanos = check - checkAtNanos < 0 ? check : checkAtNanos;
        askAllNanos = check - askAllNanos < 0 ? check : askAllNanos;
    }

    Set<Group> groups() {
        return purpose == Purpose.SAFE ? Tier.NEVER_BLOCKS : tier.groups();
    }

    /** True if it reaches monitors or disks, so that a guest can keep it. */
    boolean reachesMonitor() {
        return purpose != Purpose.SAFE && purpose != Purpose.CPU_ACCOUNT;
    }

    /** True if it is worth while to find out, before its guests are asked about, who of them stands still. */
    boolean kernelFirst() {
        return reachesMonitor() && guests.size() > 1;
    }

    /** True if the tier's cycle is not over before it. */
    boolean countsForCycle() {
        return purpose == Purpose.REGULAR || purpose == Purpose.SUSPECT;
    }

    boolean late() {
        return phase != Phase.ON_TIME;
    }

    long ageNanos(long now) {
        return now - startedAtNanos;
    }
}
