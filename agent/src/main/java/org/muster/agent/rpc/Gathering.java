package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * The answers to one message, until all are there.
 *
 * <p>Keeps the order of the requests. Thread-safe: answers come from all threads, each once. Runs {@code whenAll} after
 * the last one, without a lock.
 */
final class Gathering {

    private static final int BRACKETS = 2;

    private final boolean batch;
    private final Object lock = new Object();
    private final long maxBytes;
    private final WhenAll whenAll;

    @GuardedBy("lock")
    private final byte[][] answers;

    @GuardedBy("lock")
    private int missing;

    @GuardedBy("lock")
    private long bytes;

    /** What follows. */
    @FunctionalInterface
    interface WhenAll {
        /**
         * Goes on.
         *
         * @param answer null if nothing has to be answered
         */
        void answered(byte[] answer);
    }

    /** @param maxBytes how large the whole answer to a batch may become */
    Gathering(boolean batch, int requests, long maxBytes, WhenAll whenAll) {
        this.batch = batch;
        this.answers = new byte[requests][];
        this.missing = requests;
        this.maxBytes = maxBytes;
        this.whenAll = whenAll;
    }

    /** Tells whether an answer of this size still fits; only batches have a bound here. */
    boolean fits(int size) {
        synchronized (lock) {
            return !batch || bytes + size <= maxBytes;
        }
    }

    /** @param answer null for a notification */
    void answered(int index, byte[] answer) {
        byte[] all;
        synchronized (lock) {
            answers[index] = answer;
            bytes += answer == null ? 0 : answer.length;
            missing--;
            if (missing > 0) {
                return;
            }
            all = batch ? joined() : answers[0];
        }
        whenAll.answered(all);
    }

    @GuardedBy("lock")
    private byte[] joined() {
        if (Arrays.stream(answers).allMatch(answer -> answer == null)) {
            return null;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream((int) bytes + answers.length + BRACKETS);
        int separator = '[';
        for (byte[] answer : answers) {
            if (answer != null) {
                out.write(separator);
                out.writeBytes(answer);
                separator = ',';
            }
        }
        out.write(']');
        return out.toByteArray();
    }
}
