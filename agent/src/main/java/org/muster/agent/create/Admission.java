package org.muster.agent.create;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainNeeds;
import org.muster.libvirt.DomainXml.Problem;

/**
 * What speaks against an item on this host, all of it at once: a UUID or name that is taken, no room, a disk or address that
 * another VM has, a disk that is not there. What is good is reserved in the same step, and given back by {@link #release}, or by the
 * table's changes once it is announced.
 *
 * <p>Within a request the more urgent items are judged first, whatever their order in it; and what an item gave back that is refused
 * for its disks is there for the others. What is not known refuses nobody. Thread-safe; never blocks: disks are looked at on a lane of their own.
 */
final class Admission {
    private static final int EXISTS = 4;
    private static final int CANNOT_CREATE = 9;
    private static final int BUSY = 59;
    private static final Comparator<Candidate> URGENCY = Comparator.comparing(
                    (Candidate candidate) -> candidate.asked().createClass())
            .thenComparing(candidate -> -candidate.asked().priority())
            .thenComparing(candidate -> candidate.asked().index());
    private static final int MOST_VMS = 10_000; // as many as an answer about all VMs can hold

    private final VmTable table;
    private final Ledger ledger;
    private final Room.Source room;
    private final PathLane paths;
    private final Drain drain;
    private final Predicate<UUID> doomed;
    private volatile boolean enabled; // by configuration, live

    /** @param doomed a guest of that UUID may still come up although its destroy was answered */
    Admission(VmTable table, Ledger ledger, Room.Source room, PathLane paths, Drain drain, Predicate<UUID> doomed) {
        this.table = table;
        this.ledger = ledger;
        this.room = room;
        this.paths = paths;
        this.drain = drain;
        this.doomed = doomed;
    }

    /** One that says what this one would, and reserves nothing here. */
    Admission rehearsal() {
        Admission copy = new Admission(table.rehearsal(), ledger.rehearsal(), room, paths, drain, doomed);
        copy.configure(enabled);
        return copy;
    }

    /** Whether the host's room, disks and addresses are looked at. */
    void configure(boolean nowEnabled) {
        enabled = nowEnabled;
    }

    /**
     * Reserves what is good and begins to look at the disks. Completes, after a second at the latest, when {@link #settle} can
     * be called.
     */
    CompletableFuture<Void> begin(List<Candidate> candidates) {
        if (drain.enabled()) {
            candidates.forEach(candidate -> candidate.refuse(CANNOT_CREATE, drain.refusal()));
            return CompletableFuture.completedFuture(null);
        }
        boolean looking = enabled;
        Room now = looking ? room.get() : Room.UNKNOWN;
        Map<String, PathLane.Look> looks = new HashMap<>(); // a path that many items have is looked at once
        List<CompletableFuture<Void>> early = new ArrayList<>();
        for (Candidate candidate : byUrgency(candidates)) {
            if (candidate.checked().id() == null) {
                continue;
            }
            judge(candidate, now, looking);
            if (looking) {
                for (DomainNeeds.Source disk : candidate.checked().needs().disks()) {
                    if (disk.onHost()) {
                        candidate.looksAt(disk, looks.computeIfAbsent(disk.path(), paths::look));
                    }
                }
                early.addAll(candidate.early());
            }
        }
        return CompletableFuture.allOf(early.toArray(CompletableFuture<?>[]::new));
    }

    private static List<Candidate> byUrgency(List<Candidate> candidates) {
        return candidates.stream().sorted(URGENCY).toList();
    }

    private void judge(Candidate candidate, Room now, boolean looking) {
        ItemCheck.Checked checked = candidate.checked();
        if (!checked.good()) {
            if (table.get(checked.id()).isPresent()) {
                candidate.refuse(EXISTS, known(checked.id()));
            } else if (doomed.test(checked.id())) {
                candidate.refuse(BUSY, former(checked.id()));
            }
            candidate.refuse(CANNOT_CREATE, named(checked));
            candidate.refuse(CANNOT_CREATE, against(checked, now, looking));
            return;
        }
        Optional<Vm> reserved = reserve(candidate);
        if (reserved.isEmpty()) {
            candidate.refuse(CANNOT_CREATE, against(checked, now, looking));
            return;
        }
        candidate.reserved(reserved.get());
        if (!looking) {
            ledger.restore(checked.id(), checked.name(), checked.needs(), now);
            return;
        }
        candidate.refuse(CANNOT_CREATE, ledger.reserve(checked.id(), checked.name(), checked.needs(), now));
        if (candidate.refused()) {
            release(candidate);
        }
    }

    private List<Problem> against(ItemCheck.Checked checked, Room now, boolean looking) {
        return looking ? ledger.problems(checked.id(), checked.needs(), now) : List.of();
    }

    private Optional<Vm> reserve(Candidate candidate) {
        ItemCheck.Checked checked = candidate.checked();
        UUID id = checked.id();
        if (doomed.test(id)) {
            candidate.refuse(BUSY, former(id));
            return Optional.empty();
        }
        if (table.all().size() >= MOST_VMS) {
            candidate.refuse(CANNOT_CREATE, "this host has " + MOST_VMS + " VMs, which is all that it can tell of");
            return Optional.empty();
        }
        VmTable.Reservation reservation = table.reserve(
                id, checked.name(), checked.launchPaused(), DomainDetails.mayHaveAgent(checked.xml()), checked.xml());
        switch (reservation.admission()) {
            case ACCEPTED -> {}
            case DUPLICATE_ID -> {
                candidate.refuse(EXISTS, known(id));
                candidate.refuse(CANNOT_CREATE, named(checked));
            }
            case DUPLICATE_NAME -> candidate.refuse(CANNOT_CREATE, nameTaken(checked.name()));
            case START_PENDING -> candidate.refuse(BUSY, former(id));
        }
        return Optional.ofNullable(reservation.vm());
    }

    private static List<Problem> known(UUID id) {
        return List.of(new Problem("vmId", "a VM of this UUID is known already", id.toString()));
    }

    private List<Problem> named(ItemCheck.Checked checked) {
        boolean taken = table.named(checked.name())
                .filter(id -> !id.equals(checked.id()))
                .isPresent();
        return taken ? nameTaken(checked.name()) : List.of();
    }

    private static List<Problem> nameTaken(String name) {
        return List.of(new Problem("name", "another VM has this name", name));
    }

    private static List<Problem> former(UUID id) {
        return List.of(new Problem("vmId", "a former VM of this UUID is still being ended", id.toString()));
    }

    /** Refuses those whose disks were found bad by now; others may then have what they had. */
    void settle(List<Candidate> candidates) {
        boolean givenBack = false;
        for (Candidate candidate : candidates) {
            candidate.refuse(CANNOT_CREATE, candidate.pathProblems());
            if (candidate.refused()) {
                givenBack |= candidate.vm() != null;
                release(candidate);
            }
        }
        if (givenBack) {
            judgeAgain(candidates);
        }
    }

    /** Those that others stood in the way of, and whoever was judged after the first of them: that one comes before. */
    private void judgeAgain(List<Candidate> candidates) {
        List<Candidate> inQuestion = byUrgency(candidates).stream()
                .filter(Candidate::goodInItself)
                .dropWhile(candidate -> !candidate.refused())
                .toList();
        boolean looking = enabled;
        Room now = looking ? room.get() : Room.UNKNOWN;
        inQuestion.forEach(this::release);
        for (Candidate candidate : inQuestion) {
            candidate.judgedAgain();
            judge(candidate, now, looking);
        }
    }

    /** Gives back what was reserved for an item that is not accepted after all. */
    void release(Candidate candidate) {
        if (candidate.vm() != null) {
            ledger.release(candidate.checked().id()); // first: then somebody else may get the UUID
            table.unreserve(candidate.vm());
            candidate.reserved(null);
        }
    }
}
