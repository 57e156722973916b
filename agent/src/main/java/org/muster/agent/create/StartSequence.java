package org.muster.agent.create;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps that start one VM: look up its UUID and name, define, start; and what each failure means.
 *
 * <p>A failure is believed only after asking libvirtd again: a VM is Down only when it does not run and no call of ours
 * can still start it. What cannot be decided now (the link is gone) is left to {@link Unsettled}.
 *
 * <p>Runs on a create worker, which it may block for ever. Stateless.
 */
final class StartSequence {
    private static final Logger LOG = LoggerFactory.getLogger(StartSequence.class);

    /** Takes over a create whose outcome is unknown because the link to libvirtd was lost. */
    interface Unsettled {
        void take(CreateRequest request, String why);
    }

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Journal journal;
    private final CreateMetrics metrics;
    private final Unsettled unsettled;
    private final Consumer<UUID> lateStart; // a guest came up whose destroy was answered already

    StartSequence(
            VmTable table,
            Hypervisor hypervisor,
            Journal journal,
            CreateMetrics metrics,
            Unsettled unsettled,
            Consumer<UUID> lateStart) {
        this.table = table;
        this.hypervisor = hypervisor;
        this.journal = journal;
        this.metrics = metrics;
        this.unsettled = unsettled;
        this.lateStart = lateStart;
    }

    /** Answers whether the guest was started. */
    boolean run(CreateRequest request, long slotAt) {
        Vm vm = request.vm();
        if (!table.beginLaunch(vm)) {
            return false; // destroyed while it waited
        }
        metrics.slotTaken(request.queuedAtNanos(), slotAt);
        try {
            if (!prepare(vm, request)) {
                return false;
            }
        } catch (HypervisorException e) {
            failed(request, e);
            return false;
        }
        return start(request, slotAt);
    }

    /** Defines the domain. False if it turned out to run already, and was left alone. */
    private boolean prepare(Vm vm, CreateRequest request) throws HypervisorException {
        Optional<DomainRecord> existing = hypervisor.find(vm.id());
        if (existing.isPresent() && existing.get().state().active()) {
            LOG.warn("{} ({}) runs already; it is taken in as it is", vm.name(), vm.id());
            journal.note(new JournalRecord.Running(vm.id()));
            table.adopt(existing.get(), false, System.currentTimeMillis());
            return false;
        }
        Optional<UUID> namesake = hypervisor.findByName(vm.name());
        if (namesake.isPresent() && !namesake.get().equals(vm.id())) {
            throw new HypervisorException(
                    Kind.ALREADY_EXISTS,
                    0,
                    "virDomainLookupByName",
                    vm.id().toString(),
                    "the name " + vm.name() + " belongs to domain " + namesake.get(),
                    null);
        }
        hypervisor.define(request.item().xml());
        return true;
    }

    private boolean start(CreateRequest request, long slotAt) {
        Vm vm = request.vm();
        if (!table.beginStart(vm)) {
            return false; // destroyed meanwhile; whoever did it also undefines it
        }
        long callAt = System.nanoTime();
        metrics.prepared(slotAt, callAt);
        HypervisorException failure = null;
        try {
            hypervisor.start(vm.id(), vm.launchPaused());
        } catch (HypervisorException e) {
            failure = e;
        }
        long returnedAt = System.nanoTime();
        boolean wanted = table.endStart(vm, failure == null, System.currentTimeMillis());
        if (!wanted) {
            lateStart.accept(vm.id());
            return false;
        }
        if (failure != null) {
            failed(request, failure);
            return false;
        }
        metrics.called(callAt, returnedAt);
        metrics.running(request.decodedAtNanos(), slotAt, System.nanoTime());
        journal.note(new JournalRecord.Running(vm.id()));
        LOG.info(
                "{} ({}) started: call {} ms, {} ms since it was asked for",
                vm.name(),
                vm.id(),
                (returnedAt - callAt) / 1_000_000,
                (returnedAt - request.decodedAtNanos()) / 1_000_000);
        return true;
    }

    private void failed(CreateRequest request, HypervisorException e) {
        if (e.kind() == Kind.DISCONNECTED) {
            unsettled.take(request, e.getMessage());
            return;
        }
        try {
            settle(request, e);
        } catch (HypervisorException again) {
            unsettled.take(request, again.getMessage());
        }
    }

    /** Asks what is so, after a call that failed. */
    private void settle(CreateRequest request, HypervisorException e) throws HypervisorException {
        Vm vm = request.vm();
        Optional<DomainRecord> now = hypervisor.find(vm.id());
        if (now.isPresent() && now.get().state().active()) {
            LOG.warn("{} ({}): {}; but it runs", vm.name(), vm.id(), e.getMessage());
            table.adopt(now.get(), false, System.currentTimeMillis());
            return;
        }
        metrics.failed();
        String why = table.get(vm.id())
                .map(Vm::statusReason)
                .filter(reason -> !reason.isEmpty())
                .map(reason -> reason + ": " + e.getMessage())
                .orElse(e.getMessage());
        LOG.warn("{} ({}) could not be started: {}", vm.name(), vm.id(), why);
        table.down(vm, ExitInfo.startFailed(why));
    }
}
