package org.muster.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames on their way to the agent, whole and in order, at most {@code capacity} bytes waiting (one frame always may).
 *
 * <p>Thread-safe. The wire never blocks, so writing under the lock waits for nobody; what the socket does not take at once
 * stays here for the reader thread.
 */
final class Outbox {
    private final Wire wire;
    private final long capacity; // bytes
    private final Lock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<ByteBuffer> waiting = new ArrayDeque<>();

    @GuardedBy("lock")
    private long waitingBytes;

    Outbox(Wire wire, long capacity) {
        this.wire = wire;
        this.capacity = capacity;
    }

    /**
     * Writes, or keeps for {@link #flush}, one frame.
     *
     * @return whether all is written; if not, flush is to be called when the socket takes more
     */
    boolean send(ByteBuffer frame) throws IOException {
        lock.lock();
        try {
            if (waitingBytes > 0 && waitingBytes + frame.remaining() > capacity) {
                throw new RejectedExecutionException("not sent: the agent does not read, " + waitingBytes
                        + " bytes wait for it and the limit is " + capacity);
            }
            waiting.add(frame);
            waitingBytes += frame.remaining();
            return writeWaiting();
        } finally {
            lock.unlock();
        }
    }

    /** Writes what the socket takes now; true when nothing is left. */
    boolean flush() throws IOException {
        lock.lock();
        try {
            return writeWaiting();
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return waiting.isEmpty() && !wire.holds();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean writeWaiting() throws IOException {
        while (!waiting.isEmpty()) {
            ByteBuffer first = waiting.peekFirst();
            waitingBytes -= wire.write(first);
            if (first.hasRemaining()) {
                return false;
            }
            waiting.removeFirst();
        }
        return wire.flush();
    }
}
