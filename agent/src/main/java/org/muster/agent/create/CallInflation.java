package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How much longer the libvirt call that starts a guest takes when others are under way: by how many there were when it was begun,
 * itself included. Where nothing is serialised the mean stays as it is; where all is, it grows with the number. Thread-safe.
 */
final class CallInflation {
    private static final int MOST = 64;

    private final AtomicInteger underWay = new AtomicInteger();

    @GuardedBy("this")
    private final long[] counts = new long[MOST + 1];

    @GuardedBy("this")
    private final long[] sumNanos = new long[MOST + 1];

    /** A call is about to be made; answers how many are then under way. Pair with {@link #ended}. */
    int begins() {
        return underWay.incrementAndGet();
    }

    /** @param started what failed or was given up tells nothing about how long a start takes */
    void ended(int atOnce, long nanos, boolean started) {
        underWay.decrementAndGet();
        if (started) {
            synchronized (this) {
                counts[Math.min(MOST, atOnce)]++;
                sumNanos[Math.min(MOST, atOnce)] += nanos;
            }
        }
    }

    synchronized void reset() {
        Arrays.fill(counts, 0);
        Arrays.fill(sumNanos, 0);
    }

    /** By rising number, those that occurred; each compared with the first. */
    synchronized List<CreateStats.AtOnce> all() {
        List<CreateStats.AtOnce> all = new ArrayList<>();
        double first = 0;
        for (int i = 1; i <= MOST; i++) {
            if (counts[i] > 0) {
                double mean = (double) sumNanos[i] / counts[i];
                first = all.isEmpty() ? mean : first;
                all.add(new CreateStats.AtOnce(i, counts[i], mean, first == 0 ? 1 : mean / first));
            }
        }
        return all;
    }
}
