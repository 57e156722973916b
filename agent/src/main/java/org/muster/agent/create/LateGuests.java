package org.muster.agent.create;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends guests that nobody wants any more and that nobody waits for: of starts that were given up, and of VMs that were
 * destroyed while a start call was under way, which may come through late, even in the next life of the agent.
 *
 * <p>Each attempt is one turn on the VM's lane; between two the lane is free, and the wait doubles up to
 * {@value #LONGEST_WAIT_MILLIS} ms. It goes on until it is certain. Thread-safe; never blocks the caller.
 */
final class LateGuests {
    private static final Logger LOG = LoggerFactory.getLogger(LateGuests.class);
    private static final long SHORTEST_WAIT_MILLIS = 500;
    private static final long LONGEST_WAIT_MILLIS = 30_000;

    /** One turn on a VM's lane. */
    private interface Turn {
        /** Answers why it is not done; empty when it is. */
        Optional<String> take();
    }

    private final VmTable table;
    private final Journal journal;
    private final VmLane lane;
    private final GuestEnd end;
    private final Downs downs;
    private final ScheduledExecutorService timer;

    private final Map<UUID, Long> doomed =
            new ConcurrentHashMap<>(); // since when; as many as the journal has tombstones

    LateGuests(VmTable table, Journal journal, VmLane lane, GuestEnd end, Downs downs, ScheduledExecutorService timer) {
        this.table = table;
        this.journal = journal;
        this.lane = lane;
        this.end = end;
        this.downs = downs;
        this.timer = timer;
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
        turns(id, () -> isDoomed(id) ? endNow(id, !table.launchPending(id)) : Optional.empty());
    }

    /** A start call returned whose VM had been destroyed: its guest, if there is one, must go. */
    void endLate(Vm vm) {
        turns(vm.id(), () -> {
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
        end.undefineIfOurs(id);
        if (launchOver && table.get(id).isEmpty()) {
            journal.note(new JournalRecord.Gone(id));
            spare(id);
        }
        return Optional.empty();
    }

    /**
     * Ends the guest of a VM that was given up, for as long as it takes. The VM becomes Down when the guest is certainly
     * not there: by us, or by its start call if that has not returned.
     */
    void endGivenUp(Vm vm) {
        turns(vm.id(), () -> {
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
        turns(vm.id(), () -> {
            boolean down = table.get(vm.id())
                    .filter(now -> now.life() == vm.life() && now.status() == VmStatus.DOWN)
                    .isPresent();
            if (down) {
                end.undefineIfOurs(vm.id());
            }
            return Optional.empty();
        });
    }

    private void turns(UUID id, Turn turn) {
        turns(id, turn, SHORTEST_WAIT_MILLIS);
    }

    private void turns(UUID id, Turn turn, long waitMillis) {
        long next = Math.min(LONGEST_WAIT_MILLIS, 2 * waitMillis);
        boolean taken = lane.submit(
                id,
                () -> turn.take().ifPresent(why -> {
                    LOG.warn("{} {}; tried again in {} ms", id, why, waitMillis);
                    later(() -> turns(id, turn, next), waitMillis);
                }));
        if (!taken) { // its lane is full
            later(() -> turns(id, turn, next), waitMillis);
        }
    }

    private void later(Runnable task, long millis) {
        try {
            timer.schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping; its next life goes on with it", e);
        }
    }
}
