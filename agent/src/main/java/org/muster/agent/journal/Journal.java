package org.muster.agent.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down what must survive us. What waits for durability is written together with whatever else is waiting: one
 * fsync for all of it.
 *
 * <p>Thread-safe. Never blocks the caller; one thread, {@code journal}, does the writing.
 */
public final class Journal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
    private static final int QUEUE = 16_384;
    private static final long COMPACT_BYTES = 32L << 20;

    /** Told of every attempt to write; on the journal's thread, must not block. */
    public interface Observer {
        void written(long nanos, boolean failed);
    }

    private record Write(List<JournalRecord> lines, boolean durable, CompletableFuture<Void> done) {}

    private final BlockingQueue<Write> queue = new ArrayBlockingQueue<>(QUEUE);
    private final JournalFile file;
    private final FileChannel lock; // held as long as we are
    private final List<JournalRecord> owed =
            new ArrayList<>(); // notes that could not be written yet; confined to the writer
    private final JournalState state;
    private final Thread writer = new Thread(this::run, "journal");
    private final long compactBytes;
    private long compactAt; // confined to the writer
    private volatile boolean closed; // set once by close, read by the writer
    private volatile int owedCount; // written by the writer, read by anybody
    private volatile long fileBytes; // likewise
    private volatile Observer observer = (nanos, failed) -> {}; // set once, before the start

    private Journal(JournalFile file, JournalState state, FileChannel lock, long compactBytes) {
        this.file = file;
        this.lock = lock;
        this.state = state;
        this.compactBytes = compactBytes;
        this.compactAt = compactBytes;
        this.fileBytes = file.size();
        writer.setDaemon(true);
    }

    /**
     * Opens the journal of a state directory, made if it is not there.
     *
     * @param state filled with what the journal holds; afterwards the journal's own, so read it before {@link #start}
     * @throws IOException naming the file: not writable, not ours
     */
    public static Journal open(Path directory, JournalState state) throws IOException {
        return open(directory, state, FileChannel::open, COMPACT_BYTES);
    }

    static Journal open(Path directory, JournalState state, JournalFile.Medium medium, long compactBytes)
            throws IOException {
        Files.createDirectories(directory);
        FileChannel lock = lock(directory.resolve("lock"));
        try {
            JournalFile file = JournalFile.open(directory.resolve("journal"), state, medium);
            file.rewrite(state.lines());
            return new Journal(file, state, lock, compactBytes);
        } catch (IOException e) {
            lock.close();
            throw e;
        }
    }

    /** Two agents on one journal would each take the other's lines away. */
    private static FileChannel lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            LOG.debug("locked by this process", e);
        }
        channel.close();
        throw new IOException(file + " is locked: another musterd uses this state directory");
    }

    public void observe(Observer newObserver) {
        this.observer = newObserver;
    }

    public void start() {
        writer.start();
    }

    /** Writes that wait for the disk. */
    public int waiting() {
        return queue.size();
    }

    /** Notes that the disk has not taken yet. */
    public int owed() {
        return owedCount;
    }

    public long bytes() {
        return fileBytes;
    }

    /** Completes when the lines are on the disk; exceptionally, with none of them written, when that failed. */
    public CompletableFuture<Void> durably(List<JournalRecord> lines) {
        return enqueue(new Write(List.copyOf(lines), true, new CompletableFuture<>()));
    }

    /** Writes the line soon: it survives our death, but not for sure the host's. */
    public void note(JournalRecord line) {
        enqueue(new Write(List.of(line), false, new CompletableFuture<>())).whenComplete((nothing, e) -> {
            if (e != null) {
                LOG.error(
                        "not written to the journal yet: {}: {}",
                        line.getClass().getSimpleName(),
                        e.toString());
            }
        });
    }

    private CompletableFuture<Void> enqueue(Write write) {
        if (closed || !queue.offer(write)) {
            write.done.completeExceptionally(new IOException(
                    closed ? "the journal is closed" : "the journal's queue is full: the disk is too slow"));
        }
        if (closed && writer.getState() == Thread.State.TERMINATED) {
            failLeft(); // offered between the writer's last look and its end
        }
        return write.done;
    }

    private void failLeft() {
        for (Write left = queue.poll(); left != null; left = queue.poll()) {
            left.done.completeExceptionally(new IOException("the journal is closed"));
        }
    }

    private void run() {
        List<Write> batch = new ArrayList<>();
        while (!closed || !queue.isEmpty()) {
            try {
                Write first = queue.poll(1, TimeUnit.SECONDS);
                if (first == null) {
                    payOwed();
                } else {
                    batch.add(first);
                    queue.drainTo(batch);
                    write(batch);
                    batch.clear();
                }
            } catch (InterruptedException e) {
                LOG.debug("journal interrupted: closing");
                closed = true;
            }
        }
    }

    private void write(List<Write> batch) {
        List<JournalRecord> lines = new ArrayList<>(owed); // first: what was owed is older
        boolean durable = false;
        for (Write write : batch) {
            lines.addAll(write.lines);
            durable |= write.durable;
        }
        try {
            append(lines, durable);
        } catch (IOException | RuntimeException e) {
            batch.forEach(write -> fail(write, e));
            owedCount = owed.size();
            return;
        }
        lines.forEach(state::apply);
        owed.clear();
        owedCount = 0;
        batch.forEach(write -> write.done.complete(null));
        compact();
    }

    /** Who waits for durability is told; a note is owed until the disk takes it. */
    private void fail(Write write, Exception e) {
        write.done.completeExceptionally(e);
        if (!write.durable && owed.size() < QUEUE) {
            owed.addAll(write.lines);
        }
    }

    private void payOwed() {
        if (owed.isEmpty()) {
            return;
        }
        try {
            append(owed, false);
        } catch (IOException | RuntimeException e) {
            LOG.debug("{} notes are still owed to the journal: {}", owed.size(), e.toString());
            return;
        }
        owed.forEach(state::apply);
        owed.clear();
        owedCount = 0;
    }

    private void append(List<JournalRecord> lines, boolean durable) throws IOException {
        long begun = System.nanoTime();
        boolean failed = true;
        try {
            file.append(lines, durable);
            failed = false;
        } finally {
            observer.written(System.nanoTime() - begun, failed);
            fileBytes = file.size();
        }
    }

    private void compact() {
        if (file.size() < compactAt) {
            return;
        }
        try {
            file.rewrite(state.lines());
        } catch (IOException e) {
            LOG.warn("cannot compact the journal, going on with the long one: {}", e.toString());
        }
        compactAt = Math.max(compactBytes, 2 * file.size());
        fileBytes = file.size();
    }

    /** Writes what waits, at most 5 s long, then closes. */
    @Override
    public void close() {
        closed = true;
        queue.offer(new Write(List.of(), false, new CompletableFuture<>())); // wakes the writer; a full queue does, too
        try {
            writer.join(TimeUnit.SECONDS.toMillis(5));
            failLeft();
            file.close();
            lock.close();
        } catch (IOException e) {
            LOG.warn("closing the journal: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
