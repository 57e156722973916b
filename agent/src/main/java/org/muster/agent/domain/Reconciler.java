package org.muster.agent.domain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.muster.libvirt.CallGuard;
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
 * <p>What is being started or destroyed by us is not asked about: those calls hold the domain's lock, and who makes them asks for
 * himself. Other questions can hang too, for as long as somebody else holds that lock, which keeps no other domain waiting
 * ({@link Questions}). The list of all domains can hang on each of them, so it has a thread of its own, {@code domain-list}.
 *
 * <p>Thread-safe; nothing here blocks the caller.
 */
public final class Reconciler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
    private static final long LIST_RETRY_MILLIS = 2000;
    private static final int READ_AGAIN_SECONDS = 600;
    private static final long END_TOLD_WITHIN_NANOS = TimeUnit.MILLISECONDS.toNanos(900);

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
    private final Predicate<UUID> frozen;
    private final Questions questions;
    private final ScheduledThreadPoolExecutor lister;
    private int turn; // confined to domain-list
    private final AtomicBoolean listWanted = new AtomicBoolean(); // a list waits to be asked for
    private final FirstLook firstLook = new FirstLook(Duration.ofSeconds(2));
    private final Set<UUID> unread = ConcurrentHashMap.newKeySet(); // in the table, whose they are is not known yet
    private final Set<UUID> stale = ConcurrentHashMap.newKeySet(); // their XML is another one by now
    private final Map<UUID, Long> goneUntold = new ConcurrentHashMap<>(); // since when, System.nanoTime()

    /**
     * Asks nothing before it is told to.
     *
     * @param doomed takes over a domain whose destroy was answered already; false if it is none such
     * @param frozen whether a guest is known not to answer, so that its domain's lock may be held for long; must not block
     */
    public Reconciler(VmTable table, Hypervisor hypervisor, Predicate<UUID> doomed, Predicate<UUID> frozen) {
        this.table = table;
        this.doomed = doomed;
        this.frozen = frozen;
        this.hypervisor = hypervisor;
        this.questions = new Questions(this::mayHang, System::nanoTime);
        this.lister = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "domain-list");
            thread.setDaemon(true);
            return thread;
        });
        lister.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy()); // only when closed
        lister.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        lister.prestartAllCoreThreads();
        table.listen(new Gone());
    }

    /** As many as the guard allows, less what hangs of others. */
    private int mayHang() {
        CallGuard calls = hypervisor.calls();
        long others = calls.inFlight().stream()
                .filter(call -> call.overdue() && !Questions.isThread(call.thread()))
                .count();
        return calls.maxStuck() - (int) others;
    }

    /** Asks libvirtd about the domain soon, whether the table knows it or not: something happened to it. */
    public void check(UUID id) {
        questions.ask(id, this::answered);
    }

    /** The same, and reads the domain's XML again. */
    public void refresh(UUID id) {
        stale.add(id);
        check(id);
    }

    /** From now on reads each domain's XML again now and then: libvirt does not tell of every change that others make. */
    public void keepReading() {
        lister.scheduleWithFixedDelay(this::readTheNext, 1, 1, TimeUnit.SECONDS);
    }

    private void readTheNext() {
        turn = (turn + 1) % READ_AGAIN_SECONDS;
        for (Vm vm : table.all()) {
            boolean its = Math.floorMod(vm.id().hashCode(), READ_AGAIN_SECONDS) == turn; // not all at once
            if (its && vm.status().running() && !frozen.test(vm.id())) {
                refresh(vm.id());
            }
        }
    }

    /** The same as {@link #check} for everything that the table knows, though nothing is known to have happened to it. */
    public void checkAll() {
        table.all().forEach(vm -> checkAmongOthers(vm.id()));
    }

    /** The same as {@link #refresh} for everything that the table knows. */
    public void refreshAll() {
        for (Vm vm : table.all()) {
            stale.add(vm.id());
            checkAmongOthers(vm.id());
        }
    }

    private void checkAmongOthers(UUID id) {
        if (frozen.test(id)) {
            questions.askSuspect(id, this::answered);
        } else {
            check(id);
        }
    }

    /** Looks for domains that the table does not know. Others need not wait for it: the list can hang on one domain. */
    public void discover() {
        firstLook.asked(System.nanoTime());
        if (listWanted.compareAndSet(false, true)) {
            lister.execute(this::list);
        }
    }

    /**
     * Whether the table can be believed: libvirtd has listed its domains, and each is in the table as it is, or has kept
     * everybody waiting for two seconds and is in it as the list has it. Never blocks.
     */
    public boolean tableComplete() {
        if (firstLook.complete()
                || !hypervisor.connected()) { // who does not answer then may be gone when it is there again
            return firstLook.complete();
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
        check(record.domain()); // its question may have been dropped with a link, and it may be gone since
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
        listWanted.set(false); // what happens from here on may not be in it
        try {
            List<DomainRecord> listed = hypervisor.list();
            expect(listed);
            checkAll();
            for (DomainRecord record : listed) {
                if (table.get(record.domain()).isEmpty()) {
                    if (record.state().active()) {
                        check(record.domain());
                    } else {
                        run(() -> leftDown(record));
                    }
                }
            }
        } catch (HypervisorException | RuntimeException e) {
            LOG.warn("cannot list the host's domains: {}", e.getMessage());
            if (hypervisor.connected() && !lister.isShutdown()) { // else the next link asks again
                lister.schedule(this::list, LIST_RETRY_MILLIS, TimeUnit.MILLISECONDS);
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
        questions.ask(UUID.randomUUID(), id -> {
            question.run();
            return true;
        });
    }

    /** False if it must be asked again. */
    private boolean answered(UUID id) {
        try {
            boolean settled = ask(id);
            if (settled || table.launchPending(id)) { // then the table knows better than libvirtd
                firstLook.answered(id, System.nanoTime());
            }
            return settled;
        } catch (HypervisorException e) {
            LOG.debug("cannot ask about {}: {}", id, e.getMessage());
            return !hypervisor.connected(); // all are asked when the link is back
        }
    }

    private boolean ask(UUID id) throws HypervisorException {
        Optional<Vm> known = table.get(id);
        if (known.isPresent() && known.get().destroying()) {
            return true; // whoever destroys it asks for itself, and libvirtd may hold the domain's lock for long
        }
        if (table.launchPending(id)) { // likewise, until its call has returned
            return known.isEmpty() && (doomed.test(id) || !table.launchPending(id));
        }
        Optional<DomainRecord> record = hypervisor.find(id);
        boolean active = record.isPresent() && record.get().state().active();
        if (known.isEmpty()) {
            stale.remove(id);
            if (!active || doomed.test(id) || table.launchPending(id)) {
                return true; // whoever ends its launch sees to it
            }
            return !record.get().startingUp() && adopt(record.get()); // what comes of that start is asked for again
        }
        Vm vm = known.get();
        if (active && unread.contains(id)) {
            return adopt(record.get());
        }
        if (endIsStillToBeTold(vm, record)) {
            return false;
        }
        if (vm.external() && !active) {
            table.remove(vm, ExitInfo.of(record, vm.run()));
            return true;
        }
        if (vm.status() == VmStatus.DOWN && active && !table.launchPending(id)) {
            LOG.warn("{} ({}) is known as Down and runs: taken in again", vm.name(), id);
            return adopt(record.get());
        }
        boolean settled = table.observed(vm, record);
        if (settled && active && (stale.remove(id) || vm.live().isEmpty())) {
            readXml(vm);
        }
        return settled;
    }

    /**
     * libvirtd forgets a transient domain before it tells of its end, which then nobody else knows. An event that was lost
     * is not waited for long.
     */
    private boolean endIsStillToBeTold(Vm vm, Optional<DomainRecord> record) {
        boolean untold = record.isEmpty()
                && vm.status().running()
                && vm.run().endedAs().isEmpty()
                && firstLook.complete(); // what ended before has no event
        long now = System.nanoTime();
        if (untold && now - goneUntold.computeIfAbsent(vm.id(), id -> now) < END_TOLD_WITHIN_NANOS) {
            return true;
        }
        goneUntold.remove(vm.id());
        return false;
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

    /** What is remembered of domains; for those who look for what is never forgotten. */
    Set<UUID> remembered() {
        Set<UUID> all = new HashSet<>(questions.open());
        all.addAll(stale);
        all.addAll(unread);
        all.addAll(goneUntold.keySet());
        return all;
    }

    @Override
    public void close() {
        questions.close();
        lister.shutdownNow();
    }

    /** A VM that has left the table needs nothing any more. */
    private final class Gone implements VmListener {
        @Override
        public void changed(Vm before, Vm after) {}

        @Override
        public void removed(Vm last) {
            stale.remove(last.id());
            unread.remove(last.id());
            goneUntold.remove(last.id());
        }
    }
}
