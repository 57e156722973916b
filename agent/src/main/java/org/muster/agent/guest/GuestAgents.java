package org.muster.agent.guest;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.muster.agent.domain.Run;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.Hypervisor.GuestPart;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The latest from each guest's QEMU guest agent, asked for by threads of its own, so that no agent delays anything but, at
 * the most, one other that does not answer either. What an agent told stays, and ages, when it falls silent.
 *
 * <p>Also ends the phases (booting, rebooting) of guests that nobody tells about. Thread-safe; {@link #latest} never blocks.
 */
public final class GuestAgents implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuestAgents.class);
    private static final int THREADS = 3;
    private static final int WORKERS_LEFT = 2; // of libvirtd, for everybody else
    private static final Duration PATIENCE = Duration.ofSeconds(2); // for one answer of an agent
    private static final Duration TICK = Duration.ofMillis(500);

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Predicate<UUID> frozen;
    private final Consumer<UUID> news;
    private final Consumer<UUID> answers;
    private final ScheduledExecutorService watch;
    private final ThreadPoolExecutor threads;
    private final Set<UUID> silent =
            ConcurrentHashMap.newKeySet(); // a question was not answered since its agent connected
    private final Consumer<UUID> silence;
    private final Map<UUID, AgentData> latest = new ConcurrentHashMap<>(); // an entry per VM, see forget

    @GuardedBy("this")
    private final PollPlan plan = new PollPlan(THREADS);

    /**
     * @param frozen its QEMU does not answer, so neither does its agent
     * @param news hears of a guest that told something else than before; on {@code guest-agent-%d}
     * @param answers hears of every guest that told something; on {@code guest-agent-%d}
     * @param silence hears of a guest whose agent fell silent, or answers again; on the threads of this class
     */
    public GuestAgents(
            VmTable table,
            Hypervisor hypervisor,
            Predicate<UUID> frozen,
            Consumer<UUID> news,
            Consumer<UUID> answers,
            Consumer<UUID> silence) {
        this.table = table;
        this.hypervisor = hypervisor;
        this.frozen = frozen;
        this.news = news;
        this.answers = answers;
        this.silence = silence;
        this.watch = Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "guest-watch"));
        AtomicInteger number = new AtomicInteger();
        // The plan never has more under way than there are threads, which bounds the queue.
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> daemon(task, "guest-agent-" + number.getAndIncrement()));
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Starts all threads. Once only. */
    public void start() {
        threads.prestartAllCoreThreads();
        watch.scheduleWithFixedDelay(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What the guest's agent told last; empty if it never did. */
    public Optional<AgentData> latest(UUID id) {
        return Optional.ofNullable(latest.get(id));
    }

    /** True while the guest's agent has its channel open and did not answer the last question. */
    public boolean silent(UUID id) {
        return silent.contains(id);
    }

    /** The guest is gone. */
    public void forget(UUID id) {
        latest.remove(id);
        silent.remove(id);
    }

    private void speaks(UUID id) {
        if (silent.remove(id)) {
            silence.accept(id);
        }
    }

    private void tick() {
        try {
            table.endPhases(Run.BOOTS_WITHIN.toMillis());
            silent.forEach(id -> {
                if (table.get(id).filter(vm -> vm.run().agentConnected()).isEmpty()) {
                    speaks(id); // there is nobody any more who could be silent
                }
            });
            latest.keySet().removeIf(id -> table.get(id).isEmpty()); // an answer may come after its VM has gone
            ask();
        } catch (RuntimeException e) { // a mistake of ours must not end it for all
            LOG.error("looking after guests failed, going on", e);
        }
    }

    private void ask() {
        Set<UUID> askable = new HashSet<>();
        for (Vm vm : table.all()) {
            boolean answers =
                    vm.status() == VmStatus.UP && vm.sampled() && vm.run().agentConnected();
            if (answers && !vm.external() && !frozen.test(vm.id())) { // to ask sets a time-out in the domain
                askable.add(vm.id());
            }
        }
        synchronized (this) {
            plan.retain(askable, System.nanoTime());
        }
        askNext();
    }

    private void askNext() {
        List<PollPlan.Poll> polls;
        synchronized (this) {
            polls = hypervisor.connected() ? plan.next(System.nanoTime(), spare()) : List.of();
        }
        for (PollPlan.Poll poll : polls) {
            try {
                threads.execute(() -> {
                    ask(poll);
                    askNext(); // else there would be as many answers in a second as threads and ticks
                });
            } catch (RejectedExecutionException e) {
                LOG.debug("the agent of {} is not asked any more: stopping", poll.guest());
            }
        }
    }

    /** How many questions libvirtd's workers can bear, which an agent that is silent keeps for seconds. */
    private int spare() {
        int free = hypervisor.calls().workers().min()
                - WORKERS_LEFT
                - hypervisor.calls().overdue();
        return Math.max(1, free);
    }

    private void ask(PollPlan.Poll poll) {
        long takenAt = System.nanoTime(); // first: an answer that comes late must look old
        try {
            GuestReport report = poll.partByPart()
                    ? partByPart(poll.guest())
                    : hypervisor.guestReport(poll.guest(), Set.of(), PATIENCE);
            answered(poll, new AgentData(takenAt, report));
        } catch (HypervisorException e) {
            failed(poll, e);
        } catch (RuntimeException e) { // a bug below us; the guest must not stay "being asked" for ever
            LOG.error("asking the agent of {} failed", poll.guest(), e);
            synchronized (this) {
                plan.failed(poll, false, System.nanoTime());
            }
        }
    }

    /** What an agent tells that refuses one of the questions. */
    private GuestReport partByPart(UUID id) throws HypervisorException {
        GuestReport all = GuestReport.NOTHING;
        HypervisorException refusal = null;
        boolean told = false;
        for (GuestPart part : EnumSet.allOf(GuestPart.class)) {
            try {
                all = all.with(hypervisor.guestReport(id, EnumSet.of(part), PATIENCE));
                told = true;
            } catch (HypervisorException e) {
                if (!refused(e)) {
                    throw e;
                }
                refusal = e;
            }
        }
        if (!told) {
            throw refusal;
        }
        return all;
    }

    private static boolean refused(HypervisorException e) {
        return e.kind() == Kind.FAILED || e.kind() == Kind.UNSUPPORTED || e.kind() == Kind.INVALID_SPEC;
    }

    private void answered(PollPlan.Poll poll, AgentData data) {
        AgentData before;
        synchronized (this) {
            if (!plan.answered(poll, System.nanoTime())) {
                return; // its VM is gone, or another one has its UUID
            }
            before = latest.put(poll.guest(), data);
        }
        speaks(poll.guest());
        answers.accept(poll.guest());
        // how full its disks are changes all the time, and is polled
        if (before == null || !before.report().withoutUse().equals(data.report().withoutUse())) {
            news.accept(poll.guest());
        }
    }

    private void failed(PollPlan.Poll poll, HypervisorException e) {
        LOG.debug("the agent of {} does not tell: {}", poll.guest(), e.getMessage());
        synchronized (this) {
            if (e.kind() == Kind.BUSY || e.kind() == Kind.DISCONNECTED) {
                plan.putOff(poll, System.nanoTime());
            } else {
                plan.failed(poll, refused(e), System.nanoTime());
            }
        }
        if (e.kind() == Kind.TIMED_OUT && silent.add(poll.guest())) {
            silence.accept(poll.guest());
        }
    }

    @Override
    public void close() {
        watch.shutdownNow();
        threads.shutdownNow();
    }
}
