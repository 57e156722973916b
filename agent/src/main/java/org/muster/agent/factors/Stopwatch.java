package org.muster.agent.factors;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import org.muster.libvirt.HypervisorException;

/** Times calls on the thread that makes them: the median of several, in wall time and in the thread's own CPU. Stateless. */
final class Stopwatch {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private Stopwatch() {}

    /** What is timed. */
    interface Work {
        void run() throws HypervisorException;
    }

    /** Medians. */
    record Time(long wallNanos, long cpuNanos) {}

    static Time median(int times, Work work) throws HypervisorException {
        long[] wall = new long[times];
        long[] cpu = new long[times];
        for (int i = 0; i < times; i++) {
            long cpuBefore = THREADS.getCurrentThreadCpuTime();
            long before = System.nanoTime();
            work.run();
            wall[i] = System.nanoTime() - before;
            cpu[i] = THREADS.getCurrentThreadCpuTime() - cpuBefore;
        }
        return new Time(middle(wall), middle(cpu));
    }

    static long middle(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
