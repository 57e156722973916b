package org.muster.agent.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.rig.Await;

/** A disk under a journal that takes nothing while it is full, and does not answer while it hangs. */
public final class FullDisk {
    private static final long COMPACT_BYTES = 1L << 25;
    private static final Duration SOON = Duration.ofSeconds(8);

    private final AtomicInteger refused = new AtomicInteger();
    private final Duration stalledAfter;
    private volatile CountDownLatch hanging = new CountDownLatch(0); // set by the test, read by the writer
    private volatile boolean full; // set by the test, read by the writer

    public FullDisk() {
        this(Duration.ofSeconds(5));
    }

    /** @param stalledAfter after this a write that hangs is told as trouble */
    public FullDisk(Duration stalledAfter) {
        this.stalledAfter = stalledAfter;
    }

    /** As {@link Journal#open(Path, JournalState)}. */
    public Journal open(Path directory, JournalState state) throws IOException {
        return Journal.open(
                directory,
                state,
                (file, options) -> new Channel(FileChannel.open(file, options)),
                COMPACT_BYTES,
                stalledAfter);
    }

    /** From now on it takes nothing. */
    public void fill() {
        full = true;
    }

    /** There is room again. */
    public void empty() {
        full = false;
    }

    /** From now on no write returns before {@link #goOn}. */
    public void hang() {
        hanging = new CountDownLatch(1);
    }

    public void goOn() {
        hanging.countDown();
    }

    /** Waits until it has refused so many more writes. */
    public void awaitRefused(int more) {
        int before = refused.get();
        Await.until("so many writes were refused", SOON, () -> refused.get() >= before + more);
    }

    private void awaitGoingOn() throws IOException {
        try {
            if (!hanging.await(SOON.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException("never released");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private final class Channel extends OverChannel {
        Channel(FileChannel real) {
            super(real);
        }

        @Override
        public int write(ByteBuffer from, long position) throws IOException {
            awaitGoingOn();
            if (full) {
                refused.incrementAndGet();
                throw new IOException("No space left on device");
            }
            return super.write(from, position);
        }
    }
}
