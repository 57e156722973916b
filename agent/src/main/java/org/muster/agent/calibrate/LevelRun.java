package org.muster.agent.calibrate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.ThrowAwayGuest;

/**
 * Starts guests, so many at once, and times the calls. Ends early when a call fails or somebody says why it should. Thread-safe; used
 * once.
 */
final class LevelRun {
    private final Hypervisor hypervisor;
    private final boolean kvm;
    private final Supplier<String> stopReason;

    @GuardedBy("this")
    private final Deque<ThrowAwayGuest> toStart;

    @GuardedBy("this")
    private final List<Long> callNanos = new ArrayList<>();

    @GuardedBy("this")
    private String problem = "";

    /** @param stopReason why no further guest should be started; empty while there is no reason */
    LevelRun(Hypervisor hypervisor, boolean kvm, List<ThrowAwayGuest> guests, Supplier<String> stopReason) {
        this.hypervisor = hypervisor;
        this.kvm = kvm;
        this.toStart = new ArrayDeque<>(guests);
        this.stopReason = stopReason;
    }

    /**
     * Starts all of them on threads of {@code executor}.
     *
     * @return from the first one begun to the last one started, in nanoseconds
     * @throws CalibrationRefusedException if it ended early
     */
    long run(int limit, Executor executor, long patienceSeconds)
            throws CalibrationRefusedException, InterruptedException {
        CountDownLatch workers = new CountDownLatch(limit);
        long from = System.nanoTime();
        for (int i = 0; i < limit; i++) {
            executor.execute(() -> {
                try {
                    work();
                } finally {
                    workers.countDown();
                }
            });
        }
        if (!workers.await(patienceSeconds, TimeUnit.SECONDS)) {
            fail("a guest has not started within " + patienceSeconds + " s");
        }
        long wall = System.nanoTime() - from;
        String why = problem();
        if (!why.isEmpty()) {
            throw new CalibrationRefusedException(
                    stopReason.get().isEmpty()
                            ? CalibrationRefusedException.Reason.FAILED
                            : CalibrationRefusedException.Reason.BUSY,
                    why);
        }
        return wall;
    }

    private void work() {
        for (ThrowAwayGuest guest = next(); guest != null; guest = next()) {
            try {
                hypervisor.define(guest.xml(kvm));
                long from = System.nanoTime();
                hypervisor.start(guest.id(), true);
                took(System.nanoTime() - from);
            } catch (HypervisorException | RuntimeException e) {
                fail("a guest could not be started: " + e.getMessage());
            }
        }
    }

    private ThrowAwayGuest next() {
        String reason = stopReason.get();
        if (!reason.isEmpty()) {
            fail(reason);
        }
        synchronized (this) {
            return problem.isEmpty() ? toStart.poll() : null;
        }
    }

    private synchronized void took(long nanos) {
        callNanos.add(nanos);
    }

    private synchronized void fail(String why) {
        problem = problem.isEmpty() ? why : problem;
    }

    private synchronized String problem() {
        return problem;
    }

    /** Of each call that started a guest. */
    synchronized List<Long> callNanos() {
        return List.copyOf(callNanos);
    }
}
