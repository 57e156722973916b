package org.muster.agent.upkeep;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.libvirt.DomainDetails.Notes;
import org.muster.libvirt.DomainXml.HostNotes;
import org.muster.libvirt.EngineMetadata.ResumeBehavior;

/**
 * Decides what one guest needs. A guest that a failing disk has paused is tried ever more rarely until it runs, unless the engine
 * wants it left alone; one that the engine would rather have elsewhere is ended after {@link #KILL_AFTER}. Source:
 * engine-contract 5.4.
 *
 * <p>Knows no clock and no thread. Confined to {@code upkeep}.
 */
final class GuestUpkeep {
    /** Storage leases of a host that has lost its storage have run out by then. */
    static final Duration KILL_AFTER = Duration.ofSeconds(80);

    static final Duration FIRST_TRY = Duration.ofSeconds(5);
    static final Duration RAREST_TRY = Duration.ofMinutes(1);
    private static final Duration END_AGAIN = Duration.ofSeconds(10);
    static final Duration JOBS_EVERY = Duration.ofSeconds(15);
    private static final Duration NOTE_AGAIN = Duration.ofSeconds(30); // time for the XML to be read anew
    private static final double NANOS = 1e9;
    private static final double SAME_SECONDS = 0.01;

    private boolean known; // seen before: what its metadata say of a pause may be of an earlier one
    private boolean paused;
    private long pausedSinceNanos;
    private long tryAtNanos;
    private long tryAfterNanos; // how long the next wait is
    private long endAtNanos;
    private long jobsAtNanos;
    private HostNotes noted; // the last that was handed out; null if none was
    private long noteAgainAtNanos;

    /**
     * What to do now, if nothing is being done for it.
     *
     * @param notes what its metadata say
     * @param names what its guest calls its disks, as far as it tells, by target
     * @param merging tells the disks that may have a job that somebody else began
     */
    Optional<Chore> next(Vm vm, Notes notes, Map<String, String> names, Supplier<Set<String>> merging, long nowNanos) {
        boolean byDisk = vm.status() == VmStatus.PAUSED && vm.run().pausedByDisk();
        if (byDisk && !paused) {
            pausedSinceNanos = known ? nowNanos : since(notes, nowNanos);
            tryAfterNanos = FIRST_TRY.toNanos();
            tryAtNanos = nowNanos + tryAfterNanos;
            endAtNanos = pausedSinceNanos + KILL_AFTER.toNanos();
        }
        if (!known) {
            jobsAtNanos = nowNanos;
        }
        paused = byDisk;
        known = true;
        Optional<Chore> chore = end(notes, nowNanos);
        chore = chore.isPresent() ? chore : note(notes, names, nowNanos);
        chore = chore.isPresent() ? chore : resume(notes, nowNanos);
        return chore.isPresent() ? chore : jobs(merging, nowNanos);
    }

    /** Somebody before us may have noted when it was paused; a later boot of the host would have ended the guest. */
    private static long since(Notes notes, long nowNanos) {
        long noted = (long) (notes.pausedAtSeconds().orElse(-1) * NANOS);
        return noted > 0 && noted - nowNanos <= 0 ? noted : nowNanos;
    }

    private Optional<Chore> end(Notes notes, long nowNanos) {
        if (!paused || notes.resumeBehavior() != ResumeBehavior.KILL || nowNanos - endAtNanos < 0) {
            return Optional.empty();
        }
        endAtNanos = nowNanos + END_AGAIN.toNanos();
        return Optional.of(new Chore.End());
    }

    private Optional<Chore> resume(Notes notes, long nowNanos) {
        if (!paused || notes.resumeBehavior() == ResumeBehavior.LEAVE_PAUSED || nowNanos - tryAtNanos < 0) {
            return Optional.empty();
        }
        tryAfterNanos = Math.min(RAREST_TRY.toNanos(), 2 * tryAfterNanos);
        tryAtNanos = nowNanos + tryAfterNanos;
        return Optional.of(new Chore.Resume());
    }

    private Optional<Chore> note(Notes notes, Map<String, String> names, long nowNanos) {
        if (!notes.engine()
                || (!paused && names.isEmpty() && notes.pausedAtSeconds().isEmpty())) {
            return Optional.empty(); // so it is with most
        }
        OptionalDouble pausedAt = paused ? OptionalDouble.of(pausedSinceNanos / NANOS) : OptionalDouble.empty();
        Map<String, String> other = new TreeMap<>(names);
        other.entrySet()
                .removeIf(name -> name.getValue().equals(notes.guestNames().get(name.getKey())));
        boolean right = same(pausedAt, notes.pausedAtSeconds()) && other.isEmpty();
        HostNotes wanted = new HostNotes(pausedAt, names);
        if (right || (wanted.equals(noted) && nowNanos - noteAgainAtNanos < 0)) {
            return Optional.empty();
        }
        noted = wanted;
        noteAgainAtNanos = nowNanos + NOTE_AGAIN.toNanos();
        return Optional.of(new Chore.Note(wanted));
    }

    private Optional<Chore> jobs(Supplier<Set<String>> merging, long nowNanos) {
        if (nowNanos - jobsAtNanos < 0) {
            return Optional.empty();
        }
        Set<String> disks = merging.get();
        if (disks.isEmpty()) {
            return Optional.empty();
        }
        jobsAtNanos = nowNanos + JOBS_EVERY.toNanos();
        return Optional.of(new Chore.LookAtJobs(disks));
    }

    private static boolean same(OptionalDouble one, OptionalDouble other) {
        return one.isPresent() == other.isPresent() && Math.abs(one.orElse(0) - other.orElse(0)) < SAME_SECONDS;
    }
}
