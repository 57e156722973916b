package org.muster.agent.create;

import com.codahale.metrics.MetricRegistry;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.agent.journal.JournalState;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainNeeds;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The create workers and what watches over them: hung starts, starts that take too long, creates that nobody asks for any
 * more.
 *
 * <p>Threads {@code create-%d} ({@link CreateWorkers}) and {@code create-watch}.
 */
public final class Creator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Creator.class);
    private static final long TICK_MILLIS = 250;
    private static final long LEARNT_EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int VM_LANE_THREADS = 16;
    private static final Duration POLLS = Duration.ofSeconds(30); // an engine is heard every 15 s: less is no absence

    /** Whether anybody is there who could be told what became of a create. */
    public interface Presence {
        /** A connection over the network was alive within that time. */
        boolean remoteAliveWithin(Duration time);
    }

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Journal journal;
    private final String bootId;
    private final Presence presence;
    private final Dispatcher dispatcher;
    private final Flows flows = new Flows();
    private final VmLane lane = new VmLane(VM_LANE_THREADS, flows);
    private final Destroyer destroyer;
    private final LateGuests late;
    private final Leftovers leftovers;
    private final Downs downs;
    private final PolicyEnd policyEnd;
    private final CreateHistory history;
    private final Drain drain;
    private final Ledger ledger = new Ledger();
    private final Room.Source room;
    private final PathLane paths;
    private final Admission admission;
    private final Launch launch;
    private final CreateService service;
    private final CreateControl control;
    private final StartSequence sequence;
    private final Recovery recovery;
    private final PayloadSweep sweep;
    private final ScheduledThreadPoolExecutor watch;
    private final Set<UUID> timedOut = new HashSet<>(); // confined to create-watch
    private String lastWaiting = ""; // confined to create-watch
    private long journalLostAtNanos; // 0 while it can be written; confined to create-watch
    private boolean stalledTold; // likewise
    private long learntAtNanos; // when that was noted; confined to create-watch
    private long learntEnd; // of the last start that it knows of; confined to create-watch
    private final CreateWorkers workers;
    private volatile CreateConfig config; // replaced as a whole by a reload
    private volatile long linkLostAtNanos; // 0 while there is a link

    /**
     * Wires creates and destroys; nothing runs before {@link #start}.
     *
     * @param hostCpus for {@code create.concurrency = "auto"}
     * @param side what of this host a domain's XML is checked against and completed with
     * @param recheck asks libvirtd anew what a VM does
     */
    public Creator(
            CreateConfig config,
            int hostCpus,
            VmTable table,
            Hypervisor hypervisor,
            HostSide side,
            Journal journal,
            String bootId,
            Presence presence,
            Consumer<UUID> recheck,
            MetricRegistry registry) {
        this.config = config;
        this.table = table;
        this.hypervisor = hypervisor;
        this.journal = journal;
        this.bootId = bootId;
        this.presence = presence;
        CreateMetrics metrics = new CreateMetrics(registry);
        this.watch = new ScheduledThreadPoolExecutor(1, task -> daemon(task, "create-watch"));
        watch.setRemoveOnCancelPolicy(true); // or every chore that is taken early would leave its timer behind
        this.dispatcher = new Dispatcher(
                new CreateQueue(config.queueCapacity()),
                new Slots(config.concurrency(), hostCpus),
                this::guard,
                journal::trouble,
                System::nanoTime);
        this.downs = new Downs(table, journal, watch, () -> this.config.resumeWithin(), recheck);
        GuestEnd end = new GuestEnd(hypervisor, side.images()::remove);
        this.recovery = new Recovery(
                table,
                hypervisor,
                journal,
                lane,
                dispatcher,
                watch,
                downs,
                end,
                () -> this.config.startTimeout(),
                this::stillWanted);
        CreateTimes times = new CreateTimes(registry, metrics.inflation(), System::currentTimeMillis);
        this.history = new CreateHistory(System::nanoTime, System::currentTimeMillis, journal::note, create -> {
            times.ended(create);
            metrics.ended(create);
            CreatePhaseEvent.tell(create);
        });
        this.launch = new Launch(table, dispatcher, metrics, history, downs, recovery);
        Chores chores = new Chores(lane, watch, hypervisor::connected);
        this.late = new LateGuests(table, journal, end, downs, chores);
        this.leftovers = new Leftovers(table, journal, end, chores);
        this.destroyer = new Destroyer(
                table,
                journal,
                lane,
                end,
                late,
                leftovers,
                watch,
                this::unqueue,
                metrics,
                recheck,
                recovery::mayComeThrough,
                recovery::abandoned,
                downs);
        this.policyEnd = new PolicyEnd(table, journal, lane, end, late, recheck);
        Preparation preparation = new Preparation(hypervisor, side.images(), side.facts());
        this.sequence = new StartSequence(table, hypervisor, preparation, journal, metrics, recovery, late, downs);
        this.drain = new Drain(journal);
        this.paths = new PathLane(side.disks(), watch, System::nanoTime);
        this.room = side.room();
        this.admission = new Admission(table, ledger, room, paths, drain, this::notFree);
        admission.configure(config.admission());
        Batches batches = new Batches();
        this.service =
                new CreateService(table, journal, dispatcher, admission, launch, batches, bootId, side.displays());
        this.control = new CreateControl(
                dispatcher, this::unqueue, history, times, batches, drain, destroyer::cancel, System::nanoTime);
        this.workers = new CreateWorkers(dispatcher, this::create);
        this.sweep = new PayloadSweep(table, hypervisor, side.images(), late::isDoomed);
        metrics.gauges(dispatcher);
        table.listen(ledger);
        table.listen(new Bookkeeper());
    }

    /** Takes back a create that has no slot yet; null if it has. */
    private CreateRequest unqueue(UUID id) {
        CreateRequest waiting = dispatcher.remove(id);
        return waiting == null ? launch.take(id) : waiting;
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** A former VM of that UUID is not wholly gone. */
    private boolean notFree(UUID id) {
        return late.isDoomed(id) || leftovers.has(id);
    }

    public CreateService service() {
        return service;
    }

    Ledger ledger() {
        return ledger;
    }

    public CreateControl control() {
        return control;
    }

    /** Hears of every change of the table; to be told last of all, so that it knows when everybody has been. */
    public VmListener history() {
        return history;
    }

    /** Where requests say in which of the engine's flows they came. */
    public Flows flows() {
        return flows;
    }

    public Destroyer destroyer() {
        return destroyer;
    }

    /** True if the domain's destroy was answered in a former life of ours; it is then ended. */
    public boolean endIfDoomed(UUID id) {
        return late.endIfDoomed(id);
    }

    /** A guest was reset: if the engine wants that to end its VM, it is ended. Never blocks. */
    public void rebooted(UUID id) {
        policyEnd.reset(id);
    }

    /** A failing disk has kept the guest paused for longer than the engine wants: it is ended. Never blocks. */
    public void pausedTooLong(UUID id) {
        policyEnd.pausedTooLong(id);
    }

    /** Removes images of guests that are no more. Blocks in libvirtd and on the disk; after {@link #restore}, with a link. */
    public void sweepImages() {
        sweep.run();
    }

    /** Takes over what the journal holds. Before the first request, and before {@link #start}. */
    public void restore(JournalState state) {
        state.spentBatches().forEach(service::restoreSpent);
        state.answers().forEach(service::restore);
        state.ended().forEach(history::restore);
        drain.restore(state.drain());
        state.learnt().ifPresent(this::remember);
        for (JournalState.Entry entry : List.copyOf(state.entries())) {
            restore(entry);
        }
    }

    private void remember(JournalRecord.Learnt known) {
        boolean remembered = dispatcher.remember(known, bootId);
        learntEnd = remembered ? known.lastNanos() : 0;
        LOG.info(
                "how many starts at once are best, {} when the agent was last here, {}",
                known.limit(),
                remembered ? "is gone on from" : "was learnt in another boot or on another machine: not used");
    }

    private void restore(JournalState.Entry entry) {
        String name = entry.item().map(item -> item.name()).orElseGet(entry::name);
        name = name.isEmpty() ? entry.id().toString() : name;
        boolean sameBoot = entry.bootId().equals(bootId);
        if (sameBoot) { // the age of an older one cannot be told
            entry.item().ifPresent(service::restore);
        }
        if (entry.leftover() || (entry.destroyed() && !sameBoot)) { // no call survives a reboot, what is stored does
            leftovers.add(entry.id());
            leftovers.clear(entry.id());
        } else if (entry.destroyed()) {
            late.doom(entry.id());
        } else if (entry.down().isPresent()) {
            JournalRecord.Down down = entry.down().get();
            table.restoreDown(
                    entry.id(),
                    down.name(),
                    new ExitInfo(down.error(), down.reason(), down.message()),
                    entry.item().map(AcceptedItem::xml).orElse(""));
            entry.item()
                    .filter(item -> !entry.running())
                    .ifPresent(item -> history.restore(item, State.FAILED, down.message(), down.reason()));
            table.get(entry.id()).ifPresent(late::cleanUp); // our former life may not have come to it
        } else if (entry.running() || entry.item().isEmpty()) {
            table.restoreRunning(entry.id(), name);
            entry.item().ifPresent(item -> history.restore(item, item.launchPaused() ? State.PAUSED : State.UP, "", 0));
        } else {
            AcceptedItem item = entry.item().get();
            boolean agentExpected = DomainDetails.mayHaveAgent(item.xml());
            Vm vm = table.reserve(entry.id(), name, item.launchPaused(), agentExpected, item.xml())
                    .vm();
            if (vm == null) {
                LOG.error("another VM has the name {}: {} is Down", name, entry.id());
                table.restoreDown(entry.id(), name, ExitInfo.startFailed("another VM has its name"), item.xml());
                return;
            }
            table.announce(vm);
            long now = System.nanoTime();
            int attempt = entry.resumed() || !sameBoot ? 2 : 1;
            CreateClass createClass = CreateClass.valueOf(item.createClass());
            long queued = sameBoot ? item.acceptedAtNanos() : now; // what another boot counted from is not known
            CreateRequest request = new CreateRequest(vm, item, createClass, attempt, queued, queued);
            if (sameBoot) {
                request.stations().wasQueued(queued);
            }
            history.begins(request);
            reserve(request);
            if (sameBoot) {
                recovery.take(
                        request, "the agent was restarted", entry.starting() ? Furthest.START_BEFORE : Furthest.DEFINE);
            } else {
                recovery.take(request, "the host was rebooted", Furthest.LOOK_UP); // no call survives that
            }
        }
    }

    private void reserve(CreateRequest request) {
        UUID id = request.vm().id();
        try {
            DomainNeeds needs = DomainNeeds.of(DomainXml.parse(request.item().xml()));
            ledger.restore(id, request.vm().name(), needs, room.get());
        } catch (HypervisorException e) {
            LOG.warn("what {} needs of the host cannot be read: {}", id, e.getMessage());
        }
    }

    public void start() {
        linkLostAtNanos = System.nanoTime();
        workers.start();
        watch.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** The link to libvirtd is there. */
    public void connected() {
        dispatcher.wake();
        recovery.connected();
        late.connected();
    }

    public void disconnected() {
        linkLostAtNanos = System.nanoTime();
        destroyer.disconnected();
    }

    public void reconfigure(CreateConfig next) {
        control.reconfigured(config.concurrency(), next.concurrency());
        config = next;
        admission.configure(next.admission());
        dispatcher.setCapacity(next.queueCapacity());
    }

    private Slots.Guard guard() {
        if (!hypervisor.connected()) {
            return null;
        }
        CallGuard calls = hypervisor.calls();
        int ofSlots = 0; // overdue calls that slots count themselves, of whatever role
        int others = 0; // creates that are none of ours: a calibration's
        for (CallGuard.InFlight call : calls.inFlight()) {
            boolean ours = CreateWorkers.isThread(call.thread());
            ofSlots += ours && call.overdue() ? 1 : 0;
            others += !ours && call.role() == CallGuard.Role.CREATE ? 1 : 0;
        }
        int elsewhere = calls.overdue() - ofSlots + recovery.hanging();
        return new Slots.Guard(calls.createSlots() - others, calls.maxStuck(), elsewhere);
    }

    private Outcome create(Slots.Slot slot) {
        CreateRequest request = slot.request();
        request.stations().pass(Stations.Station.SLOT, slot.sinceNanos());
        try {
            return flows.about(request, () -> sequence.run(request, slot.sinceNanos()));
        } catch (RuntimeException | LinkageError | StackOverflowError | AssertionError e) {
            LOG.error("starting {} failed", request.vm().id(), e);
            recovery.take(request, e.toString(), Furthest.START);
            table.endLaunch(request.vm(), false, 0);
            return Outcome.NOTHING;
        } finally {
            request.stations().leave();
        }
    }

    private void tick() {
        try {
            long now = System.nanoTime();
            if (hypervisor.connected()) {
                linkLostAtNanos = 0;
            } else if (linkLostAtNanos == 0) {
                linkLostAtNanos = now;
            }
            for (Slots.Slot slot : dispatcher.judge()) {
                hung(slot, now);
            }
            endTimedOut(now);
            late.expire(config.startTimeout());
            journal.giveUpOverdue(config.resumeWithin());
            String trouble = journal.trouble();
            tellStalled();
            journalLostAtNanos = trouble.isEmpty() ? 0 : journalLostAtNanos == 0 ? now : journalLostAtNanos;
            refuseUnwanted(now, trouble);
            tellWaiting();
            noteLearnt(now);
        } catch (RuntimeException | LinkageError | StackOverflowError | AssertionError e) {
            LOG.error("watching creates failed", e);
        }
    }

    /** The journal's own thread cannot: it waits for that disk. */
    private void tellStalled() {
        String stalled = journal.stalled();
        if (stalled.isEmpty() == stalledTold) {
            stalledTold = !stalledTold;
            if (stalledTold) {
                LOG.error("{}; nothing is accepted until it does", stalled);
            } else {
                LOG.info("the journal's disk answers again");
            }
        }
    }

    private void hung(Slots.Slot slot, long now) {
        Vm vm = slot.request().vm();
        String why = "its start has not returned for " + TimeUnit.NANOSECONDS.toSeconds(now - slot.sinceNanos()) + " s";
        flows.tell(
                slot.request(),
                () -> LOG.warn("{} ({}): {}; another create may take its place", vm.name(), vm.id(), why));
        table.explain(vm, why);
    }

    private void endTimedOut(long now) {
        Set<UUID> still = new HashSet<>();
        for (Slots.Slot slot : dispatcher.running()) {
            Vm vm = slot.request().vm();
            if (now - slot.sinceNanos() < config.startTimeout().toNanos()) {
                continue;
            }
            still.add(vm.id());
            if (timedOut.add(vm.id())) {
                String why = "not up within create.start-timeout, "
                        + config.startTimeout().toSeconds() + " s";
                if (table.giveUp(vm, why)) {
                    flows.tell(slot.request(), () -> LOG.warn("{} ({}): {}", vm.name(), vm.id(), why));
                    late.endGivenUp(vm);
                }
            }
        }
        timedOut.retainAll(still);
    }

    private void refuseUnwanted(long now, String trouble) {
        if (dispatcher.waiting() == 0) {
            return;
        }
        Duration patience = config.resumeWithin();
        long lost = linkLostAtNanos;
        if (lost != 0 && now - lost > patience.toNanos()) {
            refuse(
                    dispatcher.removeIf(r -> true),
                    "libvirtd has not been reachable for " + patience.toSeconds() + " s");
            return;
        }
        if (journalLostAtNanos != 0 && now - journalLostAtNanos > patience.toNanos()) {
            refuse(dispatcher.removeIf(r -> true), "for " + patience.toSeconds() + " s " + trouble);
            return;
        }
        Duration absence = patience.compareTo(POLLS) < 0 ? POLLS : patience;
        if (!presence.remoteAliveWithin(absence)) {
            refuse(
                    dispatcher.removeIf(r -> r.item().remote()),
                    "nobody who could ask for it has been connected for " + absence.toSeconds() + " s");
        }
    }

    private void refuse(List<CreateRequest> requests, String why) {
        for (CreateRequest request : requests) {
            LOG.warn(
                    "{} ({}) is not started: {}",
                    request.vm().name(),
                    request.vm().id(),
                    why);
            if (!downs.down(request.vm(), ExitInfo.startFailed("not started: " + why))) {
                recovery.abandoned(request);
            }
        }
    }

    private void tellWaiting() {
        String waiting = dispatcher.waitingFor();
        boolean news =
                !waiting.equals(lastWaiting) && (waiting.contains("libvirtd") || waiting.contains("the journal"));
        lastWaiting = waiting;
        if (news) {
            LOG.warn("{} creates wait: {}", dispatcher.waiting(), waiting);
        }
    }

    private void noteLearnt(long now) {
        if (learntEnd != 0 && now - learntAtNanos < LEARNT_EVERY_NANOS) {
            return;
        }
        JournalRecord.Learnt next = dispatcher.learnt(bootId);
        if (next.lastNanos() != learntEnd) { // a start has ended since
            journal.note(next);
            learntAtNanos = now;
            learntEnd = next.lastNanos();
        }
    }

    /** Has {@code answer} run on the thread {@code create-watch} when the dispatcher has been asked something. For a watchdog. */
    public void beat(Runnable answer) {
        watch.execute(() -> {
            int unused = dispatcher.waiting();
            answer.run();
        });
    }

    /** Whether a guest is being started whose start does not hang. */
    public boolean starting() {
        return dispatcher.starting();
    }

    /** How many requests wait for a slot. */
    public int waiting() {
        return dispatcher.waiting();
    }

    private boolean stillWanted(CreateRequest request) {
        Duration age = Duration.ofNanos(System.nanoTime() - request.item().acceptedAtNanos());
        return age.compareTo(config.resumeWithin()) < 0;
    }

    /** Stops taking requests; calls that are under way are left to libvirtd. */
    @Override
    public void close() {
        dispatcher.close();
        paths.close();
        watch.shutdownNow();
        lane.close();
    }

    /** Writes down what went Down and clears away what libvirtd still has of it. */
    private final class Bookkeeper implements VmListener {
        @Override
        public void changed(Vm before, Vm after) {
            if (after.status().running() && before != null && !before.status().running()) {
                history.sawRunning(after);
            }
            boolean news = after.status() == VmStatus.DOWN && (before == null || before.status() != VmStatus.DOWN);
            if (news && before != null && !after.destroying() && !after.external()) {
                if (before.status().running()) { // what never ran was written down before it was told: Downs
                    journal.note(Downs.record(after, after.exit().orElseGet(ExitInfo::notFound)));
                }
                late.cleanUp(after);
            }
            boolean comesBack = before == null || before.external() || before.status() == VmStatus.DOWN;
            if (comesBack && after.status().running() && !after.external()) {
                journal.note(new JournalRecord.Adopted(after.id(), after.name()));
            }
        }

        @Override
        public void removed(Vm last) {
            dispatcher.gone(last);
            recovery.forget(last.id());
        }
    }
}
