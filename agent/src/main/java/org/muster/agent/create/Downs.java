package org.muster.agent.create;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
 * <p>That can be a minute after libvirtd was asked: one that runs by then is left alone, and libvirtd is asked again.
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
    private final Consumer<UUID> recheck; // its state is to be asked again

    /** @param resumeWithin for how long after its acceptance a later life of ours starts a VM */
    Downs(
            VmTable table,
            Journal journal,
            ScheduledExecutorService timer,
            Supplier<Duration> resumeWithin,
            Consumer<UUID> recheck) {
        this.table = table;
        this.journal = journal;
        this.timer = timer;
        this.resumeWithin = resumeWithin;
        this.recheck = recheck;
    }

    /**
     * What is to be told.
     *
     * @param askedAt when libvirtd had been asked
     * @param resumedUntil till when a later life of ours starts it, unless this is on the disk
     */
    private record End(Vm vm, ExitInfo exit, long askedAt, long resumedUntil) {
        boolean old() {
            return System.nanoTime() - askedAt > AGAIN.toNanos();
        }
    }

    /**
     * Nothing runs and nothing of ours can start it any more: the caller has made sure. False if somebody is destroying
     * it, who then says what became of it.
     */
    boolean down(Vm vm, ExitInfo exit) {
        long now = System.nanoTime();
        End end = new End(vm, exit, now, now + resumeWithin.get().toNanos());
        return table.beforeDestroyed(vm, () -> write(end));
    }

    private void write(End end) {
        journal.durably(List.of(record(end.vm, end.exit))).whenComplete((nothing, e) -> {
            if (e == null) {
                tell(end);
            } else if (System.nanoTime() - end.resumedUntil >= 0) {
                owe(end);
            } else {
                later(end); // before it is told: who listens may fail
                table.explain(
                        end.vm, end.exit.message() + "; told as Down when that is written down: " + e.getMessage());
            }
        });
    }

    /** It is told, and the disk gets it when it takes something; but not behind a destroy's line, or it would come back. */
    private void owe(End end) {
        boolean told = table.beforeDestroyed(end.vm, () -> {
            journal.note(record(end.vm, end.exit));
            makeDown(end);
        });
        if (told) {
            askIfOld(end);
        } else {
            later(end);
        }
    }

    /** It is written down, and told unless it is not so any more. */
    private void tell(End end) {
        makeDown(end);
        askIfOld(end);
    }

    private void makeDown(End end) {
        UUID id = end.vm.id();
        boolean down = table.downUnlessRunning(end.vm, end.exit);
        if (!down && now(end.vm).filter(vm -> vm.status().running()).isPresent()) {
            LOG.warn("{} ({}) runs after all, after: {}", end.vm.name(), id, end.exit.message());
            journal.note(new JournalRecord.Running(id)); // instead of what is written there
        }
    }

    private void askIfOld(End end) {
        if (end.old()) {
            recheck.accept(end.vm.id()); // one that runs is taken in again
        }
    }

    private Optional<Vm> now(Vm vm) {
        return table.get(vm.id()).filter(found -> found.life() == vm.life());
    }

    private void later(End end) {
        try {
            timer.schedule(() -> again(end), AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping; its next life settles {}", end.vm.id(), e);
        }
    }

    private void again(End end) {
        Optional<Vm> now = now(end.vm);
        if (now.isEmpty()) {
            return;
        }
        if (now.get().status().running()) {
            recheck.accept(end.vm.id());
            return;
        }
        if (table.startPending(end.vm.id()) || !table.beforeDestroyed(end.vm, () -> write(end))) {
            later(end); // what is under way may fail
        }
    }

    static JournalRecord.Down record(Vm vm, ExitInfo exit) {
        return new JournalRecord.Down(vm.id(), vm.name(), exit.error(), exit.reason(), exit.message());
    }
}
