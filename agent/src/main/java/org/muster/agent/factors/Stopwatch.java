package org.muster.agent.factors;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import org.muster.libvirt.HypervisorException;

/** Times calls on the thread that makes them, which may be lost: the median of several, in wall time and in that thread's own CPU. */
final class Stopwatch {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final RiskedCalls risked;

    Stopwatch(RiskedCalls risked) {
        this.risked = risked;
    }

    /** What is timed. */
    interface Work {
        void run() throws HypervisorException;
    }

    /** Of one call, or medians. */
    record Time(long wallNanos, long cpuNanos) {}

    Time median(int times, Work work) throws HypervisorException, InterruptedException {
        long[] wall = new long[times];
        long[] cpu = new long[times];
        for (int i = 0; i < times; i++) {
            Time once = risked.answer(risked.begin(() -> once(work)));
            wall[i] = once.wallNanos;
            cpu[i] = once.cpuNanos;
        }
        return new Time(middle(wall), middle(cpu));
    }

    private static Time once(Work work) throws HypervisorException {
        long cpuBefore = THREADS.getCurrentThreadCpuTime();
        long before = System.nanoTime();
        work.run();
        long wall = System.nanoTime() - before;
        return new Time(wall, THREADS.getCurrentThreadCpuTime() - cpuBefore);
    }

    static long middle(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
