package org.muster.agent.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk that can be full, refuse to sync, or hang while syncing; counts how often it synced. */
final class FaultyDisk implements JournalFile.Medium {
    final AtomicInteger forced = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger(); // writes for which there was no room
    volatile long room = Long.MAX_VALUE; // bytes that still fit; set by the test, read by the writer
    volatile boolean refusesToForce;
    volatile boolean givesRoomBack; // what was written to a file that is closed
    volatile RuntimeException throwsInstead; // of writing
    volatile CountDownLatch forceEntered;
    private volatile CountDownLatch forceReleased;

    /** The next sync does not return before {@link #goOn}. */
    void hang() {
        forceEntered = new CountDownLatch(1);
        forceReleased = new CountDownLatch(1);
    }

    /** The sync that hangs returns, and the next one hangs. */
    void hangAgain() {
        CountDownLatch first = forceReleased;
        hang();
        first.countDown();
    }

    void goOn() {
        forceReleased.countDown();
    }

    @Override
    public FileChannel open(Path file, OpenOption... options) throws IOException {
        return new Channel(FileChannel.open(file, options));
    }

    private void force() throws IOException {
        forced.incrementAndGet();
        CountDownLatch wait = forceReleased;
        if (wait != null) {
            forceEntered.countDown();
            await(wait);
        }
        if (refusesToForce) {
            throw new IOException("Input/output error");
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(10, TimeUnit.SECONDS)) {
                throw new IOException("never released");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private final class Channel extends OverChannel {
        private long taken; // of the room

        Channel(FileChannel real) {
            super(real);
        }

        @Override
        public int write(ByteBuffer from, long position) throws IOException {
            if (throwsInstead != null) {
                throw throwsInstead;
            }
            int wanted = from.remaining();
            int fits = (int) Math.min(wanted, room);
            if (fits == 0 && wanted > 0) {
                refused.incrementAndGet();
                throw new IOException("No space left on device");
            }
            ByteBuffer part = from.duplicate();
            part.limit(part.position() + fits);
            int written = super.write(part, position);
            from.position(from.position() + written);
            room = room == Long.MAX_VALUE ? room : room - written;
            taken += written;
            return written;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            FaultyDisk.this.force();
            super.force(metaData);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            room = givesRoomBack && room != Long.MAX_VALUE ? room + taken : room;
            super.implCloseChannel();
        }
    }
}
