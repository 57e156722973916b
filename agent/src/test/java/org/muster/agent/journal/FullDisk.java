package org.muster.agent.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.rig.Await;

/** A disk under a journal that takes nothing while it is full. */
public final class FullDisk {
    private static final long COMPACT_BYTES = 1L << 25;
    private static final Duration SOON = Duration.ofSeconds(8);

    private final AtomicInteger refused = new AtomicInteger();
    private volatile boolean full; // set by the test, read by the writer

    /** As {@link Journal#open(Path, JournalState)}. */
    public Journal open(Path directory, JournalState state) throws IOException {
        return Journal.open(
                directory, state, (file, options) -> new Channel(FileChannel.open(file, options)), COMPACT_BYTES);
    }

    /** From now on it takes nothing. */
    public void fill() {
        full = true;
    }

    /** There is room again. */
    public void empty() {
        full = false;
    }

    /** Waits until it has refused so many more writes. */
    public void awaitRefused(int more) {
        int before = refused.get();
        Await.until("so many writes were refused", SOON, () -> refused.get() >= before + more);
    }

    private final class Channel extends OverChannel {
        Channel(FileChannel real) {
            super(real);
        }

        @Override
        public int write(ByteBuffer from, long position) throws IOException {
            if (full) {
                refused.incrementAndGet();
                throw new IOException("No space left on device");
            }
            return super.write(from, position);
        }
    }
}
