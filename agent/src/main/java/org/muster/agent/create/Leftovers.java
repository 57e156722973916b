package org.muster.agent.create;

import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;

/**
 * Domains that libvirtd still has stored of VMs that are gone: it would not delete them then. Each would block its name, and its
 * UUID, for ever; so it is asked again until it has, also by our next life.
 *
 * <p>Thread-safe; never blocks the caller.
 */
final class Leftovers {
    private final VmTable table;
    private final Journal journal;
    private final GuestEnd end;
    private final Chores chores;
    private final Set<UUID> left = ConcurrentHashMap.newKeySet(); // as many as the journal has of them

    Leftovers(VmTable table, Journal journal, GuestEnd end, Chores chores) {
        this.table = table;
        this.journal = journal;
        this.end = end;
        this.chores = chores;
    }

    /** From now on the UUID is not free; {@link #clear} when that is in the journal. */
    void add(UUID id) {
        left.add(id);
    }

    /** It is none after all. */
    void remove(UUID id) {
        left.remove(id);
    }

    /** True while a new VM of that UUID would meet the old one's domain. */
    boolean has(UUID id) {
        return left.contains(id);
    }

    /** Has the domain deleted; one that runs is left alone, for somebody else must have started it. */
    void clear(UUID id) {
        chores.see(Chores.Matter.STORED, id, 0, () -> {
            if (!has(id)) {
                return Optional.empty();
            }
            Optional<String> failure = end.undefineIfOurs(id);
            if (failure.isEmpty()) {
                if (table.get(id).isEmpty()) { // else somebody has started it, and the journal has heard of that
                    journal.note(new JournalRecord.Gone(id));
                }
                left.remove(id);
            }
            return failure;
        });
    }
}
