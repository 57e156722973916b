package org.muster.agent.create;

import java.util.List;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;

/**
 * Makes a VM that was not started Down: written down first, told then. Told first, an agent killed in between would start
 * in its next life what it had reported Down.
 *
 * <p>Thread-safe; never blocks. The VM changes on the thread {@code journal}.
 */
final class Downs {
    private final VmTable table;
    private final Journal journal;

    Downs(VmTable table, Journal journal) {
        this.table = table;
        this.journal = journal;
    }

    /**
     * Nothing runs and nothing of ours can start it any more: the caller has made sure. False if somebody is destroying
     * it, who then says what became of it.
     */
    boolean down(Vm vm, ExitInfo exit) {
        JournalRecord.Down line = record(vm, exit);
        return table.beforeDestroyed(
                vm,
                () -> journal.durably(List.of(line)).whenComplete((nothing, e) -> {
                    if (e != null) { // a disk that takes nothing does not make it run
                        journal.note(line); // owed until the disk takes it
                    }
                    table.down(vm, exit);
                }));
    }

    static JournalRecord.Down record(Vm vm, ExitInfo exit) {
        return new JournalRecord.Down(vm.id(), vm.name(), exit.error(), exit.reason(), exit.message());
    }
}
