package org.muster.agent.create;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Powers VMs off and forgets them. A destroy that was answered stays true: if a launch of that VM was still under way and
 * comes through later, its guest is ended at once, also after a restart of ours ({@link LateGuests}).
 *
 * <p>Thread-safe; the work is done on the VM's lane, one attempt a turn. Without libvirtd it answers
 * within seconds.
 */
public final class Destroyer {
    private static final Logger LOG = LoggerFactory.getLogger(Destroyer.class);
    private static final Duration PATIENCE = Duration.ofMinutes(2); // a traced QEMU took 59 s
    private static final Duration AWAY = Duration.ofSeconds(3); // libvirtd is restarted in less
    private static final Duration RETRY = Duration.ofMillis(250);
    private static final Duration LAUNCH_PATIENCE = Duration.ofSeconds(2);
    private static final String ENDED = "it does not run any more";

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

    /**
     * One destroy that somebody waits for.
     *
     * @param vm as it was when it was asked for
     * @param unqueued its create, taken out of the queue; null if it was not in it
     * @param unstarted why it is Down if it never ran
     */
    private record Job(
            Vm vm, CreateRequest unqueued, ExitInfo unstarted, long sinceNanos, CompletableFuture<Outcome> outcome) {
        Job(Vm vm, CreateRequest unqueued, ExitInfo unstarted) {
            this(vm, unqueued, unstarted, System.nanoTime(), new CompletableFuture<>());
        }

        boolean olderThan(Duration age) {
            return System.nanoTime() - sinceNanos > age.toNanos();
        }
    }

    private final VmTable table;
    private final Journal journal;
    private final VmLane lane;
    private final GuestEnd end;
    private final LateGuests late;
    private final Leftovers leftovers;
    private final ScheduledExecutorService timer;
    private final Function<UUID, CreateRequest> unqueue; // takes a waiting create back, null if it does not wait
    private final CreateMetrics metrics;
    private final Consumer<UUID> recheck; // its state is to be asked again
    private final Predicate<UUID> mayComeThrough; // an old call may still start it inside libvirtd
    private final Consumer<CreateRequest> abandoned; // settles a create that is in no queue any more
    private final Downs downs;
    private final Set<Job> waiting = ConcurrentHashMap.newKeySet(); // bounded by the lane
    private final Map<UUID, Job> ending = new ConcurrentHashMap<>(); // whose end is being written down

    Destroyer(
            VmTable table,
            Journal journal,
            VmLane lane,
            GuestEnd end,
            LateGuests late,
            Leftovers leftovers,
            ScheduledExecutorService timer,
            Function<UUID, CreateRequest> unqueue,
            CreateMetrics metrics,
            Consumer<UUID> recheck,
            Predicate<UUID> mayComeThrough,
            Consumer<CreateRequest> abandoned,
            Downs downs) {
        this.abandoned = abandoned;
        this.downs = downs;
        this.table = table;
        this.journal = journal;
        this.lane = lane;
        this.end = end;
        this.late = late;
        this.leftovers = leftovers;
        this.timer = timer;
        this.unqueue = unqueue;
        this.metrics = metrics;
        this.recheck = recheck;
        this.mayComeThrough = mayComeThrough;
    }

    /** Completes when the VM is gone, or cannot be made to go, or libvirtd is away. */
    public CompletableFuture<Outcome> destroy(UUID id) {
        Optional<Vm> known = table.get(id);
        if (known.isEmpty()) {
            return done(Outcome.refused(Refusal.NO_SUCH_VM, "no VM " + id));
        }
        if (known.get().external()) {
            return done(Outcome.refused(
                    Refusal.EXTERNAL, "domain " + id + " was not made by this agent or the engine: it is not touched"));
        }
        CreateRequest unqueued = unqueue.apply(id);
        boolean untouched =
                unqueued != null && unqueued.attempt() == 1; // else there may be a domain of the first attempt
        Vm vm = table.destroying(id, true).orElse(null);
        if (vm == null) {
            return done(Outcome.refused(Refusal.NO_SUCH_VM, "no VM " + id));
        }
        Job job = new Job(vm, unqueued, ExitInfo.destroyedDuringStartup());
        if (untouched) {
            forget(job, job.unstarted);
            return job.outcome;
        }
        return enqueue(job, known.get().destroying());
    }

    /** Ends a create that the caller took out of the queue. */
    CompletableFuture<Outcome> cancel(CreateRequest unqueued) {
        UUID id = unqueued.vm().id();
        Optional<Vm> known =
                table.get(id).filter(vm -> vm.life() == unqueued.vm().life());
        if (known.isEmpty()) {
            return done(Outcome.GONE);
        }
        Vm vm = table.destroying(id, true).orElse(known.get());
        Job job = new Job(vm, unqueued, ExitInfo.cancelled());
        if (unqueued.attempt() == 1) { // else there may be a domain of the first attempt
            forget(job, job.unstarted);
            return job.outcome;
        }
        return enqueue(job, known.get().destroying());
    }

    /** @param before whether it was being destroyed already */
    private CompletableFuture<Outcome> enqueue(Job job, boolean before) {
        UUID id = job.vm.id();
        waiting.add(job);
        job.outcome.whenComplete((outcome, e) -> waiting.remove(job));
        if (!lane.submit(id, () -> turn(job, job.sinceNanos))) {
            table.destroying(id, before); // another one may be under way
            giveBack(job);
            job.outcome.complete(Outcome.refused(
                    Refusal.TOO_MANY_WAITING, VmLane.WAITING_PER_VM + " requests wait for " + id + " already"));
        }
        return job.outcome;
    }

    private static CompletableFuture<Outcome> done(Outcome outcome) {
        return CompletableFuture.completedFuture(outcome);
    }

    /** There is no libvirtd any more: unless it is soon back, whoever waits is told, though a call that it took may be done. */
    void disconnected() {
        try {
            timer.schedule(this::tellOfOutage, AWAY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping", e);
        }
    }

    private void tellOfOutage() {
        if (!end.connected()) {
            waiting.forEach(job -> job.outcome.complete(Outcome.refused(
                    Refusal.FAILED,
                    "the link to libvirtd was lost: whether " + job.vm.id() + " still runs is not known")));
        }
    }

    /** @param endedNanos since when it is known not to run; the begin of the job before that */
    private void turn(Job job, long endedNanos) {
        UUID id = job.vm.id();
        Optional<Vm> now = table.get(id);
        if (now.isEmpty() || now.get().life() != job.vm.life()) {
            job.outcome.complete(Outcome.GONE); // a destroy before this one did it
            return;
        }
        Job first = ending.get(id);
        if (first != null && first.vm.life() == job.vm.life()) { // its UUID may be another VM's a moment later
            first.outcome.thenAccept(job.outcome::complete);
            return;
        }
        boolean link = end.connected(); // before the look at the outcome: an outage that is over may have ended the job
        if (job.outcome.isDone() || (!link && job.olderThan(AWAY))) {
            failed(job, "libvirtd is not reachable");
            return;
        }
        if (!link) {
            again(job, endedNanos);
            return;
        }
        table.destroying(id, true); // one before this one may have failed
        if (table.reserved(id)) { // pipelined behind its create: what is written down keeps that order
            again(job, job.sinceNanos);
            return;
        }
        boolean launching = table.launchPending(id); // before the look: it may come through after it
        Optional<String> failure = end.attempt(id);
        if (failure.isPresent()) {
            if (job.olderThan(PATIENCE) || (!end.connected() && job.olderThan(AWAY))) {
                failed(job, failure.get());
            } else {
                again(job, job.sinceNanos);
            }
            return;
        }
        long since = endedNanos == job.sinceNanos ? System.nanoTime() : endedNanos;
        if (launching && System.nanoTime() - since < LAUNCH_PATIENCE.toNanos()) {
            again(job, since); // its call may have come through between our destroy and its return
            return;
        }
        metrics.destroyed(System.nanoTime() - job.sinceNanos);
        LOG.info(
                "{} ({}) destroyed {} ms after it was asked for",
                job.vm.name(),
                id,
                (System.nanoTime() - job.sinceNanos) / 1_000_000);
        if (launching || mayComeThrough.test(id)) {
            leaveTombstone(job);
            return;
        }
        boolean ran = now.get().status().running();
        ExitInfo exit = ran ? ExitInfo.destroyed() : job.unstarted;
        // One that did not run may have failed because somebody else has a domain of its UUID.
        Optional<String> stored = ran ? end.undefine(id) : end.undefineIfOurs(id);
        if (stored.isPresent()) {
            leaveDefined(job, exit, stored.get());
        } else {
            forget(job, exit);
        }
    }

    private void again(Job job, long endedNanos) {
        try {
            timer.schedule(
                    () -> {
                        if (!lane.submit(job.vm.id(), () -> turn(job, endedNanos))) {
                            again(job, endedNanos);
                        }
                    },
                    RETRY.toMillis(),
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping", e);
            failed(job, "the agent is stopping");
        }
    }

    private void failed(Job job, String why) {
        table.destroying(job.vm.id(), false);
        recheck.accept(job.vm.id());
        giveBack(job);
        job.outcome.complete(Outcome.refused(Refusal.FAILED, why));
    }

    private void giveBack(Job job) {
        if (job.unqueued != null) {
            abandoned.accept(job.unqueued);
        }
    }

    private void forget(Job job, ExitInfo exit) {
        late.spare(job.vm.id());
        write(new JournalRecord.Gone(job.vm.id()), job, exit, () -> {});
    }

    /** The guest is gone, and its destroy must not wait for what libvirtd has stored of it. */
    private void leaveDefined(Job job, ExitInfo exit, String why) {
        UUID id = job.vm.id();
        LOG.warn("{} ({}) is destroyed, but {}; tried again until it is not", job.vm.name(), id, why);
        late.spare(id);
        leftovers.add(id); // before it leaves the table: until the domain is deleted its UUID is not free
        write(new JournalRecord.Leftover(id), job, exit, () -> leftovers.clear(id));
    }

    private void leaveTombstone(Job job) {
        UUID id = job.vm.id();
        LOG.warn("{} ({}) is destroyed, but a call that starts it may still come through", job.vm.name(), id);
        late.doom(id); // before it leaves the table: its guest must not be taken in as an unknown one
        write(new JournalRecord.Destroyed(id), job, job.unstarted, () -> late.clearDoomed(id));
    }

    /** @param after what follows when the VM is gone */
    private void write(JournalRecord line, Job job, ExitInfo exit, Runnable after) {
        Vm vm = job.vm;
        ending.put(vm.id(), job);
        journal.durably(List.of(line)).whenComplete((nothing, e) -> {
            if (e != null) { // answering true would be a promise that our next life could not keep
                LOG.error("the end of {} cannot be written to the journal", vm.id(), e);
                notWritten(job, exit, e);
                return;
            }
            table.remove(vm, exit);
            ending.remove(vm.id(), job);
            job.outcome.complete(Outcome.GONE);
            after.run();
        });
    }

    private void notWritten(Job job, ExitInfo exit, Throwable e) {
        Vm vm = job.vm;
        late.spare(vm.id());
        leftovers.remove(vm.id());
        table.destroying(vm.id(), false);
        String what = ended(vm, exit);
        ending.remove(vm.id(), job);
        job.outcome.complete(
                Outcome.refused(Refusal.FAILED, what + ", but the journal cannot be written: " + e.getMessage()));
    }

    /** Makes it Down, unless a call of ours may still start it; answers what is so. */
    private String ended(Vm vm, ExitInfo exit) {
        UUID id = vm.id();
        boolean ran = table.get(id).filter(now -> now.status().running()).isPresent();
        if (ran && !table.startPending(id)) {
            if (table.down(vm, exit)) {
                journal.note(Downs.record(vm, exit));
            }
            return ENDED;
        }
        // Also a launch that has only looked and defined yet: it would start what is told as Down.
        if (!table.holdBack(vm, "it was destroyed, which cannot be written down")) {
            return "a call that starts it is still under way";
        }
        if (mayComeThrough.test(id)) {
            return "a call that starts it may still come through"; // whoever looks for that makes it Down
        }
        if (!downs.down(vm, exit)) { // our next life may start it as long as this is not on the disk
            late.endGivenUp(vm); // should that one fail too
            return "another request to destroy it is under way";
        }
        return ENDED;
    }
}
