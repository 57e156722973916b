package org.muster.agent.create;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.muster.agent.create.Chores.Matter;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;

/**
 * Ends guests that nobody wants any more and that nobody waits for: of starts that were given up, and of VMs that were
 * destroyed while a start call was under way, which may come through late, even in the next life of the agent.
 *
 * <p>It is gone on with until it is certain ({@link Chores}). Thread-safe; never blocks the caller.
 */
final class LateGuests {
    private final VmTable table;
    private final Journal journal;
    private final GuestEnd end;
    private final Downs downs;
    private final Chores chores;

    private final Map<UUID, Long> doomed =
            new ConcurrentHashMap<>(); // since when; as many as the journal has tombstones

    LateGuests(VmTable table, Journal journal, GuestEnd end, Downs downs, Chores chores) {
        this.table = table;
        this.journal = journal;
        this.end = end;
        this.downs = downs;
        this.chores = chores;
    }

    /** A destroy was answered while a start call was under way, now or in a former life of ours. */
    void doom(UUID id) {
        doomed.put(id, System.nanoTime());
    }

    /** The UUID's guest is certainly gone. */
    void spare(UUID id) {
        doomed.remove(id);
    }

    /** True while a guest whose destroy was answered may still come up: its UUID is not free. */
    boolean isDoomed(UUID id) {
        return doomed.containsKey(id);
    }

    /** Looks once more, and drops what can certainly not come up any more: no start takes longer than that. */
    void expire(Duration age) {
        long now = System.nanoTime();
        doomed.forEach((id, since) -> {
            if (now - since > age.toNanos() && doomed.replace(id, since, now)) {
                endDoomed(id);
            }
        });
    }

    /** Takes over a domain that runs although its destroy was answered; false if it is none such. */
    boolean endIfDoomed(UUID id) {
        if (!isDoomed(id)) {
            return false;
        }
        endDoomed(id);
        return true;
    }

    private void endDoomed(UUID id) {
        chores.see(Matter.DOOMED, id, 0, () -> isDoomed(id) ? endNow(id, !table.launchPending(id)) : Optional.empty());
    }

    /**
     * Deletes what libvirtd has stored of a doomed guest that is not there: it need not block its name until it is certain that
     * the guest will not come up.
     */
    void clearDoomed(UUID id) {
        chores.see(
                Matter.STORED,
                id,
                0,
                () -> isDoomed(id) && !table.launchPending(id) ? end.undefineIfOurs(id) : Optional.empty());
    }

    /** There is a link (again). */
    void connected() {
        doomed.keySet().forEach(this::clearDoomed);
        chores.hurry();
    }

    /** A start call returned whose VM had been destroyed: its guest, if there is one, must go. */
    void endLate(Vm vm) {
        chores.see(Matter.LATE, vm.id(), vm.life(), () -> {
            Optional<String> failure = endNow(vm.id(), true);
            if (failure.isEmpty()) {
                table.lateGuestEnded(vm);
            }
            return failure;
        });
    }

    /** @param launchOver whether no call of ours can bring it up any more */
    private Optional<String> endNow(UUID id, boolean launchOver) {
        if (table.get(id).filter(vm -> !vm.destroying()).isPresent()) {
            return Optional
                    .empty(); // a new VM of that UUID, or one whose destroy failed and which somebody else settles
        }
        Optional<String> failure = end.attempt(id);
        if (failure.isPresent()) {
            return failure.map(why -> "was destroyed and came up late: " + why);
        }
        Optional<String> stored = end.undefineIfOurs(id);
        if (stored.isEmpty() && launchOver && table.get(id).isEmpty()) {
            journal.note(new JournalRecord.Gone(id));
            spare(id);
        }
        return stored;
    }

    /**
     * Ends the guest of a VM that was given up, for as long as it takes. The VM becomes Down when the guest is certainly
     * not there: by us, or by its start call if that has not returned.
     */
    void endGivenUp(Vm vm) {
        chores.see(Matter.GIVEN_UP, vm.id(), vm.life(), () -> {
            if (!table.givenUp(vm)) {
                return Optional.empty();
            }
            boolean pending =
                    table.startPending(vm.id()); // before the look: a call that returns later brings it up later
            Optional<String> failure = end.attempt(vm.id());
            if (pending) {
                return Optional.of(failure.orElse("its start call has not returned"));
            }
            if (failure.isEmpty()) {
                String why = table.get(vm.id()).map(Vm::statusReason).orElse("");
                if (!downs.down(vm, ExitInfo.startFailed(why)) && table.givenUp(vm)) {
                    return Optional.of("it is being destroyed, which may fail");
                }
            }
            return failure.map(reason -> "took too long to start: " + reason);
        });
    }

    /** Deletes what libvirtd still has stored of a VM that went Down. */
    void cleanUp(Vm vm) {
        if (vm.external()) {
            return;
        }
        chores.see(Matter.STORED, vm.id(), vm.life(), () -> {
            boolean down = table.get(vm.id())
                    .filter(now -> now.life() == vm.life() && now.status() == VmStatus.DOWN)
                    .isPresent();
            return down ? end.undefineIfOurs(vm.id()) : Optional.empty();
        });
    }
}
