package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.muster.agent.domain.Vm;
import org.muster.agent.journal.JournalRecord;

/**
 * Hands waiting requests to create workers as slots become free: queue and slots under one lock, so that a decision and
 * what follows from it are one step.
 *
 * <p>Thread-safe. Only {@link #next} waits.
 */
final class Dispatcher {
    private static final long RECHECK_SECONDS = 1; // the guard and the journal change without telling us

    private final Supplier<Slots.Guard> guard; // null while there is no link to libvirtd
    private final Supplier<String> journal; // why no start can be written down; empty if one can
    private final LongSupplier nanoTime;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final CreateQueue queue;

    @GuardedBy("lock")
    private final Slots slots;

    @GuardedBy("lock")
    private boolean closed;

    @GuardedBy("lock")
    private int mostWaiting; // since it was last forgotten

    Dispatcher(
            CreateQueue queue,
            Slots slots,
            Supplier<Slots.Guard> guard,
            Supplier<String> journal,
            LongSupplier nanoTime) {
        this.queue = queue;
        this.slots = slots;
        this.guard = guard;
        this.journal = journal;
        this.nanoTime = nanoTime;
    }

    /** Waits for a request and a slot for it; null when closed. Pair with {@link #finished}. */
    Slots.Slot next() throws InterruptedException {
        lock.lock();
        try {
            while (!closed) {
                if (queue.size() > 0 && refusal().isEmpty()) {
                    slots.asked(queue.size());
                    Slots.Slot slot = slots.take(queue.poll(nanoTime.getAsLong()), nanoTime.getAsLong());
                    changed.signal(); // there may be room for another worker
                    return slot;
                }
                if (queue.size() == 0) {
                    changed.await();
                } else {
                    changed.await(RECHECK_SECONDS, TimeUnit.SECONDS);
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private String refusal() {
        Slots.Guard now = guard.get();
        if (now == null) {
            return "there is no link to libvirtd";
        }
        String trouble = journal.get(); // a start that cannot be written down is not made: it would only fail
        return trouble.isEmpty() ? slots.refusal(now) : trouble;
    }

    /** Why the first request in the queue waits; empty if nothing waits or it is about to start. */
    String waitingFor() {
        lock.lock();
        try {
            return queue.size() == 0 ? "" : refusal();
        } finally {
            lock.unlock();
        }
    }

    void finished(Slots.Slot slot, Outcome outcome) {
        lock.lock();
        try {
            slots.release(slot, outcome, queue.size(), nanoTime.getAsLong());
            changed.signal(); // who takes a slot wakes the next, in case that the limit has grown
        } finally {
            lock.unlock();
        }
    }

    /** Looks for creates that hang; answers those newly found. Their places are free from now on. */
    List<Slots.Slot> judge() {
        lock.lock();
        try {
            List<Slots.Slot> found = new ArrayList<>();
            for (Slots.Slot slot : slots.running()) {
                if (slots.judge(slot, nanoTime.getAsLong())) {
                    found.add(slot);
                }
            }
            if (!found.isEmpty()) {
                slots.learn(queue.size(), nanoTime.getAsLong());
                changed.signalAll();
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    List<Slots.Slot> running() {
        lock.lock();
        try {
            return List.copyOf(slots.running());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Places in the queue that are ours to take or give back.
     *
     * @param positions by place asked for; 1 is served next, 0 was not granted
     */
    record Promise(List<Integer> positions, int capacity, int taken) {}

    Promise promise(List<Place> wanted) {
        lock.lock();
        try {
            int before = queue.taken();
            return new Promise(queue.promise(wanted, nanoTime.getAsLong()), queue.capacity(), before);
        } finally {
            lock.unlock();
        }
    }

    /** The same for a question: nothing is taken. */
    Promise preview(List<Place> wanted) {
        lock.lock();
        try {
            Promise would = promise(wanted);
            List<Place> granted = new ArrayList<>();
            for (int i = 0; i < wanted.size(); i++) {
                if (would.positions().get(i) > 0) {
                    granted.add(wanted.get(i));
                }
            }
            queue.giveBack(granted);
            return would;
        } finally {
            lock.unlock();
        }
    }

    void giveBack(List<Place> places) {
        lock.lock();
        try {
            queue.giveBack(places);
        } finally {
            lock.unlock();
        }
    }

    /** They wait from now on. Pair with {@link #wake}: who has no work hears of them only then. */
    void add(List<CreateRequest> requests) {
        lock.lock();
        try {
            requests.forEach(queue::add);
            mostWaiting = Math.max(mostWaiting, queue.size());
        } finally {
            lock.unlock();
        }
    }

    void addAgain(CreateRequest request) {
        lock.lock();
        try {
            queue.addBeyondCapacity(request);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes the request out of the queue; null if it does not wait there. */
    CreateRequest remove(UUID id) {
        lock.lock();
        try {
            return queue.remove(id);
        } finally {
            lock.unlock();
        }
    }

    /** The VM is gone: its request, if it waits, is taken out. */
    void gone(Vm vm) {
        lock.lock();
        try {
            queue.removeLife(vm);
        } finally {
            lock.unlock();
        }
    }

    /** Takes out every waiting request that matches. */
    List<CreateRequest> removeIf(Predicate<CreateRequest> matches) {
        lock.lock();
        try {
            return queue.removeIf(matches);
        } finally {
            lock.unlock();
        }
    }

    /**
     * What waits and what runs, at one moment.
     *
     * @param queued a copy, the caller's
     * @param waitingFor why the first one waits
     * @param limit how many may run, before the guard has its say
     */
    record View(
            QueueOrder queued,
            List<Slots.Slot> running,
            String waitingFor,
            int capacity,
            Concurrency concurrency,
            int limit) {}

    View view() {
        lock.lock();
        try {
            return new View(
                    queue.snapshot(),
                    List.copyOf(slots.running()),
                    queue.size() == 0 ? "" : refusal(),
                    queue.capacity(),
                    slots.concurrency(),
                    slots.limit());
        } finally {
            lock.unlock();
        }
    }

    /** How many are on their way; the most that waited at once since {@link #forgetMostWaiting}. */
    CreateStats.Load load() {
        lock.lock();
        try {
            return new CreateStats.Load(queue.size(), slots.running().size(), mostWaiting);
        } finally {
            lock.unlock();
        }
    }

    void forgetMostWaiting() {
        lock.lock();
        try {
            mostWaiting = queue.size();
        } finally {
            lock.unlock();
        }
    }

    boolean starting() {
        lock.lock();
        try {
            return slots.active() > 0;
        } finally {
            lock.unlock();
        }
    }

    int waiting() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /** How many may run at once, before the guard has its say. */
    int limit() {
        lock.lock();
        try {
            return slots.limit();
        } finally {
            lock.unlock();
        }
    }

    void setCapacity(int capacity) {
        lock.lock();
        try {
            queue.setCapacity(capacity);
        } finally {
            lock.unlock();
        }
    }

    /** What runs goes on. Answers what was in force. */
    Concurrency setConcurrency(Concurrency next) {
        lock.lock();
        try {
            Concurrency before = slots.set(next);
            changed.signalAll();
            return before;
        } finally {
            lock.unlock();
        }
    }

    /** What the self-tuning limit knows of this host. */
    JournalRecord.Learnt learnt(String bootId) {
        lock.lock();
        try {
            return slots.auto().learnt(bootId);
        } finally {
            lock.unlock();
        }
    }

    /** Goes on from what a former life of ours had learnt; false if that is of another host. */
    boolean remember(JournalRecord.Learnt learnt, String bootId) {
        lock.lock();
        try {
            return slots.auto().remember(learnt, bootId, nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    /** There is something to do, or the link to libvirtd came or went. */
    void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
