package org.muster.agent.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.muster.agent.journal.Backlog.Write;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down what must survive us. What waits for durability is written together with whatever else is waiting: one
 * fsync for all of it.
 *
 * <p>A disk that takes nothing, or does not answer within {@value #PATIENCE_SECONDS} s, refuses what somebody waits for; what was only noted is owed to it, and written as soon as it takes
 * something again. A note is never lost while we live. {@link #trouble} tells beforehand.
 *
 * <p>Thread-safe. Never blocks the caller; one thread, {@code journal}, does the writing.
 */
public final class Journal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
    private static final int WAITING = 16_384;
    private static final int OWED = 4096; // lines; for more of them the whole file is written anew
    private static final long COMPACT_BYTES = 32L << 20;
    private static final long PAY_EVERY_MILLIS = 1000;
    private static final int PATIENCE_SECONDS = 60;
    private static final Duration STALLED = Duration.ofSeconds(5);

    /** Told of every attempt to write; on the journal's thread, must not block. */
    public interface Observer {
        void written(long nanos, boolean failed);
    }

    private final Backlog backlog = new Backlog(WAITING);
    private final JournalFile file;
    private final DirectoryLock lock;
    private final Thread writer = new Thread(this::run, "journal");
    private final long compactBytes;
    private final Duration stalledAfter;

    private volatile int owedCount; // written by the writer, read by anybody
    private volatile long fileBytes; // likewise
    private volatile String failure = ""; // of the last write, empty if it went well; likewise, and by the opener
    private volatile long busySinceNanos; // with one batch; 0 while the writer has none; likewise
    private volatile Observer observer = (nanos, failed) -> {}; // set once, before the start

    // From here on confined: to the opener, then to the thread journal.
    private final JournalState state; // with everything that is owed
    private final List<JournalRecord> owed = new ArrayList<>(); // what the file lacks; empty if that is too much
    private boolean behind; // the file lacks more than what is in owed, or has more than what counts
    private boolean doubtful; // a write failed: what the kernel holds of the file may not be what the disk has
    private long mendedAtNanos = System.nanoTime() - Long.MAX_VALUE / 2; // when that was last tried to be put right
    private long compactAt;

    private Journal(
            JournalFile file, JournalState state, DirectoryLock lock, long compactBytes, Duration stalledAfter) {
        this.file = file;
        this.lock = lock;
        this.state = state;
        this.compactBytes = compactBytes;
        this.stalledAfter = stalledAfter;
        this.compactAt = compactBytes;
        writer.setDaemon(true);
    }

    /**
     * Opens the journal of a state directory, made if it is not there. One that can be read but not written, at the moment or by us,
     * is opened all the same.
     *
     * @param state filled with what the journal holds; afterwards the journal's own, so read it before {@link #start}
     * @throws IOException naming the file: not readable, not ours
     */
    public static Journal open(Path directory, JournalState state) throws IOException {
        return open(directory, state, FileChannel::open, COMPACT_BYTES);
    }

    /** Has what reads a journal loaded on a thread of its own, which ends then. Only for a quicker start: {@link #open} does the same. */
    public static void preload() {
        Thread loader = new Thread(JournalFile::load, "journal-load");
        loader.setDaemon(true);
        loader.start();
    }

    static Journal open(Path directory, JournalState state, JournalFile.Medium medium, long compactBytes)
            throws IOException {
        return open(directory, state, medium, compactBytes, STALLED);
    }

    /** @param stalledAfter for so long a disk at work may keep a write */
    static Journal open(
            Path directory, JournalState state, JournalFile.Medium medium, long compactBytes, Duration stalledAfter)
            throws IOException {
        Files.createDirectories(directory);
        DirectoryLock lock = DirectoryLock.take(directory, medium);
        try {
            JournalFile file = JournalFile.open(directory.resolve("journal"), state, medium);
            Journal journal = new Journal(file, state, lock, compactBytes, stalledAfter);
            journal.rewriteAtStart();
            return journal;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private void rewriteAtStart() {
        try {
            rewrite();
        } catch (IOException e) {
            doubtful = true;
            tellFailure(e);
        }
    }

    private void tellFailure(Throwable e) {
        if (failing()) {
            LOG.debug("the journal still cannot be written: {}", e.toString());
        } else {
            LOG.error("the journal cannot be written: {}; nothing is accepted until it can", e.toString());
        }
        failure = e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private boolean failing() {
        return !failure.isEmpty();
    }

    /**
     * Why what somebody waits for is not written at the moment; empty if nothing is known that speaks against it. A disk that failed is
     * tried again by itself. Never blocks.
     */
    public String trouble() {
        return trouble(stalledAfter);
    }

    String trouble(Duration patience) {
        String stalled = stalled(patience);
        String why = failure;
        return !stalled.isEmpty() || why.isEmpty() ? stalled : "the journal cannot be written: " + why;
    }

    /** The same of a disk that does not answer alone: who waits for it may wait for long. */
    public String stalled() {
        return stalled(stalledAfter);
    }

    private String stalled(Duration patience) {
        long since = busySinceNanos;
        boolean stalled = since != 0 && System.nanoTime() - since > patience.toNanos();
        return stalled ? "the journal cannot be written: its disk does not answer" : "";
    }

    public void observe(Observer newObserver) {
        this.observer = newObserver;
    }

    /** Writes that wait for the disk. */
    public int waiting() {
        return backlog.size();
    }

    /** Lines that were noted and that the disk has not taken yet; counted up to 4097. */
    public int owed() {
        return owedCount;
    }

    public long bytes() {
        return fileBytes;
    }

    public void start() {
        writer.start();
    }

    /** Completes when the lines are on the disk; exceptionally, with none of them written, when that failed. */
    public CompletableFuture<Void> durably(List<JournalRecord> lines) {
        return offer(lines, true);
    }

    /**
     * Completes when the lines are in the file: they survive our death, but not for sure the host's; exceptionally, with none of
     * them written, when that failed.
     */
    public CompletableFuture<Void> written(List<JournalRecord> lines) {
        return offer(lines, false);
    }

    private CompletableFuture<Void> offer(List<JournalRecord> lines, boolean forced) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        switch (backlog.offer(List.copyOf(lines), done, forced)) {
            case TAKEN -> failLeftIfEnded();
            case FULL ->
                done.completeExceptionally(new IOException("the journal's queue is full: the disk is too slow"));
            case CLOSED -> done.completeExceptionally(closed());
        }
        return done;
    }

    /**
     * Refuses what the disk has kept for too long. To be called now and then, from a thread that does not wait for the disk.
     *
     * @param resumed for how long what was accepted is started by a later life: nothing younger is given up, since that life may
     *     find it on the disk
     */
    public void giveUpOverdue(Duration resumed) {
        Duration patience = Duration.ofSeconds(PATIENCE_SECONDS);
        giveUp(resumed.compareTo(patience) > 0 ? resumed : patience);
    }

    void giveUp(Duration patience) {
        List<Write> overdue = backlog.olderThan(patience.toNanos());
        if (!overdue.isEmpty()) {
            IOException e = new IOException("the disk of the state directory has not answered for "
                    + TimeUnit.NANOSECONDS.toSeconds(
                            System.nanoTime() - overdue.get(0).sinceNanos()) + " s");
            overdue.forEach(write -> write.done().completeExceptionally(e));
        }
    }

    /** Writes the line soon: it survives our death, but not for sure the host's. */
    public void note(JournalRecord.Note line) {
        if (!backlog.note(line)) {
            LOG.debug("the agent is stopping; not noted: {}", line);
        }
    }

    private static IOException closed() {
        return new IOException("the journal is closed");
    }

    /** Taken between the writer's last look and its end. */
    private void failLeftIfEnded() {
        if (backlog.closed() && writer.getState() == Thread.State.TERMINATED) {
            failLeft();
        }
    }

    private void failLeft() {
        try {
            List<Write> left = backlog.take(0);
            if (left != null) {
                left.stream()
                        .filter(Write::awaited)
                        .forEach(write -> write.done().completeExceptionally(closed()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            for (List<Write> batch = take(); batch != null; batch = take()) {
                busySinceNanos = System.nanoTime();
                if (batch.isEmpty()) {
                    payOwed();
                } else {
                    write(batch);
                }
                busySinceNanos = 0;
            }
        } catch (InterruptedException e) {
            LOG.debug("journal interrupted: closing");
            backlog.close();
        }
    }

    private List<Write> take() throws InterruptedException {
        return backlog.take(PAY_EVERY_MILLIS);
    }

    /** What needs no sync and comes before all that does is not kept waiting for it: a worker may, to start its guest. */
    private void write(List<Write> taken) {
        int first = 0;
        while (first < taken.size() && !taken.get(first).forced()) {
            first++;
        }
        for (List<Write> part : List.of(taken.subList(0, first), taken.subList(first, taken.size()))) {
            if (!part.isEmpty()) {
                writeTogether(part);
            }
        }
    }

    private void writeTogether(List<Write> taken) {
        List<Write> batch = taken.stream().filter(write -> !write.givenUp()).toList();
        List<JournalRecord> lines = new ArrayList<>();
        boolean forced = false;
        for (Write write : batch) {
            lines.addAll(write.lines());
            forced |= write.forced();
        }
        try {
            append(lines, forced);
        } catch (IOException | RuntimeException | StackOverflowError | LinkageError | AssertionError e) {
            tellFailure(e);
            batch.forEach(write -> fail(write, e));
            return;
        }
        boolean allCount = true;
        for (Write write : batch) {
            boolean counts = !write.awaited() || write.done().complete(null); // else given up while it was written
            if (counts) {
                write.lines().forEach(state::apply);
            }
            allCount &= counts;
        }
        if (!allCount) {
            takeBack();
        }
        compact();
    }

    /** The disk has more than what counts: it was too late, and whoever waited for it was told that it is not there. */
    private void takeBack() {
        behind = true;
        try {
            mend();
        } catch (IOException | RuntimeException e) {
            tellFailure(e);
        }
    }

    /** Writes what is owed, which is older, and then the lines. */
    private void append(List<JournalRecord> lines, boolean forced) throws IOException {
        mend();
        List<JournalRecord> all = new ArrayList<>(owed);
        all.addAll(lines);
        long begun = System.nanoTime();
        boolean failed = true;
        try {
            lock.exclusive();
            file.append(all, forced);
            failed = false;
        } catch (IOException | RuntimeException e) {
            doubtful = true;
            throw e;
        } finally {
            observer.written(System.nanoTime() - begun, failed);
            fileBytes = file.size();
        }
        owed.clear();
        owedCount = 0;
        if (failing()) {
            LOG.info("the journal can be written again");
        }
        failure = "";
    }

    /**
     * After a failure the whole file is written anew: once a disk has failed to write a page, the kernel may take it for
     * written. Where there is no room for that, what is there is gone on with, unless it lacks something.
     */
    private void mend() throws IOException {
        boolean tooSoon = System.nanoTime() - mendedAtNanos < TimeUnit.MILLISECONDS.toNanos(PAY_EVERY_MILLIS);
        if (!behind && (!doubtful || tooSoon)) {
            return;
        }
        mendedAtNanos = System.nanoTime();
        try {
            rewrite();
        } catch (IOException | RuntimeException e) {
            if (behind) {
                throw e;
            }
            LOG.debug("going on with the journal as it is", e);
        }
    }

    private void rewrite() throws IOException {
        lock.exclusive();
        file.rewrite(state.lines());
        owed.clear();
        owedCount = 0;
        fileBytes = file.size();
        behind = false;
        doubtful = false;
        compactAt = Math.max(compactBytes, 2 * file.size());
    }

    /** Who waits is told; a note is owed until the disk takes it. */
    private void fail(Write write, Throwable e) {
        if (write.awaited()) {
            write.done().completeExceptionally(e);
            return;
        }
        write.lines().forEach(state::apply);
        owed.addAll(write.lines());
        if (owed.size() > OWED || behind) {
            owed.clear();
            behind = true;
        }
        owedCount = behind ? OWED + 1 : owed.size();
    }

    /** After a failure of which nothing is owed, something that the file has is written once more: others wait for the disk to take it. */
    private void payOwed() {
        boolean nothing = owed.isEmpty() && !behind;
        if (nothing && !failing()) {
            return;
        }
        try {
            append(nothing ? List.of(state.drain()) : List.of(), false);
        } catch (IOException | RuntimeException e) {
            LOG.debug("the journal still cannot be written: {}", e.toString());
        }
    }

    private void compact() {
        if (file.size() < compactAt) {
            return;
        }
        try {
            rewrite();
        } catch (IOException | RuntimeException e) {
            LOG.warn("cannot compact the journal, going on with the long one: {}", e.toString());
            compactAt = Math.max(compactBytes, 2 * file.size());
        }
    }

    /** Writes what waits, at most 5 s long, then closes. */
    @Override
    public void close() {
        backlog.close();
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
