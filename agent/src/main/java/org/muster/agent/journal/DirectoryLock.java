package org.muster.agent.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a state directory to one agent: two on one journal would each take the other's lines away.
 *
 * <p>On a disk that cannot be written, or in a directory that is not ours to write in, the lock is shared, which keeps nobody out who cannot write either; before the first write
 * it must be {@link #exclusive}. Confined: to the opener, then to the thread {@code journal}.
 */
final class DirectoryLock implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);

    private final Path file;
    private final JournalFile.Medium medium;
    private FileChannel channel; // held as long as we are; null for a file that is not there on a disk that takes none
    private boolean exclusive;

    private DirectoryLock(Path file, JournalFile.Medium medium) {
        this.file = file;
        this.medium = medium;
    }

    /** @throws IOException if another agent has the directory, or we may not even read there */
    static DirectoryLock take(Path directory, JournalFile.Medium medium) throws IOException {
        DirectoryLock lock = new DirectoryLock(directory.resolve("lock"), medium);
        try {
            lock.exclusive();
        } catch (
                FileSystemException
                        e) { // full, read-only, not ours: what it holds may be there to be read all the same
            LOG.error("{} cannot be written: {}; nothing is accepted until it can", directory, e.toString());
            lock.shared();
        }
        return lock;
    }

    /** Makes sure that nobody else writes there. */
    void exclusive() throws IOException {
        if (exclusive) {
            return;
        }
        FileChannel fresh = openForWriting();
        close(); // a process that has locked a file twice would lose both locks with the first that it closes
        channel = fresh;
        lock(false);
        exclusive = true;
    }

    private FileChannel openForWriting() throws IOException {
        try {
            return medium.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (AccessDeniedException e) { // which names the file, and not what is wrong with it
            AccessDeniedException told = new AccessDeniedException(e.getFile(), null, "permission denied");
            told.initCause(e);
            throw told;
        }
    }

    private void shared() throws IOException {
        try {
            channel = medium.open(file, StandardOpenOption.READ);
            lock(true);
        } catch (NoSuchFileException e) {
            LOG.debug("no agent has ever been here", e);
        }
    }

    private void lock(boolean shared) throws IOException {
        try {
            FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
            if (lock != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            LOG.debug("locked by this process", e);
        }
        close();
        throw new HeldException(file);
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }

    /** Another agent has the directory. */
    private static final class HeldException extends IOException {
        private static final long serialVersionUID = 1;

        HeldException(Path file) {
            super(file + " is locked: another musterd uses this state directory");
        }
    }
}
