package org.muster.agent.metrics;

import com.codahale.metrics.Reservoir;
import com.codahale.metrics.Snapshot;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * How often durations of which length came: nothing is forgotten or sampled, lengths are kept to within 1.6 %, and memory does not
 * grow (14 KiB). Count, sum, least and greatest are exact.
 *
 * <p>Buckets are 1 us wide up to 128 us and 64 an octave from there to 71 minutes; what is longer counts as that, except in the
 * greatest. Thread-safe; never blocks for longer than a snapshot takes.
 */
public final class DurationHistogram implements Reservoir {
    private static final int SUB_BITS = 6;
    private static final int PER_OCTAVE = 1 << SUB_BITS;
    private static final long MOST_MICROS = (1L << 32) - 1;
    private static final int BUCKETS = bucket(MOST_MICROS) + 1;

    @GuardedBy("this")
    private final long[] counts = new long[BUCKETS];

    @GuardedBy("this")
    private long count;

    @GuardedBy("this")
    private long sumNanos;

    @GuardedBy("this")
    private double sumSquares; // of nanoseconds: exact enough for a deviation

    @GuardedBy("this")
    private long leastNanos = Long.MAX_VALUE;

    @GuardedBy("this")
    private long greatestNanos;

    private static int bucket(long micros) {
        if (micros < PER_OCTAVE) {
            return (int) micros;
        }
        int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(micros) - SUB_BITS;
        return shift * PER_OCTAVE + (int) (micros >>> shift);
    }

    private static long lowestMicros(int bucket) {
        int shift = shift(bucket);
        return (long) (bucket - shift * PER_OCTAVE) << shift;
    }

    private static int shift(int bucket) {
        return Math.max(0, bucket / PER_OCTAVE - 1);
    }

    private static long middleNanos(int bucket) {
        return TimeUnit.MICROSECONDS.toNanos(lowestMicros(bucket)) + (1000L << shift(bucket)) / 2;
    }

    /** Counts one; a negative duration is a clock that was set back, and counts as none at all. */
    @Override
    public synchronized void update(long nanos) {
        long length = Math.max(0, nanos);
        counts[bucket(Math.min(MOST_MICROS, TimeUnit.NANOSECONDS.toMicros(length)))]++;
        count++;
        sumNanos += length;
        sumSquares += (double) length * length;
        leastNanos = Math.min(leastNanos, length);
        greatestNanos = Math.max(greatestNanos, length);
    }

    /** Counts all that the other one has, too. */
    public void addAll(DurationHistogram other) {
        DurationHistogram copy = other.copy(); // never two locks at once
        synchronized (this) {
            synchronized (copy) { // nobody else has it
                for (int i = 0; i < counts.length; i++) {
                    counts[i] += copy.counts[i];
                }
                count += copy.count;
                sumNanos += copy.sumNanos;
                sumSquares += copy.sumSquares;
                leastNanos = Math.min(leastNanos, copy.leastNanos);
                greatestNanos = Math.max(greatestNanos, copy.greatestNanos);
            }
        }
    }

    private synchronized DurationHistogram copy() {
        DurationHistogram copy = new DurationHistogram();
        synchronized (copy) {
            System.arraycopy(counts, 0, copy.counts, 0, counts.length);
            copy.count = count;
            copy.sumNanos = sumNanos;
            copy.sumSquares = sumSquares;
            copy.leastNanos = leastNanos;
            copy.greatestNanos = greatestNanos;
        }
        return copy;
    }

    /**
     * What it has at one moment; all 0 if it has nothing.
     *
     * @param p50Nanos half of them took no longer; likewise the others
     */
    public record Summary(
            long count,
            long sumNanos,
            long leastNanos,
            long p50Nanos,
            long p90Nanos,
            long p95Nanos,
            long p99Nanos,
            long greatestNanos) {
        /** 0 if there is none. */
        public double meanNanos() {
            return count == 0 ? 0 : (double) sumNanos / count;
        }
    }

    public synchronized Summary summary() {
        return count == 0
                ? new Summary(0, 0, 0, 0, 0, 0, 0, 0)
                : new Summary(
                        count,
                        sumNanos,
                        leastNanos,
                        quantileNanos(0.5),
                        quantileNanos(0.9),
                        quantileNanos(0.95),
                        quantileNanos(0.99),
                        greatestNanos);
    }

    /** The length that so large a part of all do not exceed; 0 if there is none. */
    synchronized long quantileNanos(double part) {
        long rank = Math.max(1, (long) Math.ceil(part * count));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Math.max(leastNanos, Math.min(greatestNanos, middleNanos(i)));
            }
        }
        return 0;
    }

    /** How many were shorter than that; exact where it is a bound of a bucket, as 1 ms and its doubles are. */
    public synchronized long shorterThan(long micros) {
        int end = micros > MOST_MICROS ? BUCKETS : bucket(micros);
        long shorter = 0;
        for (int i = 0; i < end; i++) {
            shorter += counts[i];
        }
        return shorter;
    }

    public synchronized long count() {
        return count;
    }

    /** 0 if there is none. */
    public synchronized long greatestNanos() {
        return greatestNanos;
    }

    synchronized double deviationNanos() {
        if (count == 0) {
            return 0;
        }
        double mean = (double) sumNanos / count;
        return Math.sqrt(Math.max(0, sumSquares / count - mean * mean));
    }

    synchronized long[] middles() {
        long[] middles = new long[BUCKETS];
        int used = 0;
        for (int i = 0; i < BUCKETS; i++) {
            if (counts[i] > 0) {
                middles[used++] = middleNanos(i);
            }
        }
        return Arrays.copyOf(middles, used);
    }

    @Override
    public int size() {
        return (int) Math.min(Integer.MAX_VALUE, count());
    }

    @Override
    public Snapshot getSnapshot() {
        return new HistogramSnapshot(copy());
    }
}
