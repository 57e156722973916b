package org.muster.agent.create;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles creates whose outcome is unknown, after an outage of ours or of libvirtd: a guest that runs is taken in; one
 * that does not, seen twice because an old call may still run inside libvirtd, is started once more if it has certainly not run
 * ({@link Furthest}) and is fresh enough, and is Down otherwise. One that libvirtd is still starting is waited for, for as long as a
 * start of this life would be: then it is given up, ended, and Down when it is not there any more.
 *
 * <p>Thread-safe; libvirtd is asked on the VM's lane.
 */
final class Recovery implements StartSequence.Unsettled {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final Duration SECOND_LOOK = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30); // between attempts to end one that does not go

    /** A create to be settled. */
    private static final class Pending {
        private final CreateRequest request;
        private final String why;
        private final Furthest furthest;
        private volatile Starting starting; // as last seen; null if not. Written on the VM's lane
        private volatile Duration untilNextEnd = SECOND_LOOK; // likewise
        private volatile String lastFailure = ""; // likewise

        Pending(CreateRequest request, String why, Furthest furthest) {
            this.request = request;
            this.why = why;
            this.furthest = furthest;
        }
    }

    /**
     * An older call is still starting it inside libvirtd.
     *
     * @param link through which that was seen
     * @param sinceNanos when it was seen first
     */
    private record Starting(int link, long sinceNanos) {}

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Journal journal;
    private final VmLane lane;
    private final Dispatcher dispatcher;
    private final ScheduledExecutorService timer;
    private final Predicate<CreateRequest> stillWanted;
    private final Downs downs;
    private final GuestEnd end;
    private final Supplier<Duration> startTimeout;
    private final Map<UUID, Pending> pending = new ConcurrentHashMap<>();
    private final AtomicInteger link = new AtomicInteger(); // which one; looks of an older one are void

    /**
     * Settles nothing yet.
     *
     * @param startTimeout how long a start may take
     * @param stillWanted whether a create may be started once more: fresh enough, same boot, somebody there who asks
     */
    Recovery(
            VmTable table,
            Hypervisor hypervisor,
            Journal journal,
            VmLane lane,
            Dispatcher dispatcher,
            ScheduledExecutorService timer,
            Downs downs,
            GuestEnd end,
            Supplier<Duration> startTimeout,
            Predicate<CreateRequest> stillWanted) {
        this.table = table;
        this.hypervisor = hypervisor;
        this.journal = journal;
        this.lane = lane;
        this.dispatcher = dispatcher;
        this.timer = timer;
        this.downs = downs;
        this.end = end;
        this.startTimeout = startTimeout;
        this.stillWanted = stillWanted;
    }

    /** Takes over a create; looked at now if there is a link, else when there is one again. */
    @Override
    public void take(CreateRequest request, String why, Furthest furthest) {
        Vm vm = request.vm();
        if (table.get(vm.id()).filter(now -> now.life() == vm.life()).isEmpty()) {
            return;
        }
        LOG.warn("{} ({}): outcome unknown: {}", vm.name(), vm.id(), why);
        settle(new Pending(request, why, furthest));
    }

    /** Looks at it when the destroy has ended, which is when the VM's lane gets to it; it is not started any more. */
    @Override
    public void abandoned(CreateRequest request) {
        Vm vm = request.vm();
        if (table.get(vm.id())
                .filter(now -> now.life() == vm.life() && !now.status().running() && now.status() != VmStatus.DOWN)
                .isPresent()) {
            settle(new Pending(
                    request.resumed(System.nanoTime()), "it was being destroyed, which failed", Furthest.LOOK_UP));
        }
    }

    /** True while an old call may still define or start the VM inside libvirtd. */
    boolean mayComeThrough(UUID id) {
        Pending mine = pending.get(id);
        return mine != null && mine.furthest.mayComeThrough();
    }

    /** How many starts hang in libvirtd that no thread of ours waits for. */
    int hanging() {
        long now = System.nanoTime();
        int hanging = 0;
        for (Pending mine : pending.values()) {
            Starting starting = mine.starting;
            boolean slow = starting != null
                    && starting.link == link.get()
                    && now - starting.sinceNanos >= Slots.SLOW.toNanos();
            hanging += slow ? 1 : 0;
        }
        return hanging;
    }

    private void settle(Pending create) {
        CreateRequest request = create.request;
        pending.put(request.vm().id(), create);
        if (hypervisor.connected()) {
            later(request.vm().id(), false, link.get());
        }
    }

    /** There is a link (again): all looks begin anew, since what an older libvirtd said counts no more. */
    void connected() {
        int now = link.incrementAndGet();
        List<UUID> all = new ArrayList<>(pending.keySet());
        all.forEach(id -> submit(id, false, now));
    }

    /** Ends the wait for a VM that was destroyed. */
    void forget(UUID id) {
        pending.remove(id);
    }

    private void later(UUID id, boolean second, int epoch) {
        later(id, second, epoch, SECOND_LOOK);
    }

    private void later(UUID id, boolean second, int epoch, Duration wait) {
        try {
            timer.schedule(() -> submit(id, second, epoch), wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping; its next life looks again", e);
        }
    }

    private void submit(UUID id, boolean second, int epoch) {
        if (!lane.submit(id, () -> look(id, second, epoch))) {
            later(id, second, epoch);
        }
    }

    private void look(UUID id, boolean second, int epoch) {
        Pending mine = pending.get(id);
        if (mine == null || epoch != link.get()) {
            return; // settled, or the link is another one: connected() has begun anew
        }
        Vm vm = mine.request.vm();
        Optional<Vm> now = table.get(id).filter(found -> found.life() == vm.life());
        if (now.isEmpty()) {
            pending.remove(id);
            return;
        }
        if (now.get().destroying()) {
            later(id, false, epoch); // that may fail
            return;
        }
        Optional<DomainRecord> record;
        try {
            record = hypervisor.find(id);
        } catch (HypervisorException e) {
            LOG.debug("{} still unsettled: {}", id, e.getMessage());
            if (hypervisor.connected()) {
                later(id, second, epoch);
            }
            return; // without a link connected() comes back to it
        }
        decide(mine, record, second, epoch);
    }

    private void decide(Pending mine, Optional<DomainRecord> record, boolean second, int epoch) {
        UUID id = mine.request.vm().id();
        boolean active = record.isPresent() && record.get().state().active();
        boolean starting = record.isPresent() && record.get().startingUp();
        watch(mine, starting, epoch);
        if (active && table.givenUp(mine.request.vm())) {
            end(mine, epoch);
            return;
        }
        if (starting || (!active && !second)) {
            later(id, !starting, epoch);
            return;
        }
        pending.remove(id);
        if (active) {
            journal.note(new JournalRecord.Running(id));
            table.adopt(record.get(), false, System.currentTimeMillis());
        } else if (table.givenUp(mine.request.vm())) {
            String why = table.get(id).map(Vm::statusReason).orElse(mine.why);
            down(mine, ExitInfo.startFailed(why), epoch);
        } else if (mine.furthest.mayHaveRun(record)) {
            down(mine, ended(mine, record), epoch);
        } else if (mine.request.attempt() == 1 && stillWanted.test(mine.request)) {
            resume(mine.request);
        } else {
            down(mine, ExitInfo.startFailed("not started: " + mine.why), epoch);
        }
    }

    /** Gives it up if libvirtd has been starting it for too long. */
    private void watch(Pending mine, boolean starting, int epoch) {
        Starting before = mine.starting;
        long now = System.nanoTime();
        if (!starting || before == null || before.link != epoch) {
            mine.starting = starting ? new Starting(epoch, now) : null;
            return;
        }
        Duration limit = startTimeout.get();
        Vm vm = mine.request.vm();
        if (now - before.sinceNanos < limit.toNanos() || table.givenUp(vm)) {
            return;
        }
        String why = "not up within create.start-timeout, " + limit.toSeconds() + " s: " + mine.why;
        if (table.giveUp(vm, why)) {
            LOG.warn("{} ({}): {}", vm.name(), vm.id(), why);
        }
    }

    /** What libvirtd brings up, or has brought up, of one that was given up must go before it is Down. */
    private void end(Pending mine, int epoch) {
        UUID id = mine.request.vm().id();
        Optional<String> failure = end.attempt(id);
        if (failure.isEmpty()) {
            mine.untilNextEnd = SECOND_LOOK;
            later(id, false, epoch);
            return;
        }
        if (!failure.get().equals(mine.lastFailure)) {
            LOG.warn("{} took too long to start: {}", id, failure.get());
            mine.lastFailure = failure.get();
        }
        // A QEMU that cannot be killed keeps the lane and a worker of libvirtd for tens of seconds each time.
        Duration wait = mine.untilNextEnd;
        Duration twice = wait.multipliedBy(2);
        mine.untilNextEnd = twice.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : twice;
        later(id, false, epoch, wait);
    }

    /** As libvirtd tells it, as far as it does. */
    private static ExitInfo ended(Pending mine, Optional<DomainRecord> record) {
        ShutoffReason reason = record.map(DomainRecord::shutoffReason).orElse(ShutoffReason.UNKNOWN);
        boolean known = reason != ShutoffReason.UNKNOWN && reason != ShutoffReason.FAILED;
        return known
                ? ExitInfo.of(reason)
                : ExitInfo.startFailed("not started again, for it may have run: " + mine.why);
    }

    private void down(Pending mine, ExitInfo exit, int epoch) {
        if (!downs.down(mine.request.vm(), exit)) {
            pending.put(mine.request.vm().id(), mine); // its destroy may fail
            later(mine.request.vm().id(), false, epoch);
        }
    }

    private void resume(CreateRequest request) {
        CreateRequest again = request.resumed(System.nanoTime());
        journal.durably(List.of(new JournalRecord.Resumed(request.vm().id()))).whenComplete((nothing, e) -> {
            if (e == null) {
                LOG.info(
                        "{} ({}) is started once more",
                        request.vm().name(),
                        request.vm().id());
                dispatcher.addAgain(again);
                if (table.get(again.vm().id())
                        .filter(now -> now.life() == again.vm().life())
                        .isEmpty()) {
                    dispatcher.gone(again.vm()); // destroyed meanwhile
                }
            } else {
                settle(new Pending(again, "the journal cannot be written: " + e.getMessage(), Furthest.LOOK_UP));
            }
        });
    }
}
