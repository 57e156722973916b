package org.muster.agent.calibrate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;

/** How long libvirtd takes to answer a call that asks for nothing, ten times a second until told to stop. Thread-safe. */
final class RoundTrips implements Runnable {
    private static final long EVERY_MILLIS = 100;
    private static final int KEPT = 4096; // of seven minutes
    private static final double PART = 0.95;

    private final Hypervisor hypervisor;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    @GuardedBy("this")
    private final long[] nanos = new long[KEPT];

    @GuardedBy("this")
    private int taken;

    RoundTrips(Hypervisor hypervisor) {
        this.hypervisor = hypervisor;
    }

    @Override
    public void run() {
        try {
            do {
                ask();
            } while (!stop.await(EVERY_MILLIS, TimeUnit.MILLISECONDS));
        } catch (HypervisorException | InterruptedException e) {
            stop.countDown(); // what was measured stands; starts fail for the same reason and say it
        } finally {
            stopped.countDown();
        }
    }

    void ask() throws HypervisorException {
        long from = System.nanoTime();
        hypervisor.roundTrip();
        long took = System.nanoTime() - from;
        synchronized (this) {
            nanos[taken++ % KEPT] = took;
        }
    }

    /** Ends it. Waits for the call that is under way, at most that long. */
    void stop(long millis) throws InterruptedException {
        stop.countDown();
        boolean unused = stopped.await(millis, TimeUnit.MILLISECONDS);
    }

    /** 95 in 100 took no longer; 0 if none was taken. */
    synchronized long p95Nanos() {
        long[] sorted = Arrays.copyOf(nanos, Math.min(taken, KEPT));
        Arrays.sort(sorted);
        return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(PART * sorted.length) - 1];
    }
}
