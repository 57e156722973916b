package org.muster.agent.create;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Powers VMs off and forgets them. A destroy that was answered stays true: if a start call of that VM was still under
 * way and comes through later, its guest is ended at once, also after a restart of ours.
 *
 * <p>Thread-safe; the work is done on the VM's lane.
 */
public final class Destroyer {
    private static final Logger LOG = LoggerFactory.getLogger(Destroyer.class);
    private static final Duration PATIENCE = Duration.ofMinutes(2); // a traced QEMU took 59 s
    private static final Duration RETRY = Duration.ofMillis(250);
    private static final Duration START_CALL_PATIENCE = Duration.ofSeconds(2);

    /** Why a destroy was not done. */
    public enum Refusal {
        NO_SUCH_VM,
        EXTERNAL,
        TOO_MANY_WAITING,
        FAILED
    }

    /**
     * What became of a destroy.
     *
     * @param refusal empty when the VM is gone
     * @param message for a person
     */
    public record Outcome(Optional<Refusal> refusal, String message) {
        static final Outcome GONE = new Outcome(Optional.empty(), "");

        static Outcome refused(Refusal refusal, String message) {
            return new Outcome(Optional.of(refusal), message);
        }
    }

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Journal journal;
    private final VmLane lane;
    private final Function<UUID, CreateRequest> unqueue; // takes a waiting create back, null if it does not wait
    private final CreateMetrics metrics;
    private final Consumer<UUID> recheck; // its state is to be asked again
    private final Predicate<UUID> mayComeThrough; // an old call may still start it inside libvirtd
    private final Consumer<UUID> clear; // removes what we made for its guest
    private final Map<UUID, Long> doomed =
            new ConcurrentHashMap<>(); // since when; // as many as the journal has tombstones

    Destroyer(
            VmTable table,
            Hypervisor hypervisor,
            Journal journal,
            VmLane lane,
            Function<UUID, CreateRequest> unqueue,
            CreateMetrics metrics,
            Consumer<UUID> recheck,
            Predicate<UUID> mayComeThrough,
            Consumer<UUID> clear) {
        this.clear = clear;
        this.table = table;
        this.hypervisor = hypervisor;
        this.journal = journal;
        this.lane = lane;
        this.unqueue = unqueue;
        this.metrics = metrics;
        this.recheck = recheck;
        this.mayComeThrough = mayComeThrough;
    }

    /** Completes when the VM is gone, or cannot be made to go. */
    public CompletableFuture<Outcome> destroy(UUID id) {
        Optional<Vm> known = table.get(id);
        if (known.isEmpty()) {
            return done(Outcome.refused(Refusal.NO_SUCH_VM, "no VM " + id));
        }
        if (known.get().external()) {
            return done(Outcome.refused(
                    Refusal.EXTERNAL, "domain " + id + " was not made by this agent or the engine: it is not touched"));
        }
        CreateRequest waiting = unqueue.apply(id);
        boolean untouched =
                waiting != null && waiting.attempt() == 1; // else there may be a domain of the first attempt
        Vm vm = table.destroying(id, true).orElse(null);
        if (vm == null) {
            return done(Outcome.refused(Refusal.NO_SUCH_VM, "no VM " + id));
        }
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        if (untouched) {
            forget(vm, ExitInfo.destroyedDuringStartup(), outcome);
            return outcome;
        }
        long since = System.nanoTime();
        if (!lane.submit(id, () -> run(vm, since, outcome))) {
            table.destroying(id, known.get().destroying()); // another one may be under way
            outcome.complete(Outcome.refused(
                    Refusal.TOO_MANY_WAITING, VmLane.WAITING_PER_VM + " requests wait for " + id + " already"));
        }
        return outcome;
    }

    private static CompletableFuture<Outcome> done(Outcome outcome) {
        return CompletableFuture.completedFuture(outcome);
    }

    private void run(Vm asked, long since, CompletableFuture<Outcome> outcome) {
        Optional<Vm> now = table.get(asked.id());
        if (now.isEmpty() || now.get().life() != asked.life()) {
            outcome.complete(Outcome.GONE); // a destroy before this one did it
            return;
        }
        table.destroying(asked.id(), true); // one before this one may have failed
        String failure = end(asked.id(), System.nanoTime() + PATIENCE.toNanos());
        if (!failure.isEmpty()) {
            table.destroying(asked.id(), false);
            recheck.accept(asked.id());
            outcome.complete(Outcome.refused(Refusal.FAILED, failure));
            return;
        }
        metrics.destroyed(System.nanoTime() - since);
        boolean ran = now.get().status().running();
        if (awaitStartCall(asked.id()) && !mayComeThrough.test(asked.id())) {
            undefine(asked.id());
            forget(now.get(), ran ? ExitInfo.destroyed() : ExitInfo.destroyedDuringStartup(), outcome);
        } else {
            leaveTombstone(now.get(), outcome);
        }
    }

    /** Ends the guest, if there is one, and makes sure of it. Empty: it does not run. Else: why that is not certain. */
    private String end(UUID id, long deadline) {
        String last = "";
        while (System.nanoTime() < deadline) {
            try {
                hypervisor.destroy(id);
            } catch (HypervisorException e) {
                if (e.kind() != Kind.NO_SUCH_DOMAIN && e.kind() != Kind.WRONG_STATE) {
                    last = e.getMessage(); // it may be gone all the same: asked below
                }
            }
            try {
                Optional<DomainRecord> now = hypervisor.find(id);
                if (now.isEmpty() || !now.get().state().active()) {
                    return "";
                }
            } catch (HypervisorException e) {
                last = e.getMessage();
            }
            if (!pause()) {
                return "the agent is stopping";
            }
        }
        return last.isEmpty() ? "still running after " + PATIENCE.toSeconds() + " s" : last;
    }

    /** True when no start call of the VM is under way any more. */
    private boolean awaitStartCall(UUID id) {
        long deadline = System.nanoTime() + START_CALL_PATIENCE.toNanos();
        while (table.startPending(id)) {
            if (System.nanoTime() > deadline || !pause()) {
                return false;
            }
        }
        // The call may have come through between our destroy and its return: then the guest runs again.
        return end(id, System.nanoTime() + PATIENCE.toNanos()).isEmpty();
    }

    private static boolean pause() {
        try {
            Thread.sleep(RETRY.toMillis());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void undefine(UUID id) {
        try {
            if (DomainXml.parse(hypervisor.xml(id)).managed()) { // never what somebody else has stored
                hypervisor.undefine(id);
            }
        } catch (HypervisorException e) {
            if (e.kind() != Kind.NO_SUCH_DOMAIN) {
                LOG.warn("left defined: {}", e.getMessage());
            }
        }
        clear.accept(id);
    }

    private void forget(Vm vm, ExitInfo exit, CompletableFuture<Outcome> outcome) {
        doomed.remove(vm.id());
        write(new JournalRecord.Gone(vm.id()), vm, exit, outcome);
    }

    private void leaveTombstone(Vm vm, CompletableFuture<Outcome> outcome) {
        LOG.warn("{} ({}) is destroyed, but a call that starts it may still come through", vm.name(), vm.id());
        doomed.put(
                vm.id(),
                System.nanoTime()); // before it leaves the table: its guest must not be taken in as an unknown one
        write(new JournalRecord.Destroyed(vm.id()), vm, ExitInfo.destroyedDuringStartup(), outcome);
    }

    private void write(JournalRecord line, Vm vm, ExitInfo exit, CompletableFuture<Outcome> outcome) {
        journal.durably(List.of(line)).whenComplete((nothing, e) -> {
            if (e != null) { // answering true would be a promise that our next life could not keep
                LOG.error("the end of {} cannot be written to the journal", vm.id(), e);
                table.destroying(vm.id(), false);
                table.down(vm, exit);
                outcome.complete(Outcome.refused(
                        Refusal.FAILED,
                        "it does not run any more, but the journal cannot be written: " + e.getMessage()));
                return;
            }
            table.remove(vm, exit);
            outcome.complete(Outcome.GONE);
        });
    }

    /** A destroy was answered in a former life of ours while a start call was under way, which may still come through. */
    void doom(UUID id) {
        doomed.put(id, System.nanoTime());
    }

    /** True while a guest whose destroy was answered may still come up: its UUID is not free. */
    boolean isDoomed(UUID id) {
        return doomed.containsKey(id);
    }

    /** Looks once more, and drops what can certainly not come up any more: no start takes longer than that. */
    void expireTombstones(Duration age) {
        long now = System.nanoTime();
        doomed.forEach((id, since) -> {
            if (now - since > age.toNanos() && doomed.replace(id, since, now)) {
                endLate(id);
            }
        });
    }

    /** Takes over a domain that runs although its destroy was answered; false if it is none such. */
    boolean endIfDoomed(UUID id) {
        if (!isDoomed(id)) {
            return false;
        }
        endLate(id);
        return true;
    }

    /** A start call returned whose VM had been destroyed: its guest, if there is one, must go. */
    void endLate(Vm vm) {
        if (!lane.submit(vm.id(), () -> {
            if (endLateNow(vm.id())) {
                table.lateGuestEnded(vm);
            } else {
                endLate(vm);
            }
        })) {
            LOG.error("{} was destroyed and may come up late; its lane is full", vm.id());
        }
    }

    private void endLate(UUID id) {
        if (!lane.submit(id, () -> {
            if (!endLateNow(id)) {
                endLate(id);
            }
        })) {
            LOG.error("{} was destroyed and came up late; its lane is full", id);
        }
    }

    /** False if the guest may still be there. */
    private boolean endLateNow(UUID id) {
        if (table.get(id).filter(vm -> !vm.destroying()).isPresent()) {
            return true; // a new VM of that UUID, or one whose destroy failed and which somebody else settles
        }
        String failure = end(id, System.nanoTime() + PATIENCE.toNanos());
        if (!failure.isEmpty()) {
            LOG.error("{} was destroyed, came up late and cannot be ended: {}", id, failure);
            return false;
        }
        undefine(id);
        if (table.get(id).isEmpty()) {
            journal.note(new JournalRecord.Gone(id));
            doomed.remove(id);
        }
        return true;
    }

    /**
     * Ends the guest of a VM that was given up, for as long as it takes. The VM becomes Down when the guest is certainly
     * not there: by us, or by its start call if that has not returned.
     */
    void endGivenUp(Vm vm) {
        if (!lane.submit(vm.id(), () -> {
            if (!table.givenUp(vm)) {
                return;
            }
            boolean pending =
                    table.startPending(vm.id()); // before the look: a call that returns later brings it up later
            String failure = end(vm.id(), System.nanoTime() + PATIENCE.toNanos());
            if (pending) {
                return; // whatever its start call does, it comes back to this VM
            }
            if (failure.isEmpty()) {
                table.down(
                        vm,
                        ExitInfo.startFailed(
                                table.get(vm.id()).map(Vm::statusReason).orElse("")));
            } else {
                LOG.warn("{} took too long to start, and cannot be ended: {}", vm.id(), failure);
                endGivenUp(vm);
            }
        })) {
            LOG.warn("{} took too long to start; its lane is full", vm.id());
        }
    }

    /**
     * The guest was reset. If the engine wants that to end the VM, its guest is powered off and the VM is Down as a part
     * of a reboot, which the engine answers by starting it anew.
     */
    void endIfRebootEnds(UUID id) {
        if (!lane.submit(id, () -> endRebooted(id))) {
            LOG.warn("{} was reset, which should end it; its lane is full", id);
        }
    }

    private void endRebooted(UUID id) {
        Optional<Vm> found = table.get(id).filter(vm -> vm.status().running() && !vm.external() && !vm.destroying());
        if (found.isEmpty() || !rebootEnds(id)) {
            return;
        }
        Vm vm = found.get();
        table.destroying(id, true); // whoever asks libvirtd meanwhile must not tell another reason
        String failure = end(id, System.nanoTime() + PATIENCE.toNanos());
        if (!failure.isEmpty()) {
            LOG.warn("{} ({}) was reset and cannot be ended: {}", vm.name(), id, failure);
            table.destroying(id, false);
            recheck.accept(id);
            return;
        }
        ExitInfo exit = ExitInfo.rebooted();
        if (table.down(vm, exit)) {
            journal.note(new JournalRecord.Down(id, vm.name(), exit.error(), exit.reason(), exit.message()));
        }
        undefine(id);
        table.destroying(id, false);
    }

    private boolean rebootEnds(UUID id) {
        try {
            return DomainXml.parse(hypervisor.xml(id)).metadata().notes().destroyOnReboot();
        } catch (HypervisorException e) {
            LOG.warn("{} was reset; whether that should end it is unknown: {}", id, e.getMessage());
            return false;
        }
    }

    /** Deletes what libvirtd still has stored of a VM that went Down. */
    void cleanUp(Vm vm) {
        if (vm.external()) {
            return;
        }
        if (!lane.submit(vm.id(), () -> {
            boolean down = table.get(vm.id())
                    .filter(now -> now.life() == vm.life() && now.status() == VmStatus.DOWN)
                    .isPresent();
            if (down) {
                undefine(vm.id());
            }
        })) {
            LOG.warn("{} stays defined: its lane is full", vm.id());
        }
    }
}
