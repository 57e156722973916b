package org.muster.agent.domain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the table in line with libvirtd, one domain at a time: whatever happened, it asks what is so now. An event is
 * only the reason to ask; so a late, doubled or lost one does no harm.
 *
 * <p>Threads {@code reconcile-%d}, a fixed number; each may block in libvirtd for as long as somebody holds that
 * domain's lock. A domain is asked by one thread at a time, and again if something happened meanwhile.
 *
 * <p>Thread-safe; nothing here blocks the caller.
 */
public final class Reconciler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
    private static final int THREADS = 4;
    private static final long RETRY_MILLIS = 500;
    private static final long LIST_RETRY_MILLIS = 2000;

    /** Whose a domain is that we did not know. */
    private enum Whose {
        OURS,
        SOMEBODYS,
        /** No VM: nobody is told of it. */
        NOBODYS
    }

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Predicate<UUID> doomed;
    private final ScheduledThreadPoolExecutor threads;
    private final Set<UUID> waiting = ConcurrentHashMap.newKeySet(); // at most one question per domain waits
    private final Set<UUID> asking = ConcurrentHashMap.newKeySet();
    private final FirstLook firstLook = new FirstLook(Duration.ofSeconds(2));
    private final Set<UUID> unread = ConcurrentHashMap.newKeySet(); // in the table, whose they are is not known yet
    private final Set<UUID> stale = ConcurrentHashMap.newKeySet(); // their XML is another one by now

    /** @param doomed takes over a domain whose destroy was answered already; false if it is none such */
    public Reconciler(VmTable table, Hypervisor hypervisor, Predicate<UUID> doomed) {
        this.table = table;
        this.doomed = doomed;
        this.hypervisor = hypervisor;
        AtomicInteger number = new AtomicInteger();
        this.threads = new ScheduledThreadPoolExecutor(THREADS, task -> {
            Thread thread = new Thread(task, "reconcile-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
        threads.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy()); // only when closed
        threads.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        threads.prestartAllCoreThreads();
    }

    /** Asks libvirtd about the domain soon, whether the table knows it or not. */
    public void check(UUID id) {
        check(id, 0);
    }

    /** The same, and reads the domain's XML again. */
    public void refresh(UUID id) {
        stale.add(id);
        check(id);
    }

    /** The same as {@link #check} for everything that the table knows. */
    public void checkAll() {
        table.all().forEach(vm -> check(vm.id()));
    }

    /** The same as {@link #refresh} for everything that the table knows. */
    public void refreshAll() {
        table.all().forEach(vm -> refresh(vm.id()));
    }

    /** Looks for domains that the table does not know. Others need not wait for it: the list can hang on one domain. */
    public void discover() {
        threads.execute(this::list);
    }

    /**
     * Whether the table can be believed: libvirtd has listed its domains, and each is in the table as it is, or has kept
     * everybody waiting for two seconds and is in it as the list has it. Never blocks.
     */
    public boolean tableComplete() {
        if (firstLook.complete()) {
            return true;
        }
        List<DomainRecord> silent = firstLook.givenUp(System.nanoTime());
        if (!silent.isEmpty()) {
            try {
                silent.forEach(this::takeInUnread);
            } finally {
                firstLook.settled();
            }
        }
        return firstLook.complete();
    }

    /** Whether it is known of all VMs whose they are. */
    public boolean allRead() {
        return unread.isEmpty();
    }

    private void takeInUnread(DomainRecord record) {
        LOG.warn("{} ({}) does not let itself be read; listed as {}", record.name(), record.domain(), record.state());
        if (record.state().active() && table.get(record.domain()).isEmpty() && !doomed.test(record.domain())) {
            unread.add(record.domain());
            table.adopt(record, true, 0); // whose it is will be known when it can be read; till then it is not touched
        }
    }

    /** What the first list has, and what the table believes to run besides. */
    private void expect(List<DomainRecord> listed) {
        List<DomainRecord> all = new ArrayList<>(listed);
        Set<UUID> active = new HashSet<>();
        listed.stream().filter(record -> record.state().active()).forEach(record -> active.add(record.domain()));
        for (Vm vm : table.all()) {
            if (vm.status().running() && !active.contains(vm.id())) {
                all.add(new DomainRecord(vm.id(), vm.name(), DomainRecord.State.SHUTOFF, 0, System.nanoTime()));
            }
        }
        firstLook.listed(all, System.nanoTime());
    }

    private void list() {
        try {
            List<DomainRecord> listed = hypervisor.list();
            expect(listed);
            table.all().forEach(vm -> check(vm.id()));
            for (DomainRecord record : listed) {
                if (table.get(record.domain()).isPresent()) {
                    check(record.domain());
                    continue;
                }
                if (record.state().active()) {
                    check(record.domain());
                } else {
                    threads.execute(() -> leftDown(record));
                }
            }
        } catch (HypervisorException | RuntimeException e) {
            LOG.warn("cannot list the host's domains: {}", e.getMessage());
            if (hypervisor.connected() && !threads.isShutdown()) { // else the next link asks again
                threads.schedule(this::list, LIST_RETRY_MILLIS, TimeUnit.MILLISECONDS);
            }
        }
    }

    /** A VM that another agent left Down, with its end in the engine's metadata: the engine has not destroyed it yet. */
    private void leftDown(DomainRecord record) {
        try {
            DomainXml.parse(hypervisor.xml(record.domain()))
                    .metadata()
                    .notes()
                    .exit()
                    .filter(exit -> !doomed.test(record.domain()))
                    .ifPresent(exit -> {
                        LOG.info("{} ({}) was left Down: {}", record.name(), record.domain(), exit.message());
                        ExitInfo info = new ExitInfo(exit.code() != 0, exit.reason(), exit.message());
                        table.restoreDown(record.domain(), record.name(), info);
                    });
        } catch (HypervisorException e) {
            LOG.debug("whether {} was left Down is unknown: {}", record.domain(), e.getMessage());
        } finally {
            firstLook.answered(record.domain(), System.nanoTime());
        }
    }

    /** Runs something else that asks libvirtd, on the same threads. */
    public void run(Runnable question) {
        threads.execute(question);
    }

    private void check(UUID id, long delayMillis) {
        if (waiting.add(id) && !threads.isShutdown()) {
            threads.schedule(() -> run(id), delayMillis, TimeUnit.MILLISECONDS);
        }
    }

    private void run(UUID id) {
        waiting.remove(id);
        if (!asking.add(id)) {
            check(id, RETRY_MILLIS); // being asked; what happened meanwhile must be asked again
            return;
        }
        boolean settled = false;
        try {
            settled = ask(id);
            if (settled) {
                firstLook.answered(id, System.nanoTime());
            }
        } catch (HypervisorException e) {
            LOG.debug("cannot ask about {}: {}", id, e.getMessage());
            settled = !hypervisor.connected(); // all are asked when the link is back
        } catch (RuntimeException e) {
            LOG.error("asking about {} failed", id, e);
            settled = true;
        } finally {
            asking.remove(id);
        }
        if (!settled) {
            check(id, RETRY_MILLIS);
        }
    }

    private boolean ask(UUID id) throws HypervisorException {
        Optional<Vm> known = table.get(id);
        if (known.isPresent() && known.get().destroying()) {
            return true; // whoever destroys it asks for itself, and libvirtd may hold the domain's lock for long
        }
        Optional<DomainRecord> record = hypervisor.find(id);
        boolean active = record.isPresent() && record.get().state().active();
        if (known.isEmpty()) {
            stale.remove(id);
            if (!active || doomed.test(id) || table.launchPending(id)) {
                return true;
            }
            return !record.get().startingUp() && adopt(record.get()); // what comes of that start is asked for again
        }
        Vm vm = known.get();
        if (active && unread.contains(id)) {
            return adopt(record.get());
        }
        if (vm.external() && !active) {
            table.remove(vm, ExitInfo.notFound());
            return true;
        }
        if (vm.status() == VmStatus.DOWN && active && !table.launchPending(id)) {
            LOG.warn("{} ({}) is known as Down and runs: taken in again", vm.name(), id);
            return adopt(record.get());
        }
        boolean settled = table.observed(vm, record, System.currentTimeMillis());
        if (settled && active && (stale.remove(id) || vm.live().isEmpty())) {
            readXml(vm);
        }
        return settled;
    }

    private void readXml(Vm vm) throws HypervisorException {
        try {
            table.live(vm, LiveXml.of(hypervisor.xml(vm.id())));
        } catch (HypervisorException e) {
            stale.add(vm.id());
            throw e;
        }
    }

    private boolean adopt(DomainRecord record) throws HypervisorException {
        String xml = hypervisor.xml(record.domain());
        Whose whose = whose(xml);
        boolean managed = whose == Whose.OURS;
        if (whose == Whose.NOBODYS) {
            unread.remove(record.domain());
            table.get(record.domain()).filter(Vm::external).ifPresent(vm -> table.remove(vm, ExitInfo.notFound()));
            return true;
        }
        Vm vm = table.adopt(record, !managed, 0);
        table.live(vm, LiveXml.of(xml));
        unread.remove(vm.id());
        LOG.info("{} ({}) runs: taken in as {}", vm.name(), vm.id(), managed ? "ours" : "external");
        return true;
    }

    /** What cannot be read cannot be known to be ours, so it is not touched. */
    private static Whose whose(String xml) {
        try {
            DomainXml domain = DomainXml.parse(xml);
            if (domain.managed()) {
                return Whose.OURS;
            }
            return domain.inspectsDisks() ? Whose.NOBODYS : Whose.SOMEBODYS;
        } catch (HypervisorException e) {
            return Whose.SOMEBODYS; // LiveXml logs it
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
