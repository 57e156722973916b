package org.muster.agent.domain;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.GuestEvent;

/**
 * All VMs that this host answers for, and the only place where their state changes.
 *
 * <p>Each rule of the state machine is one method: it checks and acts in one step and answers whether it applied, so that
 * two threads that believe different things cannot both win. A launch is known here from {@link #beginLaunch}, before the
 * first libvirt call, to {@link #endLaunch}: while one is under way nobody else gets its UUID, and from
 * {@link #beginStart} on nothing makes the VM Down.
 *
 * <p>Thread-safe. Reading takes no lock; nothing here blocks.
 */
public final class VmTable {
    private final EventClock clock;
    private final Map<UUID, Vm> vms = new ConcurrentHashMap<>(); // written under the lock, read by anybody
    private final List<VmListener> listeners = new CopyOnWriteArrayList<>();

    @GuardedBy("this")
    private final Map<String, UUID> names = new HashMap<>();

    @GuardedBy("this")
    private final Map<UUID, Launch> launches = new HashMap<>(); // whose libvirt calls have not all returned

    @GuardedBy("this")
    private final Set<UUID> silent = new HashSet<>(); // reserved, not announced

    @GuardedBy("this")
    private final Set<UUID> onTrial = new HashSet<>(); // see onTrial

    @GuardedBy("this")
    private long lastLife;

    public VmTable(EventClock clock) {
        this.clock = clock;
    }

    /** A copy to ask what would be accepted: it reserves as this one would, and nobody hears of it. */
    public synchronized VmTable rehearsal() {
        VmTable copy = new VmTable(clock);
        synchronized (copy) { // nobody else has it
            copy.vms.putAll(vms);
            copy.names.putAll(names);
            copy.launches.putAll(launches);
            copy.lastLife = lastLife;
        }
        return copy;
    }

    /** Whether a VM could be taken in. */
    public enum Admission {
        ACCEPTED,
        /** The UUID is known. */
        DUPLICATE_ID,
        /** Another VM has the name. */
        DUPLICATE_NAME,
        /** An old call of that UUID has not returned and could still define or bring up the former VM. */
        START_PENDING
    }

    /** @param starting whether it has come to the call that starts the guest */
    private record Launch(long life, boolean starting) {}

    /** @param vm null unless accepted */
    public record Reservation(Admission admission, Vm vm) {}

    public void listen(VmListener listener) {
        listeners.add(listener);
    }

    public Optional<Vm> get(UUID id) {
        return Optional.ofNullable(vms.get(id));
    }

    /** Who has the name. */
    public synchronized Optional<UUID> named(String name) {
        return Optional.ofNullable(names.get(name));
    }

    /** A view that costs nothing and is as consistent as each VM is. */
    public Collection<Vm> all() {
        return vms.values();
    }

    public EventClock clock() {
        return clock;
    }

    /** Takes a VM in as WaitForLaunch, silently: {@link #announce} tells it when its acceptance is on disk. */
    public synchronized Reservation reserve(UUID id, String name, boolean launchPaused) {
        return reserve(id, name, launchPaused, false);
    }

    /** @param agentExpected the guest has a channel for a QEMU guest agent, which will tell when it is up */
    public synchronized Reservation reserve(UUID id, String name, boolean launchPaused, boolean agentExpected) {
        return reserve(id, name, launchPaused, agentExpected, "");
    }

    /** @param xml as it was accepted: all that can be told of its devices until libvirt has it */
    public synchronized Reservation reserve(
            UUID id, String name, boolean launchPaused, boolean agentExpected, String xml) {
        if (vms.containsKey(id)) {
            return new Reservation(Admission.DUPLICATE_ID, null);
        }
        if (names.containsKey(name)) {
            return new Reservation(Admission.DUPLICATE_NAME, null);
        }
        if (launches.containsKey(id)) {
            return new Reservation(Admission.START_PENDING, null);
        }
        Vm vm = Vm.accepted(id, name, ++lastLife, clock.now(), launchPaused, Run.expectingAgent(agentExpected))
                .withAcceptedXml(xml);
        vms.put(id, vm);
        names.put(name, id);
        silent.add(id);
        return new Reservation(Admission.ACCEPTED, vm);
    }

    /** Takes a reservation back that could not be made durable; nobody has heard of it. */
    public synchronized void unreserve(Vm vm) {
        if (same(vm) != null) {
            forget(vm);
        }
    }

    /** Tells everybody of a VM that was reserved. */
    public synchronized void announce(Vm vm) {
        Vm now = same(vm);
        if (now != null && silent.remove(vm.id())) {
            listeners.forEach(l -> l.changed(null, now));
        }
    }

    /** True while the VM's acceptance is not on disk: what is written down of it now could come before that. */
    public synchronized boolean reserved(UUID id) {
        return silent.contains(id);
    }

    /** Puts a VM in that is remembered as Down. */
    public synchronized void restoreDown(UUID id, String name, ExitInfo exit) {
        restoreDown(id, name, exit, "");
    }

    /** @param xml as it was accepted; empty for one that has run */
    public synchronized void restoreDown(UUID id, String name, ExitInfo exit, String xml) {
        if (!vms.containsKey(id)) {
            put(
                    null,
                    Vm.accepted(id, name, ++lastLife, clock.now(), false, Run.NEW)
                            .withAcceptedXml(xml)
                            .down(exit, clock.now()));
        }
    }

    /** Puts a VM in that ran when we were last here; whether it still does, libvirtd will tell. */
    public synchronized void restoreRunning(UUID id, String name) {
        if (!vms.containsKey(id)) {
            Vm vm = Vm.accepted(id, name, ++lastLife, clock.now(), false, Run.NEW)
                    .with(VmStatus.UP, clock.now());
            put(null, vm.withReason("it ran when the agent was last here; libvirtd has not been asked yet"));
        }
    }

    /**
     * Takes in a domain that runs and that we did not know, or know as something that does not run.
     *
     * @param startedAtMillis wall clock; 0 if nobody but its XML may know
     */
    public synchronized Vm adopt(DomainRecord record, boolean external, long startedAtMillis) {
        Vm known = vms.get(record.domain());
        if (known != null && known.status().running()) {
            if (known.external() && !external) { // it could not be read when it was taken in
                put(known, known.asExternal(false));
            }
            return vms.get(record.domain());
        }
        Vm base = known != null
                ? known.asExternal(external)
                : Vm.accepted(record.domain(), record.name(), ++lastLife, 0, false, Run.NEW)
                        .asExternal(external);
        // Stamped when it is told, not when it was asked: whatever was answered meanwhile must not look newer than
        // this.
        Vm running = base.with(status(record), clock.now());
        running = running.withRun(run(running, record), clock.now()).withStart(stamp(startedAtMillis));
        put(known, running);
        return running;
    }

    /**
     * The libvirt work for the VM begins. False if it is gone or given up, somebody is destroying it, or an older launch of
     * it is under way. Pair with {@link #endLaunch}.
     */
    public synchronized boolean beginLaunch(Vm vm) {
        Vm now = same(vm);
        boolean mayBe = now != null
                && !now.destroying()
                && !now.givenUp()
                && (now.status() == VmStatus.WAIT_FOR_LAUNCH || now.status() == VmStatus.POWERING_UP);
        if (!mayBe || launches.putIfAbsent(vm.id(), new Launch(vm.life(), false)) != null) {
            return false;
        }
        if (now.status() == VmStatus.WAIT_FOR_LAUNCH) {
            put(now, now.with(VmStatus.POWERING_UP, clock.now()));
        }
        return true;
    }

    /** The call that starts the guest is about to be made. False if it must not be. */
    public synchronized boolean beginStart(Vm vm) {
        Vm now = same(vm);
        if (now == null || now.destroying() || now.givenUp() || now.status() != VmStatus.POWERING_UP) {
            return false;
        }
        return launches.replace(vm.id(), new Launch(vm.life(), false), new Launch(vm.life(), true));
    }

    /**
     * All libvirt calls of the launch returned. Answers true if the guest may run on; false if, meanwhile, the VM was
     * destroyed: then the caller must end the guest, if there is one, and delete what is defined, at once.
     *
     * @param running whether the guest was started
     */
    public synchronized boolean endLaunch(Vm vm, boolean running, long wallMillis) {
        Vm now = same(vm);
        if (now == null) {
            return false; // its UUID stays taken until its guest is ended: lateGuestEnded
        }
        launches.remove(vm.id());
        if (now.destroying()) {
            return false;
        }
        if (running && !now.givenUp() && now.status() == VmStatus.POWERING_UP) {
            VmStatus status = now.launchPaused() ? VmStatus.PAUSED : VmStatus.UP;
            put(now, started(now.with(status, clock.now()), wallMillis));
        }
        return true;
    }

    /** Nothing is left of what the launch of a VM that was gone brought up. */
    public synchronized void lateGuestEnded(Vm vm) {
        Launch launch = launches.get(vm.id());
        if (launch != null && launch.life == vm.life()) {
            launches.remove(vm.id());
        }
    }

    /**
     * The VM takes too long: from now on it is not started, and does not become Up should its start come through. False
     * if it runs already or is gone.
     */
    public synchronized boolean giveUp(Vm vm, String reason) {
        Vm now = same(vm);
        if (now == null || now.status().running() || now.status() == VmStatus.DOWN) {
            return false;
        }
        put(now, now.withGivenUp().withReason(reason));
        return true;
    }

    /**
     * From now on nothing starts the VM. False if it runs, or a call that starts it is under way; true of one that is Down or
     * gone.
     */
    public synchronized boolean holdBack(Vm vm, String reason) {
        Vm now = same(vm);
        if (now != null && (now.status().running() || startPending(vm.id()))) {
            return false;
        }
        giveUp(vm, reason);
        return true;
    }

    /** True if {@link #giveUp} applied, and nothing has been settled since. */
    public synchronized boolean givenUp(Vm vm) {
        Vm now = same(vm);
        return now != null && now.givenUp();
    }

    /** True while a call of ours could still bring up this VM, or the guest of a former one of its UUID may be there. */
    public synchronized boolean launchPending(UUID id) {
        return launches.containsKey(id);
    }

    /** True while a call of ours that starts this VM, not one that only defines it, has not returned. */
    public synchronized boolean startPending(UUID id) {
        Launch launch = launches.get(id);
        return launch != null && launch.starting;
    }

    /** Says why the VM is still in its status; an event tells it. */
    public synchronized void explain(Vm vm, String reason) {
        Vm now = same(vm);
        if (now != null && !now.statusReason().equals(reason)) {
            put(now, now.withReason(reason));
        }
    }

    /**
     * What libvirtd says of the VM, asked by somebody who then knew it as {@code known}. Answers false if the VM changed
     * meanwhile, so that the answer may be old and must be asked for again.
     *
     * @param record empty if libvirtd has no such domain
     */
    public synchronized boolean observed(Vm known, Optional<DomainRecord> record) {
        Vm now = same(known);
        if (now == null || now.status() != known.status() || now.statusTime() != known.statusTime()) {
            return now == null;
        }
        boolean active = record.isPresent() && record.get().state().active();
        if (active) {
            observedActive(now, record.get());
        } else if (now.status().running() && !now.destroying()) {
            put(now, now.down(ExitInfo.of(record, now.run()), clock.now()));
        }
        return true;
    }

    @GuardedBy("this")
    private void observedActive(Vm now, DomainRecord record) {
        if (record.startingUp() || !now.status().running()) {
            return; // whoever starts it tells when it runs
        }
        VmStatus status = status(record);
        if (status == VmStatus.UP && onTrial.contains(now.id())) {
            return;
        }
        Run run = run(now, record);
        if (status != now.status() || !run.equals(now.run())) {
            put(now, now.with(status, clock.now()).withRun(run, clock.now()));
        }
    }

    /**
     * A paused guest is being let go on to see whether its disk works again: meanwhile it stays paused for everybody, who
     * would else hear twice of every attempt. False if there is nothing to try.
     */
    public synchronized boolean onTrial(Vm vm, boolean begins) {
        Vm now = same(vm);
        if (!begins) {
            return onTrial.remove(vm.id());
        }
        return now != null
                && now.status() == VmStatus.PAUSED
                && now.run().pausedByDisk()
                && !now.destroying()
                && onTrial.add(vm.id());
    }

    private Vm started(Vm vm, long wallMillis) {
        return vm.withRun(vm.run().started(clock.now()), clock.now()).withStart(stamp(wallMillis));
    }

    private OptionalLong stamp(long wallMillis) {
        return wallMillis == 0 ? OptionalLong.empty() : OptionalLong.of(clock.ofWall(wallMillis));
    }

    private static Run run(Vm vm, DomainRecord record) {
        return switch (record.state()) {
            case PAUSED, PMSUSPENDED -> vm.run().paused(record.reason());
            case CRASHED -> vm.run().paused(PauseCode.PANICKED);
            case NOSTATE, RUNNING, BLOCKED, SHUTDOWN, SHUTOFF -> vm.run().resumed();
        };
    }

    /** Something happened to a guest that runs; told if that changes what is known of it. */
    public synchronized void happened(UUID id, GuestEvent event, long wallSeconds) {
        Vm now = vms.get(id);
        if (now != null && (now.status().running() || startPending(id))) {
            changeRun(now, now.run().after(event, clock.now(), wallSeconds));
        }
    }

    /** Guests that were given the time to show that they are up, and had it, are taken to be. */
    public synchronized void endPhases(long givenMillis) {
        long before = clock.now() - givenMillis;
        for (Vm vm : vms.values()) {
            if (vm.status().running()) {
                changeRun(vm, vm.run().upIfSince(before));
            }
        }
    }

    @GuardedBy("this")
    private void changeRun(Vm now, Run next) {
        if (!next.equals(now.run())) {
            put(now, now.withRun(next, clock.now()));
        }
    }

    private static VmStatus status(DomainRecord record) {
        return switch (record.state()) {
            // CRASHED: its CPUs stand still, and its QEMU is there as long as its on_crash wants it.
            case PAUSED, PMSUSPENDED, CRASHED -> VmStatus.PAUSED;
            case SHUTDOWN -> VmStatus.POWERING_DOWN;
            case RUNNING, BLOCKED, NOSTATE, SHUTOFF -> VmStatus.UP;
        };
    }

    /** Tells something of a VM while it runs, so that no later change of it can be told before. */
    public synchronized void whileRunning(UUID id, Consumer<Vm> tell) {
        Vm now = vms.get(id);
        if (now != null && now.status().running()) {
            tell.accept(now);
        }
    }

    /** Keeps the XML that libvirtd gave, and tells if it says something new about the guest. */
    public synchronized void live(Vm vm, LiveXml xml) {
        Vm now = same(vm);
        if (now == null) {
            return;
        }
        DomainDetails details = xml.details();
        OptionalLong startedAt = startedAt(now, details);
        boolean first = now.live().isEmpty();
        Run run = now.run()
                .agentChannel(
                        details.agentChannel().isPresent(),
                        details.agentChannel()
                                .map(DomainDetails.AgentChannel::connected)
                                .orElse(false));
        if (first) {
            run = run.stillBooting(startedAt, clock.now());
        }
        Vm next = now.withLive(xml).withStart(startedAt);
        if (!run.equals(now.run()) || !now.live().map(LiveXml::details).equals(Optional.of(details))) {
            put(now, next.withRun(run, clock.now()));
        } else {
            vms.put(next.id(), next);
        }
    }

    private OptionalLong startedAt(Vm now, DomainDetails details) {
        return now.startedAt().isPresent() || details.startedAtMillis().isEmpty()
                ? now.startedAt()
                : OptionalLong.of(clock.ofWall(details.startedAtMillis().getAsLong()));
    }

    /** Marks the VM as being destroyed, or not any more when that failed. Empty if there is no such VM. */
    public synchronized Optional<Vm> destroying(UUID id, boolean now) {
        Vm vm = vms.get(id);
        if (vm == null) {
            return Optional.empty();
        }
        if (vm.destroying() != now && vm.status().running()) { // the engine sees that it is on its way
            put(vm, vm.withDestroying(now, clock.now()));
        } else {
            vms.put(id, vm.withDestroying(now, vm.statusTime()));
        }
        return get(id);
    }

    /**
     * Runs {@code write} if the VM is there, not Down already, and nobody is destroying it, so that what it writes down of
     * the VM comes before what a destroy will. False if that will say what became of it.
     */
    public synchronized boolean beforeDestroyed(Vm vm, Runnable write) {
        Vm now = same(vm);
        if (now == null || now.destroying()) {
            return false;
        }
        if (now.status() != VmStatus.DOWN) {
            write.run();
        }
        return true;
    }

    /**
     * The VM does not run: libvirtd was asked after the fact. False if a call that starts it is still under way, or it is
     * gone, or Down already.
     */
    public synchronized boolean down(Vm vm, ExitInfo exit) {
        Vm now = same(vm);
        if (now == null || now.status() == VmStatus.DOWN || startPending(vm.id())) {
            return false;
        }
        put(now, now.down(exit, clock.now()));
        return true;
    }

    /** The VM was not started. False likewise, and if it runs by now, which somebody has seen who knows better. */
    public synchronized boolean downUnlessRunning(Vm vm, ExitInfo exit) {
        Vm now = same(vm);
        return now != null && !now.status().running() && down(vm, exit);
    }

    /** Takes the VM out, telling {@code exit} before if it was not Down. */
    public synchronized void remove(Vm vm, ExitInfo exit) {
        Vm now = same(vm);
        if (now == null) {
            return;
        }
        if (now.status() != VmStatus.DOWN) {
            put(now, now.down(exit, clock.now()));
        }
        Vm last = vms.get(vm.id());
        forget(last);
        listeners.forEach(l -> l.removed(last));
    }

    @GuardedBy("this")
    private void put(Vm before, Vm after) {
        vms.put(after.id(), after);
        names.putIfAbsent(after.name(), after.id());
        listeners.forEach(l -> l.changed(before, after));
    }

    @GuardedBy("this")
    private void forget(Vm vm) {
        vms.remove(vm.id());
        silent.remove(vm.id());
        onTrial.remove(vm.id());
        names.remove(vm.name(), vm.id());
    }

    /** The VM as it is now, null if that life is over. */
    @GuardedBy("this")
    private Vm same(Vm vm) {
        Vm now = vms.get(vm.id());
        return now != null && now.life() == vm.life() ? now : null;
    }
}
