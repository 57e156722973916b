package org.muster.agent.create;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends VMs that the engine wants to end with a reset of their guest: the guest is powered off and the VM is Down as a part
 * of a reboot, which the engine answers by starting it anew.
 *
 * <p>Thread-safe; the work is done on the VM's lane.
 */
final class RebootEnd {
    private static final Logger LOG = LoggerFactory.getLogger(RebootEnd.class);

    private final VmTable table;
    private final Journal journal;
    private final VmLane lane;
    private final GuestEnd end;
    private final Consumer<UUID> recheck; // its state is to be asked again

    RebootEnd(VmTable table, Journal journal, VmLane lane, GuestEnd end, Consumer<UUID> recheck) {
        this.table = table;
        this.journal = journal;
        this.lane = lane;
        this.end = end;
        this.recheck = recheck;
    }

    /** The guest was reset. Never blocks. */
    void reset(UUID id) {
        if (!lane.submit(id, () -> endRebooted(id))) {
            LOG.warn("{} was reset, which should end it; its lane is full", id);
        }
    }

    private void endRebooted(UUID id) {
        Optional<Vm> found = table.get(id).filter(vm -> vm.status().running() && !vm.external() && !vm.destroying());
        if (found.isEmpty() || !end.rebootEnds(id)) {
            return;
        }
        Vm vm = found.get();
        table.destroying(id, true); // whoever asks libvirtd meanwhile must not tell another reason
        Optional<String> failure = end.attempt(id);
        if (failure.isPresent()) {
            LOG.warn("{} ({}) was reset and cannot be ended: {}", vm.name(), id, failure.get());
            table.destroying(id, false);
            recheck.accept(id);
            return;
        }
        ExitInfo exit = ExitInfo.rebooted();
        if (table.down(vm, exit)) {
            journal.note(Downs.record(vm, exit));
        }
        end.undefine(id);
        table.destroying(id, false);
    }
}
