package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.agent.metrics.DurationHistogram;

/**
 * How much longer the libvirt call that starts a guest takes when others are under way: by how many there were when it was begun,
 * itself included. Where nothing is serialised the median stays as it is; where all is, it grows with the number. Thread-safe.
 */
final class CallInflation {
    private static final int MOST = 64;

    private final AtomicInteger underWay = new AtomicInteger();

    @GuardedBy("this")
    private final DurationHistogram[] calls = new DurationHistogram[MOST + 1]; // null where there was none

    /** A call is about to be made; answers how many are then under way. Pair with {@link #ended}. */
    int begins() {
        return underWay.incrementAndGet();
    }

    /** @param started what failed or was given up tells nothing about how long a start takes */
    void ended(int atOnce, long nanos, boolean started) {
        underWay.decrementAndGet();
        if (started) {
            synchronized (this) {
                int level = Math.min(MOST, atOnce);
                calls[level] = calls[level] == null ? new DurationHistogram() : calls[level];
                calls[level].update(nanos);
            }
        }
    }

    synchronized void reset() {
        Arrays.fill(calls, null);
    }

    /** By rising number, those that occurred; each compared with the first. */
    synchronized List<CreateStats.AtOnce> all() {
        List<CreateStats.AtOnce> all = new ArrayList<>();
        double first = 0;
        for (int i = 1; i <= MOST; i++) {
            if (calls[i] != null) {
                DurationHistogram.Summary summary = calls[i].summary();
                double median = summary.p50Nanos();
                first = all.isEmpty() ? median : first;
                double inflation = first == 0 ? 1 : median / first;
                all.add(new CreateStats.AtOnce(i, summary.count(), summary.meanNanos(), inflation));
            }
        }
        return all;
    }
}
