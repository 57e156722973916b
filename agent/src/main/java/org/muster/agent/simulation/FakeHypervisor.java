package org.muster.agent.simulation;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.ControlInfo;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;

/**
 * A hypervisor in memory that keeps the truth about its domains and fails as the real one does: by silence, late, with
 * an error before or after the deed, by losing the link in the middle, with an answer that is old.
 *
 * <p>Like libvirtd, it finishes a call that has begun even if the link of its caller is gone. Thread-safe; events come on the
 * thread that caused them, before its call returns.
 *
 * <p>Longer than most: every call of the port, and a way to look at and spoil each.
 */
public final class FakeHypervisor implements Hypervisor {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long NEVER_SECONDS = 60; // longer than any test

    /** What can be asked of it. */
    public enum Op {
        LIST(CallGuard.Role.CONTROL),
        FIND(CallGuard.Role.CONTROL),
        FIND_BY_NAME(CallGuard.Role.CONTROL),
        DEFINE(CallGuard.Role.CREATE),
        START(CallGuard.Role.CREATE),
        DESTROY(CallGuard.Role.VM),
        UNDEFINE(CallGuard.Role.VM),
        XML(CallGuard.Role.CONTROL);

        private final CallGuard.Role role;

        Op(CallGuard.Role role) {
            this.role = role;
        }
    }

    private record Key(Op op, UUID id) {}

    /**
     * A call that has begun.
     *
     * @param fault null if nothing goes wrong with it
     * @param link over which it goes
     */
    private record Entry(Op op, UUID id, Fault fault, int link) {}

    /** What a call does to the domains. */
    private interface Deed<T> {
        T apply(FakeDomains truth) throws HypervisorException;
    }

    private final CallGuard guard;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final FakeDomains domains = new FakeDomains();

    @GuardedBy("lock")
    private final Map<Key, Fault> faults = new HashMap<>();

    @GuardedBy("lock")
    private final Map<Key, Integer> entered = new HashMap<>();

    @GuardedBy("lock")
    private final List<String> log = new ArrayList<>();

    @GuardedBy("lock")
    private int startsUnderWay;

    @GuardedBy("lock")
    private int mostStartsAtOnce;

    @GuardedBy("lock")
    private boolean connected = true;

    @GuardedBy("lock")
    private int link; // counts links, so that a call knows that its own is gone

    @GuardedBy("lock")
    private boolean silent;

    private volatile HypervisorListener listener; // set by start

    public FakeHypervisor() {
        this(new CallGuard(OptionalInt.empty(), System::nanoTime));
    }

    public FakeHypervisor(CallGuard guard) {
        this.guard = guard;
        guard.workers(new CallGuard.Workers(20, 70, true));
    }

    /** What goes wrong with calls of one operation on one domain; left as it is: nothing. */
    public static final class Fault {
        private volatile boolean hangBefore; // all volatile: written by the test, read by callers
        private volatile boolean hangAfter;
        private volatile boolean startingUp;
        private volatile boolean linkLost;
        private volatile Kind kind;
        private volatile RuntimeException crash;
        private volatile boolean deedDone;
        private volatile int times = Integer.MAX_VALUE;
        private int used; // only touched with the lock of the hypervisor held
        private volatile boolean released;

        /** The call does not return, and nothing happens, before {@link FakeHypervisor#release}. */
        public Fault hang() {
            hangBefore = true;
            return this;
        }

        /** The deed is done and the answer known, but it comes only after {@link FakeHypervisor#release}, then old. */
        public Fault hangAfterwards() {
            hangAfter = true;
            return this;
        }

        /** A start that hangs with QEMU there already: seen as paused, "starting up"; a destroy ends it. */
        public Fault hangStartingUp() {
            startingUp = true;
            return hang();
        }

        public Fault fail(Kind with) {
            kind = with;
            return this;
        }

        /** The deed is done, and the call fails all the same. */
        public Fault failAfterwards(Kind with) {
            deedDone = true;
            return fail(with);
        }

        /** The link is lost before anything happened. */
        public Fault loseLink() {
            linkLost = true;
            return fail(Kind.DISCONNECTED);
        }

        /** The link is lost when the deed is done, before the answer. */
        public Fault loseLinkAfterwards() {
            deedDone = true;
            return loseLink();
        }

        /** A bug of the binding. */
        public Fault crash(RuntimeException with) {
            crash = with;
            return this;
        }

        /** Only so many calls are concerned. */
        public Fault times(int count) {
            times = count;
            return this;
        }
    }

    /** Scripts the calls of one operation on one domain; a former script of it is replaced. */
    public Fault on(Op op, UUID id) {
        lock.lock();
        try {
            Fault fault = new Fault();
            faults.put(new Key(op, id), fault);
            return fault;
        } finally {
            lock.unlock();
        }
    }

    private <T> T with(Function<FakeDomains, T> look) {
        lock.lock();
        try {
            return look.apply(domains);
        } finally {
            lock.unlock();
        }
    }

    /** Lets the calls that hang go on, and later ones pass. */
    public void release(Op op, UUID id) {
        lock.lock();
        try {
            Fault fault = faults.remove(new Key(op, id));
            if (fault == null) {
                throw new AssertionError("nothing is scripted for " + op + " " + id);
            }
            fault.released = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until such a call has begun. */
    public void awaitEntered(Op op, UUID id) {
        awaitEntered(op, id, 1);
    }

    /** Waits until so many calls have begun. */
    public void awaitEntered(Op op, UUID id, int times) {
        lock.lock();
        try {
            long left = PATIENCE.toNanos();
            while (entered.getOrDefault(new Key(op, id), 0) < times) {
                if (left <= 0) {
                    throw new AssertionError(op + " " + id + " was not called " + times + " times; calls: " + log);
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    /** How often it was called. */
    public int entered(Op op, UUID id) {
        lock.lock();
        try {
            return entered.getOrDefault(new Key(op, id), 0);
        } finally {
            lock.unlock();
        }
    }

    /** Every call in order, as {@code OP uuid}. */
    public List<String> log() {
        lock.lock();
        try {
            return List.copyOf(log);
        } finally {
            lock.unlock();
        }
    }

    /** How many starts were under way at once, at most. */
    public int mostStartsAtOnce() {
        lock.lock();
        try {
            return mostStartsAtOnce;
        } finally {
            lock.unlock();
        }
    }

    /** How often a guest of that UUID came to run. */
    public int starts(UUID id) {
        return with(truth -> truth.starts(id));
    }

    /** The truth: whether QEMU runs. */
    public boolean running(UUID id) {
        return with(truth -> truth.running(id));
    }

    public boolean defined(UUID id) {
        return with(truth -> truth.defined(id));
    }

    public String storedXml(UUID id) {
        try {
            return locked(truth -> truth.xml(id));
        } catch (HypervisorException e) {
            throw new AssertionError(e);
        }
    }

    /** Puts a domain there that somebody else made. */
    public void foreign(UUID id, String name, State state, String xml) {
        with(truth -> {
            truth.foreign(id, name, state, xml);
            return null;
        });
    }

    /** A guest changes its state without a call of ours. */
    public void becomes(UUID id, State state, int reason, DomainEvent event) {
        with(truth -> {
            truth.becomes(id, state, reason);
            return null;
        });
        emit(id, event);
    }

    /** Loses events from now on, or not any more. */
    public void silent(boolean now) {
        lock.lock();
        try {
            silent = now;
        } finally {
            lock.unlock();
        }
    }

    /** Drops the link: all calls under way fail, though libvirtd goes on with them. */
    public void loseLink() {
        link(false);
        if (listener != null) {
            listener.disconnected("told to");
        }
    }

    public void restoreLink() {
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

    private void emit(UUID id, DomainEvent event) {
        HypervisorListener to = listener;
        lock.lock();
        try {
            if (silent || !connected || to == null) {
                return;
            }
        } finally {
            lock.unlock();
        }
        to.domainChanged(id, event);
    }

    private <T> T call(Op op, UUID id, Deed<T> deed) throws HypervisorException {
        Entry entry = enter(op, id);
        try (CallGuard.CallToken token = guard.begin(op.role, op.name(), id)) {
            T answer = entry.fault == null ? locked(deed) : faulty(entry, deed);
            token.succeeded();
            return answer;
        }
    }

    private Entry enter(Op op, UUID id) throws HypervisorException {
        lock.lock();
        try {
            Key key = new Key(op, id);
            log.add(op + " " + id);
            entered.merge(key, 1, Integer::sum);
            changed.signalAll();
            if (!connected) {
                throw error(Kind.DISCONNECTED, op, id, "there is no link to libvirtd");
            }
            Fault fault = faults.get(key);
            boolean passes = fault == null || ++fault.used > fault.times;
            return new Entry(op, id, passes ? null : fault, link);
        } finally {
            lock.unlock();
        }
    }

    private <T> T locked(Deed<T> deed) throws HypervisorException {
        lock.lock();
        try {
            return deed.apply(domains);
        } finally {
            lock.unlock();
        }
    }

    private <T> T faulty(Entry entry, Deed<T> deed) throws HypervisorException {
        Fault fault = entry.fault;
        if (fault.hangBefore) {
            hang(entry, deed);
        }
        if (fault.crash != null) {
            throw fault.crash;
        }
        if (fault.kind != null) {
            if (fault.deedDone) {
                locked(deed);
            }
            if (fault.linkLost) {
                loseLink();
            }
            throw error(fault.kind, entry.op, entry.id, "told to fail");
        }
        T answer = locked(deed);
        if (fault.hangAfter) {
            hang(entry, truth -> answer);
        }
        return answer;
    }

    /** Waits for the release; when the link goes first, leaves the deed to a libvirtd that goes on without us. */
    private void hang(Entry entry, Deed<?> deed) throws HypervisorException {
        lock.lock();
        try {
            if (entry.fault.startingUp) {
                domains.startingUp(entry.id);
            }
            while (!entry.fault.released && link == entry.link) {
                if (!changed.await(NEVER_SECONDS, TimeUnit.SECONDS)) {
                    throw new AssertionError(entry.op + " " + entry.id + " was never released");
                }
            }
            if (!entry.fault.released) {
                goOnAlone(entry, deed);
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

    private void goOnAlone(Entry entry, Deed<?> deed) {
        Thread libvirtd = new Thread(() -> {
            if (finish(entry, deed)) {
                emit(entry.id, entry.op == Op.START ? DomainEvent.STARTED : DomainEvent.UNKNOWN);
            }
        });
        libvirtd.setDaemon(true);
        libvirtd.start();
    }

    private boolean finish(Entry entry, Deed<?> deed) {
        lock.lock();
        try {
            while (!entry.fault.released) {
                if (!changed.await(NEVER_SECONDS, TimeUnit.SECONDS)) {
                    return false;
                }
            }
            deed.apply(domains);
            return true;
        } catch (InterruptedException | HypervisorException e) {
            return false; // nobody is there to hear why
        } finally {
            lock.unlock();
        }
    }

    private static HypervisorException error(Kind kind, Op op, UUID id, String message) {
        return new HypervisorException(kind, 38, op.name(), id == null ? "" : id.toString(), message, null);
    }

    @Override
    public void start(HypervisorListener to) {
        listener = to;
        if (connected()) {
            to.connected();
        }
    }

    @Override
    public boolean connected() {
        lock.lock();
        try {
            return connected;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<DomainRecord> list() throws HypervisorException {
        return call(Op.LIST, null, FakeDomains::list);
    }

    @Override
    public Optional<DomainRecord> find(UUID id) throws HypervisorException {
        return call(Op.FIND, id, truth -> truth.find(id));
    }

    @Override
    public Optional<UUID> findByName(String name) throws HypervisorException {
        return call(Op.FIND_BY_NAME, null, truth -> truth.findByName(name));
    }

    @Override
    public void define(String xml) throws HypervisorException {
        DomainXml parsed = DomainXml.parse(xml);
        UUID id = parsed.uuid().orElseThrow();
        call(Op.DEFINE, id, truth -> {
            truth.define(id, parsed, xml);
            return null;
        });
    }

    @Override
    public void start(UUID id, boolean paused) throws HypervisorException {
        count(+1);
        try {
            call(Op.START, id, truth -> {
                truth.start(id, paused);
                return null;
            });
        } finally {
            count(-1);
        }
        emit(id, DomainEvent.STARTED);
    }

    private void count(int change) {
        lock.lock();
        try {
            startsUnderWay += change;
            mostStartsAtOnce = Math.max(mostStartsAtOnce, startsUnderWay);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void destroy(UUID id) throws HypervisorException {
        call(Op.DESTROY, id, truth -> {
            truth.destroy(id);
            return null;
        });
        emit(id, DomainEvent.STOPPED);
    }

    @Override
    public void undefine(UUID id) throws HypervisorException {
        call(Op.UNDEFINE, id, truth -> {
            truth.undefine(id);
            return null;
        });
    }

    @Override
    public String xml(UUID id) throws HypervisorException {
        return call(Op.XML, id, truth -> truth.xml(id));
    }

    @Override
    public HostFacts host() throws HypervisorException {
        throw none("host");
    }

    @Override
    public List<StatsRecord> stats(List<UUID> ids, Set<StatsGroup> groups, boolean skipBusy)
            throws HypervisorException {
        throw none("stats");
    }

    @Override
    public Map<UUID, ControlInfo> control(List<UUID> ids, Duration patience) throws HypervisorException {
        throw none("control");
    }

    @Override
    public long[] blockInfo(UUID id, String disk) throws HypervisorException {
        throw none("blockInfo");
    }

    private HypervisorException none(String operation) {
        Kind kind = connected() ? Kind.UNSUPPORTED : Kind.DISCONNECTED;
        return new HypervisorException(kind, 0, operation, "", "the fake has none", null);
    }

    @Override
    public CallGuard calls() {
        return guard;
    }

    @Override
    public void close() {
        loseLink();
    }
}
