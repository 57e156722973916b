package org.muster.agent.domain;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has libvirtd asked about domains, each by one thread at a time, so that those whose answer does not come keep no other waiting.
 *
 * <p>A question can hang for as long as somebody holds the domain's lock in libvirtd: 11 s while a stopped QEMU is killed. One that
 * is not answered after {@value #SLOW_MILLIS} ms counts as hung, and the next takes its place. But each hung one keeps one of
 * libvirtd's workers, so no more hang than the guard allows; and those that are likely to hang never take the last place.
 *
 * <p>Thread-safe; nothing but its threads {@code reconcile-%d} waits.
 */
final class Questions implements AutoCloseable {
    static final int THREADS = 12;

    private static final String NAME = "reconcile-";
    private static final Logger LOG = LoggerFactory.getLogger(Questions.class);
    private static final int AT_ONCE = 4; // that are not hung
    private static final int SUSPECTS_AT_ONCE = 2;
    private static final long SLOW_MILLIS = 250;
    private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(SLOW_MILLIS);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** What a thread does with a domain. May block in libvirtd. */
    interface Asker {
        /** False if it must be asked again after a while. */
        boolean ask(UUID id);
    }

    /** @param suspect likely to hang */
    private record Waiting(Asker asker, boolean suspect, long dueNanos) {}

    private record Asked(Waiting question, long sinceNanos) {
        boolean hung(long now) {
            return now - sinceNanos > SLOW_NANOS;
        }
    }

    private final IntSupplier mayHang;
    private final LongSupplier nanoTime;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Map<UUID, Waiting> waiting = new LinkedHashMap<>(); // at most one question per domain

    @GuardedBy("lock")
    private final Map<UUID, Asked> asked = new HashMap<>();

    @GuardedBy("lock")
    private int looking; // threads that wait for no longer than LOOK_NANOS

    @GuardedBy("lock")
    private boolean closed;

    /** @param mayHang how many questions may hang at once, with what hangs of others; must not block */
    Questions(IntSupplier mayHang, LongSupplier nanoTime) {
        this.mayHang = mayHang;
        this.nanoTime = nanoTime;
        for (int i = 0; i < THREADS; i++) {
            Thread thread = new Thread(this::work, NAME + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** Asks about the domain soon; once, however often this is called before. */
    void ask(UUID id, Asker asker) {
        add(id, new Waiting(asker, false, nanoTime.getAsLong()));
    }

    /** The same for one that is likely to hang, unless there is a better reason to ask about it already. */
    void askSuspect(UUID id, Asker asker) {
        lock.lock();
        try {
            if (!waiting.containsKey(id)) {
                add(id, new Waiting(asker, true, nanoTime.getAsLong()));
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(UUID id, Waiting question) {
        lock.lock();
        try {
            if (!closed) {
                waiting.put(id, question); // at the place of one that waits already
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        try {
            for (UUID id = next(); id != null; id = next()) {
                boolean settled = false;
                try {
                    settled = asker(id).ask(id);
                } catch (RuntimeException | LinkageError | StackOverflowError | AssertionError e) {
                    LOG.error("asking about {} failed", id, e);
                    settled = true;
                } finally {
                    done(id, settled);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("told to stop");
        }
    }

    private Asker asker(UUID id) {
        lock.lock();
        try {
            return asked.get(id).question.asker;
        } finally {
            lock.unlock();
        }
    }

    /** Null when closed. */
    private UUID next() throws InterruptedException {
        lock.lock();
        try {
            while (!closed) {
                long now = nanoTime.getAsLong();
                UUID id = admissible(now);
                if (id != null) {
                    asked.put(id, new Asked(waiting.remove(id), now));
                    if (!waiting.isEmpty() && (room(now) || looking == 0)) {
                        changed.signal(); // else nobody would take the next, or see that one has hung
                    }
                    return id;
                }
                if (waiting.isEmpty()) {
                    changed.await();
                } else {
                    looking++;
                    try {
                        changed.awaitNanos(LOOK_NANOS); // one may become due, or another one hung
                    } finally {
                        looking--;
                    }
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** The first that is due and may be asked now; null if there is none. */
    @GuardedBy("lock")
    private UUID admissible(long now) {
        if (waiting.isEmpty()) {
            return null;
        }
        int places = Math.max(1, mayHang.getAsInt()) - asked.size();
        if (places <= 0 || !room(now)) {
            return null;
        }
        long suspects =
                asked.values().stream().filter(one -> one.question.suspect).count();
        boolean suspectsToo = places > 1 && suspects < SUSPECTS_AT_ONCE;
        for (Map.Entry<UUID, Waiting> one : waiting.entrySet()) {
            boolean due = now - one.getValue().dueNanos >= 0;
            if (due && (suspectsToo || !one.getValue().suspect) && !asked.containsKey(one.getKey())) {
                return one.getKey();
            }
        }
        return null;
    }

    /** Whether one more may be asked, of those that answer. */
    @GuardedBy("lock")
    private boolean room(long now) {
        int answering = 0;
        for (Asked one : asked.values()) {
            answering += one.hung(now) ? 0 : 1;
        }
        return answering < AT_ONCE;
    }

    /** Whoever calls it looks for the next question himself. */
    private void done(UUID id, boolean settled) {
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            Asked one = asked.remove(id);
            if (!settled && !closed) {
                boolean suspect = one.question.suspect || one.hung(now);
                waiting.putIfAbsent(id, new Waiting(one.question.asker, suspect, now + RETRY_NANOS));
            }
        } finally {
            lock.unlock();
        }
    }

    static boolean isThread(String name) {
        return name.startsWith(NAME);
    }

    /** The domains that are asked about or wait for it. */
    List<UUID> open() {
        lock.lock();
        try {
            List<UUID> all = new ArrayList<>(waiting.keySet());
            all.addAll(asked.keySet());
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more questions; those that hang are left to libvirtd. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            waiting.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
