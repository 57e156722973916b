package org.muster.agent.create;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends guests where the engine has said beforehand that they are to end: with a reset, so that it can start them anew; or
 * when a failing disk has kept them paused for too long, so that it can start them elsewhere.
 *
 * <p>Thread-safe; the work is done on the VM's lane.
 */
final class PolicyEnd {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyEnd.class);

    private final VmTable table;
    private final Journal journal;
    private final VmLane lane;
    private final GuestEnd end;
    private final LateGuests late;
    private final Consumer<UUID> recheck; // its state is to be asked again

    PolicyEnd(VmTable table, Journal journal, VmLane lane, GuestEnd end, LateGuests late, Consumer<UUID> recheck) {
        this.table = table;
        this.journal = journal;
        this.lane = lane;
        this.end = end;
        this.late = late;
        this.recheck = recheck;
    }

    /** The guest was reset. Never blocks. */
    void reset(UUID id) {
        submit(id, vm -> end.rebootEnds(id), ExitInfo.rebooted(), "was reset");
    }

    /** The guest has been paused by a failing disk for longer than the engine wants. Never blocks. */
    void pausedTooLong(UUID id) {
        submit(
                id,
                vm -> vm.status() == VmStatus.PAUSED && vm.run().pausedByDisk(),
                ExitInfo.pausedTooLong(),
                "was paused by a disk for too long");
    }

    private void submit(UUID id, Predicate<Vm> still, ExitInfo exit, String what) {
        if (!lane.submit(id, () -> end(id, still, exit, what))) {
            LOG.warn("{} {}, which should end it; its lane is full", id, what);
        }
    }

    private void end(UUID id, Predicate<Vm> still, ExitInfo exit, String what) {
        Optional<Vm> found = table.get(id).filter(vm -> vm.status().running() && !vm.external() && !vm.destroying());
        if (found.isEmpty() || !still.test(found.get())) {
            return;
        }
        Vm vm = found.get();
        LOG.info("{} ({}) {}: it is ended, as the engine wants it", vm.name(), id, what);
        table.destroying(id, true); // whoever asks libvirtd meanwhile must not tell another reason
        Optional<String> failure = end.attempt(id);
        if (failure.isPresent()) {
            LOG.warn("{} ({}) {} and cannot be ended: {}", vm.name(), id, what, failure.get());
            table.destroying(id, false);
            recheck.accept(id);
            return;
        }
        if (table.down(vm, exit)) {
            journal.note(Downs.record(vm, exit));
        }
        table.destroying(id, false);
        late.cleanUp(vm);
    }
}
