package org.muster.agent.upkeep;

import java.time.Duration;
import java.util.HashMap;
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
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.BlockJob;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.DomainXml.HostNotes;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does for running guests what nobody asks for: notes in their metadata, and what becomes of them when a failing disk
 * has paused them. One thing at a time for a guest, on threads of its own, so that a destroy never waits for any of it.
 *
 * <p>A guest whose QEMU does not answer is left alone until it does. Thread-safe; {@link #start} and {@link #close} by whoever
 * made it.
 */
public final class Upkeep implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
    private static final int THREADS = 3;
    private static final int MOST_WAITING = 32; // for a thread
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration TRIAL =
            Duration.ofMillis(1500); // a disk that still fails pauses it within a fraction

    /** What it needs of the rest of the agent. Nothing here blocks. */
    public interface Surroundings {
        /** Its QEMU does not answer. */
        boolean frozen(UUID id);

        /** What the guest's agent told last; empty if it never did. */
        Optional<GuestReport> agent(UUID id);

        /** Has its state asked for again. */
        void recheck(UUID id);

        /** Has it ended because it was paused for too long. */
        void end(UUID id);
    }

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Surroundings around;
    private final LongSupplier nanoTime;
    private final ScheduledExecutorService watch;
    private final ThreadPoolExecutor threads;
    private final Map<UUID, Known> guests = new HashMap<>(); // confined to upkeep
    private final Set<UUID> busy = ConcurrentHashMap.newKeySet(); // something is being done for them

    private final Map<UUID, Jobs> jobs = new ConcurrentHashMap<>(); // an entry per VM that has had some, see look

    private record Jobs(long life, Map<String, BlockJob> byDisk) {}

    private record Known(long life, GuestUpkeep upkeep) {}

    public Upkeep(VmTable table, Hypervisor hypervisor, Surroundings around) {
        this(table, hypervisor, around, System::nanoTime);
    }

    /** @param nanoTime on the host's monotonic clock, which is what others note times by */
    Upkeep(VmTable table, Hypervisor hypervisor, Surroundings around, LongSupplier nanoTime) {
        this.table = table;
        this.hypervisor = hypervisor;
        this.around = around;
        this.nanoTime = nanoTime;
        this.watch = Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "upkeep"));
        AtomicInteger number = new AtomicInteger();
        // look() hands out no more than MOST_WAITING, which bounds the queue.
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> daemon(task, "upkeep-" + number.getAndIncrement()));
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

    private void tick() {
        try {
            look();
        } catch (RuntimeException e) { // a mistake of ours must not end it for all
            LOG.error("looking after guests failed, going on", e);
        }
    }

    /** Hands out what is to be done now. Confined to {@code upkeep}. */
    void look() {
        guests.keySet().removeIf(id -> table.get(id).isEmpty());
        jobs.keySet().removeIf(id -> table.get(id).isEmpty());
        if (!hypervisor.connected()) {
            return;
        }
        for (Vm vm : table.all()) {
            boolean ours = vm.status().running() && !vm.external() && !vm.destroying();
            if (ours && vm.live().isPresent() && !busy.contains(vm.id()) && waiting() < MOST_WAITING) {
                next(vm, vm.live().get().details()).ifPresent(chore -> hand(vm, chore));
            }
        }
    }

    private int waiting() {
        return threads.getQueue().size();
    }

    private Optional<Chore> next(Vm vm, DomainDetails details) {
        Known known = guests.get(vm.id());
        if (known == null || known.life != vm.life()) {
            known = new Known(vm.life(), new GuestUpkeep());
            guests.put(vm.id(), known);
        }
        List<GuestReport.GuestDisk> disks =
                around.agent(vm.id()).map(GuestReport::disks).orElse(List.of());
        return known.upkeep.next(
                vm,
                details.notes(),
                DiskNames.of(details.disks(), disks),
                () -> merging(vm, details),
                nanoTime.getAsLong());
    }

    /** A job that QEMU has no more does not come back. */
    private Set<String> merging(Vm vm, DomainDetails details) {
        Jobs seen = jobs.get(vm.id());
        if (seen != null && seen.life == vm.life() && seen.byDisk.isEmpty()) {
            return Set.of();
        }
        if (details.notes().jobs().orElse("").isEmpty()) {
            return Set.of();
        }
        return details.notes().jobs().flatMap(Merge::all).orElse(List.of()).stream()
                .map(Merge::drive)
                .collect(Collectors.toSet());
    }

    /** The jobs of its disks that others began, by disk; empty if nobody has looked yet. Never blocks. */
    public Optional<Map<String, BlockJob>> jobs(UUID id) {
        return Optional.ofNullable(jobs.get(id)).map(Jobs::byDisk);
    }

    private void hand(Vm vm, Chore chore) {
        if (chore instanceof Chore.End) {
            around.end(vm.id());
        } else if (!around.frozen(vm.id())) {
            busy.add(vm.id());
            threads.execute(() -> run(vm, chore));
        }
    }

    private void run(Vm vm, Chore chore) {
        boolean onTrial = false;
        try {
            if (chore instanceof Chore.Note note) {
                note(vm, note.notes());
            } else if (chore instanceof Chore.LookAtJobs look) {
                lookAtJobs(vm, look.disks());
            } else {
                onTrial = resume(vm);
            }
        } catch (HypervisorException e) {
            LOG.info("{} ({}): {}; tried again later", vm.name(), vm.id(), e.getMessage());
        } catch (RuntimeException e) { // a bug below us; the guest must not stay "busy" for ever
            LOG.error("looking after {} failed", vm.id(), e);
        } finally {
            if (onTrial) {
                later(() -> judge(vm));
            } else {
                busy.remove(vm.id());
            }
        }
    }

    /** Write-behind: whoever changed the notes has been told by then. */
    private void note(Vm vm, HostNotes notes) throws HypervisorException {
        Optional<String> element = DomainXml.parse(hypervisor.xml(vm.id())).engineElement(notes);
        if (element.isPresent() && same(vm)) {
            hypervisor.setEngineMetadata(vm.id(), element.get());
        }
        // else somebody noted it meanwhile; its XML has been read again by now, or will be
    }

    private void lookAtJobs(Vm vm, Set<String> disks) throws HypervisorException {
        Map<String, BlockJob> found = new HashMap<>();
        for (String disk : disks) {
            hypervisor.blockJob(vm.id(), disk).ifPresent(job -> found.put(disk, job));
        }
        jobs.put(vm.id(), new Jobs(vm.life(), Map.copyOf(found)));
    }

    /** True if it is to be judged later whether it runs. */
    private boolean resume(Vm vm) throws HypervisorException {
        if (!same(vm) || !table.onTrial(vm, true)) {
            return false;
        }
        try {
            hypervisor.resume(vm.id());
            return true;
        } catch (HypervisorException | RuntimeException e) {
            table.onTrial(vm, false);
            around.recheck(vm.id()); // it may run by now
            throw e;
        }
    }

    private void judge(Vm vm) {
        LOG.debug("{} ({}) was let go on; whether it still runs is asked now", vm.name(), vm.id());
        table.onTrial(vm, false);
        busy.remove(vm.id());
        around.recheck(vm.id());
    }

    private boolean same(Vm vm) {
        return table.get(vm.id())
                .filter(now -> now.life() == vm.life() && !now.destroying())
                .isPresent();
    }

    private void later(Runnable task) {
        try {
            watch.schedule(task, TRIAL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping; its next life looks again", e);
        }
    }

    @Override
    public void close() {
        watch.shutdownNow();
        threads.shutdownNow();
    }
}
