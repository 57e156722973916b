package org.muster.agent.journal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.muster.agent.journal.JournalRecord.Note;

/**
 * What waits to be written, in order.
 *
 * <p>Bounded without a loss: when {@code capacity} writes wait, further ones that somebody waits for are refused, and further
 * notes are kept by what they are about, of which only the last word counts. Those are at most as many as there are VMs, for
 * while nothing is written none is accepted.
 *
 * <p>Thread-safe. Only {@link #take} waits: the thread {@code journal}.
 */
final class Backlog {
    /** Whether a write was taken. */
    enum Admission {
        TAKEN,
        FULL,
        CLOSED
    }

    /**
     * Lines that are written together.
     *
     * @param done null for a note
     * @param forced to the disk, before they are {@code done}
     */
    record Write(List<JournalRecord> lines, CompletableFuture<Void> done, boolean forced, long sinceNanos) {
        boolean awaited() {
            return done != null;
        }

        /** Nobody waits for it any more. */
        boolean givenUp() {
            return awaited() && done.isDone();
        }
    }

    private final int capacity;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private List<Write> waiting = new ArrayList<>();

    @GuardedBy("lock")
    private List<Write> taken = List.of(); // by the last take

    @GuardedBy("lock")
    private Map<Object, List<Note>> lastWords = new LinkedHashMap<>(); // younger than all that waits; else empty

    @GuardedBy("lock")
    private boolean closed;

    Backlog(int capacity) {
        this.capacity = capacity;
    }

    /** Takes lines that somebody waits for. */
    Admission offer(List<JournalRecord> lines, CompletableFuture<Void> done, boolean forced) {
        lock.lock();
        try {
            if (closed) {
                return Admission.CLOSED;
            }
            if (full()) {
                return Admission.FULL;
            }
            waiting.add(new Write(lines, done, forced, System.nanoTime()));
            changed.signal();
            return Admission.TAKEN;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a note; false only when closed. */
    boolean note(Note line) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            if (full()) {
                keepLast(lastWords.computeIfAbsent(line.subject(), any -> new ArrayList<>()), line);
            } else {
                waiting.add(new Write(List.of(line), null, false, 0));
                changed.signal();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean full() {
        return waiting.size() >= capacity || !lastWords.isEmpty();
    }

    /** Adds a line to others of the same VM, without those that it makes meaningless. */
    private static void keepLast(Collection<Note> notes, Note line) {
        notes.removeIf(older -> line.supersedes(older));
        notes.add(line);
    }

    /** All that waits; empty if nothing came within the time, null when closed and nothing is left. */
    List<Write> take(long millis) throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (waiting.isEmpty() && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            List<Write> all = waiting;
            for (List<Note> notes : lastWords.values()) {
                all.add(new Write(List.copyOf(notes), null, false, 0));
            }
            waiting = new ArrayList<>();
            lastWords = new LinkedHashMap<>();
            taken = all;
            return closed && all.isEmpty() ? null : all;
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return waiting.size() + lastWords.size();
        } finally {
            lock.unlock();
        }
    }

    /** What somebody has waited for longer than that, written at this moment or not yet. */
    List<Write> olderThan(long nanos) {
        lock.lock();
        try {
            long now = System.nanoTime();
            return Stream.concat(taken.stream(), waiting.stream())
                    .filter(write -> write.awaited() && !write.givenUp() && now - write.sinceNanos > nanos)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** Takes nothing more. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    boolean closed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }
}
