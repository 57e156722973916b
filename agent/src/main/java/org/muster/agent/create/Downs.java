package org.muster.agent.create;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a VM that was not started Down: written down first, told then. Told first, an agent killed in between would start
 * in its next life what it had reported Down. On a disk that takes nothing it is told when no later life would start it any more.
 *
 * <p>Thread-safe; never blocks. The VM changes on the thread {@code journal}.
 */
final class Downs {
    private static final Logger LOG = LoggerFactory.getLogger(Downs.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final VmTable table;
    private final Journal journal;
    private final ScheduledExecutorService timer;
    private final Supplier<Duration> resumeWithin;

    /** @param resumeWithin for how long after its acceptance a later life of ours starts a VM */
    Downs(VmTable table, Journal journal, ScheduledExecutorService timer, Supplier<Duration> resumeWithin) {
        this.table = table;
        this.journal = journal;
        this.timer = timer;
        this.resumeWithin = resumeWithin;
    }

    /**
     * Nothing runs and nothing of ours can start it any more: the caller has made sure. False if somebody is destroying
     * it, who then says what became of it.
     */
    boolean down(Vm vm, ExitInfo exit) {
        long resumedUntil = System.nanoTime() + resumeWithin.get().toNanos();
        return table.beforeDestroyed(vm, () -> write(vm, exit, resumedUntil));
    }

    private void write(Vm vm, ExitInfo exit, long resumedUntil) {
        JournalRecord.Down line = record(vm, exit);
        journal.durably(List.of(line)).whenComplete((nothing, e) -> {
            if (e == null) {
                table.down(vm, exit);
            } else if (System.nanoTime() - resumedUntil >= 0) {
                journal.note(line); // owed until the disk takes it
                table.down(vm, exit);
            } else {
                table.explain(vm, exit.message() + "; told as Down when that is written down: " + e.getMessage());
                later(vm, exit, resumedUntil);
            }
        });
    }

    private void later(Vm vm, ExitInfo exit, long resumedUntil) {
        try {
            timer.schedule(() -> again(vm, exit, resumedUntil), AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping; its next life settles {}", vm.id(), e);
        }
    }

    private void again(Vm vm, ExitInfo exit, long resumedUntil) {
        boolean there =
                table.get(vm.id()).filter(now -> now.life() == vm.life()).isPresent();
        if (there && !table.beforeDestroyed(vm, () -> write(vm, exit, resumedUntil))) {
            later(vm, exit, resumedUntil); // its destroy may fail
        }
    }

    static JournalRecord.Down record(Vm vm, ExitInfo exit) {
        return new JournalRecord.Down(vm.id(), vm.name(), exit.error(), exit.reason(), exit.message());
    }
}
