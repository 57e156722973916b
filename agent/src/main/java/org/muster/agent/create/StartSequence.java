package org.muster.agent.create;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.muster.agent.create.Stations.Station;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
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
 * The steps that start one VM: look up its UUID and name, put in what only the host has, define, start; and what each failure means.
 *
 * <p>A failure is believed only after asking libvirtd again: a VM is Down only when it does not run and no call of ours
 * can still start it. What cannot be decided now (the link is gone) is left to {@link Unsettled}.
 *
 * <p>Runs on a create worker, which it may block for ever. Stateless.
 */
final class StartSequence {
    private static final Logger LOG = LoggerFactory.getLogger(StartSequence.class);

    /** Takes over creates that cannot be settled here. */
    interface Unsettled {
        /** Its outcome is unknown because the link to libvirtd was lost. */
        void take(CreateRequest request, String why, Furthest furthest);

        /** It was not, or not any more, started because it is being destroyed; which may fail. */
        void abandoned(CreateRequest request);
    }

    /** How far a launch came that did not fail. */
    private enum Reached {
        NOTHING,
        STARTED
    }

    /** The furthest call that a launch has made. Confined to its worker. */
    private static final class Way {
        private Furthest furthest = Furthest.LOOK_UP;
    }

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Preparation preparation;
    private final Journal journal;
    private final CreateMetrics metrics;
    private final Unsettled unsettled;
    private final LateGuests late; // ends a guest that came up although nobody wants it any more
    private final Downs downs;

    StartSequence(
            VmTable table,
            Hypervisor hypervisor,
            Preparation preparation,
            Journal journal,
            CreateMetrics metrics,
            Unsettled unsettled,
            LateGuests late,
            Downs downs) {
        this.table = table;
        this.hypervisor = hypervisor;
        this.preparation = preparation;
        this.journal = journal;
        this.metrics = metrics;
        this.unsettled = unsettled;
        this.late = late;
        this.downs = downs;
    }

    /** Answers what its end says about the host. */
    Outcome run(CreateRequest request, long slotAt) {
        Vm vm = request.vm();
        if (!table.beginLaunch(vm)) {
            unsettled.abandoned(request); // destroyed while it waited
            return Outcome.NOTHING;
        }
        metrics.slotTaken(request.queuedAtNanos(), slotAt);
        long decodedAt = request.decodedAtNanos();
        Reached reached = Reached.NOTHING;
        HypervisorException failure = null;
        Way way = new Way();
        try {
            reached = launch(request, slotAt, way);
        } catch (HypervisorException e) {
            failure = e;
        } catch (RuntimeException e) { // a bug below us: the call is over all the same, and must be known as over
            LOG.error("starting {} failed", vm.id(), e);
            failure = new HypervisorException(Kind.FAILED, 0, "launch", vm.id().toString(), e.toString(), e);
        }
        boolean unknown = failure != null && (failure.kind() == Kind.DISCONNECTED || failure.kind() == Kind.BUSY);
        if (unknown) { // before the launch counts as over, so that a destroy knows that it may still come through
            unsettled.take(request, failure.getMessage(), way.furthest);
        }
        boolean wanted = table.endLaunch(vm, reached == Reached.STARTED, System.currentTimeMillis());
        if (unknown) {
            table.lateGuestEnded(vm); // nobody can tell when; its destroy left a tombstone
            return Outcome.of(failure);
        }
        if (!wanted) {
            unsettled.abandoned(request);
            late.endLate(vm);
            return Outcome.NOTHING;
        }
        if (failure != null) {
            failed(request, failure, way.furthest);
            return Outcome.of(failure);
        }
        if (table.givenUp(vm)) {
            late.endGivenUp(vm); // what is stored goes when it is Down
            return Outcome.NOTHING;
        }
        if (reached != Reached.STARTED) {
            late.cleanUp(vm); // it may have become Down while it was being defined
            return Outcome.NOTHING;
        }
        metrics.running(decodedAt, slotAt, System.nanoTime());
        journal.note(new JournalRecord.Running(vm.id()));
        LOG.info("{} ({}) started {} ms after it was asked for", vm.name(), vm.id(), millisSince(decodedAt));
        return Outcome.STARTED;
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    private Reached launch(CreateRequest request, long slotAt, Way way) throws HypervisorException {
        Vm vm = request.vm();
        if (!prepare(vm, request, way)) {
            return Reached.NOTHING;
        }
        StartCall call = new StartCall(request, slotAt, way);
        boolean started = false;
        try {
            started = hypervisor.start(vm.id(), vm.launchPaused(), call::begins);
        } finally {
            call.ended(started);
        }
        return started ? Reached.STARTED : Reached.NOTHING;
    }

    /**
     * The call that starts the guest. It is written down, and counts as made, at the last moment: a launch that finds no link, because we
     * are stopping, has certainly started nothing, and our next life is to know that. Confined to its worker.
     */
    private final class StartCall {
        private final CreateRequest request;
        private final long slotAt;
        private final Way way;
        private boolean made;
        private long callAt;
        private int atOnce;

        StartCall(CreateRequest request, long slotAt, Way way) {
            this.request = request;
            this.slotAt = slotAt;
            this.way = way;
        }

        /** False if it must not be made. */
        boolean begins() throws HypervisorException {
            writeDown(request.vm());
            if (!table.beginStart(request.vm())) {
                return false;
            }
            way.furthest = Furthest.START;
            made = true;
            callAt = System.nanoTime();
            metrics.prepared(slotAt, callAt);
            request.stations().pass(Station.CALL, callAt);
            atOnce = metrics.inflation().begins();
            return true;
        }

        void ended(boolean started) {
            if (!made) {
                return;
            }
            long returnedAt = System.nanoTime();
            request.stations().pass(Station.RETURNED, returnedAt);
            metrics.inflation().ended(atOnce, returnedAt - callAt, started);
            if (started) {
                metrics.called(callAt, returnedAt);
            }
        }
    }

    /**
     * That the call is about to be made. What comes after it may be lost: a note that the guest runs can be owed to a full disk when
     * we are killed, and our next life would start what has run and ended since. A disk that does not answer ends the wait with
     * {@link Journal#giveUpOverdue}.
     */
    private void writeDown(Vm vm) throws HypervisorException {
        try {
            journal.written(List.of(new JournalRecord.Starting(vm.id()))).get();
        } catch (ExecutionException e) {
            throw notWritten(vm, e.getCause().getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw notWritten(vm, "interrupted", e);
        }
    }

    private static HypervisorException notWritten(Vm vm, String why, Exception e) {
        return new HypervisorException(
                Kind.FAILED, 0, "journal", vm.id().toString(), "its start cannot be written down: " + why, e);
    }

    /** Defines the domain. False if it turned out to run already, and was left alone. */
    private boolean prepare(Vm vm, CreateRequest request, Way way) throws HypervisorException {
        Optional<DomainRecord> existing = hypervisor.find(vm.id());
        if (existing.isPresent() && existing.get().startingUp()) {
            way.furthest = Furthest.START; // not by us
            throw new HypervisorException(
                    Kind.BUSY,
                    0,
                    "virDomainLookupByUUID",
                    vm.id().toString(),
                    "an older call is still starting it",
                    null);
        }
        if (existing.isPresent() && existing.get().state().active()) {
            LOG.warn("{} ({}) runs already; it is taken in as it is", vm.name(), vm.id());
            boolean managed = DomainXml.parse(hypervisor.xml(vm.id())).managed();
            journal.note(new JournalRecord.Running(vm.id()));
            table.adopt(existing.get(), !managed, 0);
            return false;
        }
        if (existing.isPresent() && !DomainXml.parse(hypervisor.xml(vm.id())).managed()) {
            throw new HypervisorException(
                    Kind.ALREADY_EXISTS,
                    0,
                    "virDomainLookupByUUID",
                    vm.id().toString(),
                    "somebody else has a domain of this UUID stored, "
                            + existing.get().name(),
                    null);
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
        String xml = preparation.prepare(vm.id(), request.item().xml(), System.currentTimeMillis());
        way.furthest = Furthest.DEFINE;
        hypervisor.define(xml);
        return true;
    }

    /** Believes a failure only after asking what is so. */
    private void failed(CreateRequest request, HypervisorException e, Furthest furthest) {
        try {
            settle(request, e);
        } catch (HypervisorException again) {
            unsettled.take(request, again.getMessage(), furthest);
        }
    }

    /** Asks what is so, after a call that failed. */
    private void settle(CreateRequest request, HypervisorException e) throws HypervisorException {
        Vm vm = request.vm();
        Optional<DomainRecord> now = hypervisor.find(vm.id());
        if (now.isPresent() && now.get().state().active()) {
            if (table.givenUp(vm)) {
                late.endGivenUp(vm);
                return;
            }
            LOG.warn("{} ({}): {}; but it runs", vm.name(), vm.id(), e.getMessage());
            journal.note(new JournalRecord.Running(vm.id()));
            table.adopt(now.get(), false, System.currentTimeMillis());
            return;
        }
        String why = table.get(vm.id())
                .map(Vm::statusReason)
                .filter(reason -> !reason.isEmpty())
                .map(reason -> reason + ": " + e.getMessage())
                .orElse(e.getMessage());
        LOG.warn("{} ({}) could not be started: {}", vm.name(), vm.id(), why);
        if (!downs.down(vm, ExitInfo.startFailed(why))) {
            unsettled.abandoned(request);
        }
    }
}
