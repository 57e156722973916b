package org.muster.agent.simulation;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.HypervisorListener.DomainEvent;

/**
 * The way of each call to a fake libvirtd: over a link that can go, into a fault if one is scripted, to the domains, and back.
 *
 * <p>A call that has begun is finished even if its caller's link is gone. Thread-safe; calls wait on their callers' threads.
 */
final class FakeCalls {
    private static final Duration NEVER = Duration.ofSeconds(60); // longer than any test

    private record Key(Op op, UUID id) {}

    /**
     * A call that has begun.
     *
     * @param fault null if nothing goes wrong with it
     * @param link over which it goes
     * @param endsAtNanos when it ends by itself, if the fault says so
     */
    private record Entry(Op op, UUID id, Fault fault, int link, long endsAtNanos) {
        boolean timed() {
            return fault.nanos() > 0;
        }
    }

    /** Has something done after a while, on another thread. */
    @FunctionalInterface
    interface Later {
        void in(long nanos, Runnable what);
    }

    /** A call whose caller is gone, and which libvirtd still goes on with. */
    private record Orphan(Entry entry, Deed<?> deed) {}

    /** What a call does to the domains. */
    interface Deed<T> {
        T apply(FakeDomains truth) throws HypervisorException;
    }

    private final CallGuard guard;
    private final CallLog log;
    private final Course course;
    private final Later later;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final FakeDomains domains = new FakeDomains();

    @GuardedBy("lock")
    private final Map<Key, Fault> faults = new HashMap<>();

    @GuardedBy("lock")
    private final List<Orphan> orphans = new ArrayList<>(); // at most as many as calls can be under way

    @GuardedBy("lock")
    private boolean connected = true;

    @GuardedBy("lock")
    private int link; // counts links, so that a call knows that its own is gone

    @GuardedBy("lock")
    private boolean stopped; // by us: libvirtd is there, and what was asked of it is answered

    @GuardedBy("lock")
    private boolean silent;

    private volatile HypervisorListener listener; // set by start

    FakeCalls(CallGuard guard, CallLog log, Course course, Later later) {
        this.guard = guard;
        this.log = log;
        this.course = course;
        this.later = later;
    }

    /** Scripts the calls of one operation on one domain; a former script of it is replaced. */
    Fault on(Op op, UUID id) {
        Fault fault = new Fault();
        lock.lock();
        try {
            faults.put(new Key(op, id), fault);
            return fault;
        } finally {
            lock.unlock();
        }
    }

    /** Lets the calls that hang go on, and later ones pass. */
    void release(Op op, UUID id) {
        lock.lock();
        try {
            Fault fault = faults.remove(new Key(op, id));
            if (fault == null) {
                throw new AssertionError("nothing is scripted for " + op + " " + id);
            }
            fault.release();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        finishOrphans();
    }

    <T> T with(Function<FakeDomains, T> look) {
        lock.lock();
        try {
            return look.apply(domains);
        } finally {
            lock.unlock();
        }
    }

    void listen(HypervisorListener to) {
        stopped(false);
        listener = to;
        if (connected()) {
            to.connected();
        }
    }

    /** Answers the calls that are under way, and takes no other before somebody listens again. */
    void stop() {
        stopped(true);
    }

    private void stopped(boolean now) {
        lock.lock();
        try {
            stopped = now;
        } finally {
            lock.unlock();
        }
    }

    boolean connected() {
        lock.lock();
        try {
            return connected && !stopped;
        } finally {
            lock.unlock();
        }
    }

    /** Loses events from now on, or not any more. */
    void silent(boolean now) {
        lock.lock();
        try {
            silent = now;
        } finally {
            lock.unlock();
        }
    }

    /** All calls under way fail, though libvirtd goes on with them. */
    void loseLink(String reason) {
        link(false);
        if (listener != null) {
            listener.disconnected(reason);
        }
    }

    void restoreLink() {
        link(true);
        if (listener != null) {
            listener.connected();
        }
    }

    private void link(boolean there) {
        lock.lock();
        try {
            connected = there;
            link += there ? 0 : 1;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void emit(UUID id, DomainEvent event) {
        tell(to -> to.domainChanged(id, event));
    }

    void happen(UUID id, GuestEvent event) {
        tell(to -> to.guestEvent(id, event));
    }

    private void tell(Consumer<HypervisorListener> event) {
        HypervisorListener to = listener;
        lock.lock();
        try {
            if (silent || !connected || to == null) {
                return;
            }
        } finally {
            lock.unlock();
        }
        event.accept(to);
    }

    <T> T call(Op op, UUID id, Deed<T> deed) throws HypervisorException {
        return call(op, id, "", deed);
    }

    /** @param name of a domain that is not there yet */
    <T> T call(Op op, UUID id, String name, Deed<T> deed) throws HypervisorException {
        Entry entry = enter(op, id, name);
        try (CallGuard.CallToken token = guard.begin(op.role(), op.name(), id)) {
            T answer = entry.fault == null ? locked(deed) : faulty(entry, deed);
            token.succeeded();
            return answer;
        }
    }

    private Entry enter(Op op, UUID id, String name) throws HypervisorException {
        lock.lock();
        try {
            log.begun(op, id);
            needLink(op, id);
            Fault fault = faults.get(new Key(op, id));
            if (fault == null) {
                String known = name.isEmpty() && id != null ? domains.name(id) : name;
                fault = course.of(new Course.Begun(op, id, known, log.startsUnderWay()))
                        .orElse(null);
            }
            boolean passes = fault == null || !fault.concernsOneMore();
            return passes
                    ? new Entry(op, id, null, link, 0)
                    : new Entry(op, id, fault, link, System.nanoTime() + fault.nanos());
        } finally {
            lock.unlock();
        }
    }

    /** As a call that finds no connection: it is not made. */
    void needLink(Op op, UUID id) throws HypervisorException {
        if (!connected()) {
            throw error(Kind.DISCONNECTED, op, id, "there is no link to libvirtd");
        }
    }

    <T> T locked(Deed<T> deed) throws HypervisorException {
        lock.lock();
        try {
            return deed.apply(domains);
        } finally {
            lock.unlock();
        }
    }

    private <T> T faulty(Entry entry, Deed<T> deed) throws HypervisorException {
        Fault fault = entry.fault;
        if (fault.hangsBefore()) {
            hang(entry, deed);
        }
        if (fault.crash() != null) {
            throw fault.crash();
        }
        if (fault.kind() != null) {
            fail(entry, deed);
        }
        T answer = locked(deed);
        if (fault.hangsAfter()) {
            hang(entry, truth -> answer);
        }
        return answer;
    }

    private void fail(Entry entry, Deed<?> deed) throws HypervisorException {
        Fault fault = entry.fault;
        if (fault.deedDone()) {
            locked(deed);
        } else if (fault.startingUp()) {
            with(truth -> {
                truth.startFailed(entry.id);
                return null;
            });
        }
        if (fault.losesLink()) {
            loseLink("told to");
        }
        throw error(fault.kind(), entry.op, entry.id, fault.message());
    }

    /** Waits for the end; when the link goes first, leaves the deed to a libvirtd that goes on without us. */
    private void hang(Entry entry, Deed<?> deed) throws HypervisorException {
        lock.lock();
        try {
            if (entry.fault.startingUp()) {
                domains.startingUp(entry.id);
            }
            long forgottenAt = System.nanoTime() + NEVER.toNanos();
            while (!over(entry) && link == entry.link) {
                long until = entry.timed() ? entry.endsAtNanos : forgottenAt;
                if (changed.awaitNanos(until - System.nanoTime()) <= 0 && !entry.timed()) {
                    throw new AssertionError(entry.op + " " + entry.id + " was never released");
                }
            }
            if (!over(entry)) {
                goOnAlone(new Orphan(entry, deed));
                throw error(Kind.DISCONNECTED, entry.op, entry.id, "the link was lost during the call");
            }
            if (domains.killed(entry.id)) {
                throw error(Kind.FAILED, entry.op, entry.id, "domain was destroyed during its start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean over(Entry entry) {
        return entry.fault.released()
                || (entry.timed()
                        && (System.nanoTime() - entry.endsAtNanos >= 0
                                || (entry.op == Op.START && domains.killPending(entry.id))));
    }

    @GuardedBy("lock")
    private void goOnAlone(Orphan orphan) {
        orphans.add(orphan);
        if (orphan.entry.timed()) {
            long left = Math.max(0, orphan.entry.endsAtNanos - System.nanoTime());
            later.in(left, this::finishOrphans);
        }
    }

    /** Does what libvirtd would do by now; events come on this thread. */
    private void finishOrphans() {
        List<Entry> done = new ArrayList<>();
        lock.lock();
        try {
            for (Iterator<Orphan> left = orphans.iterator(); left.hasNext(); ) {
                Orphan orphan = left.next();
                if (over(orphan.entry)) {
                    left.remove();
                    if (finished(orphan)) {
                        done.add(orphan.entry);
                    }
                }
            }
        } finally {
            lock.unlock();
        }
        done.forEach(entry -> emit(entry.id, entry.op == Op.START ? DomainEvent.STARTED : DomainEvent.UNKNOWN));
    }

    /** False if it failed; nobody is there to hear why. */
    @GuardedBy("lock")
    private boolean finished(Orphan orphan) {
        Entry entry = orphan.entry;
        if (domains.killed(entry.id)) {
            return false;
        }
        if (entry.fault.kind() != null && !entry.fault.deedDone()) {
            domains.startFailed(entry.id);
            return false;
        }
        try {
            orphan.deed.apply(domains);
            return true;
        } catch (HypervisorException e) {
            return false;
        }
    }

    /** Has calls that wait look again: what they wait for may have come by another way. */
    void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static HypervisorException error(Kind kind, Op op, UUID id, String message) {
        return FakeErrors.of(kind, op.name(), id, message);
    }
}
