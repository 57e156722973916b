package org.muster.agent.calibrate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
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
    private static final long TO_RETURN_SECONDS = 5; // after it was told to stop
    private static final long LOOK_MILLIS = 250; // for a reason to stop, whatever the workers are kept by

    private final Hypervisor hypervisor;
    private final boolean kvm;
    private final Supplier<String> stopReason;

    @GuardedBy("this")
    private final Deque<ThrowAwayGuest> toStart;

    @GuardedBy("this")
    private final List<Long> callNanos = new ArrayList<>();

    @GuardedBy("this")
    private String problem = "";

    @GuardedBy("this")
    private int begun; // workers

    @GuardedBy("this")
    private int ended;

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
     * @param patienceSeconds for each guest
     * @return from the first one begun to the last one started, in nanoseconds
     * @throws CalibrationRefusedException if it ended early; then {@link #finished} tells whether calls are still under way
     */
    long run(int limit, Executor executor, long patienceSeconds)
            throws CalibrationRefusedException, InterruptedException {
        long from = System.nanoTime();
        try {
            for (int i = 0; i < limit; i++) {
                begin(executor);
            }
            awaitGuests(patienceSeconds);
        } catch (RejectedExecutionException e) {
            fail("calls of a former calibration have not returned");
        } finally {
            if (!finished()) {
                fail("it was stopped"); // unless something else was the matter: nobody begins another guest
                awaitWorkers();
            }
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

    /** As long as guest after guest is started, and nothing is the matter. */
    private synchronized void awaitGuests(long patienceSeconds) throws InterruptedException {
        int before = -1;
        long since = System.nanoTime();
        while (ended < begun && problem.isEmpty()) {
            if (callNanos.size() != before) {
                before = callNanos.size();
                since = System.nanoTime();
            }
            long left = TimeUnit.SECONDS.toNanos(patienceSeconds) - (System.nanoTime() - since);
            if (left <= 0) {
                fail("a guest has not started within " + patienceSeconds + " s");
                return;
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)));
            String reason = stopReason.get();
            if (!reason.isEmpty() && ended < begun) {
                fail(reason);
            }
        }
    }

    private synchronized void awaitWorkers() throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(TO_RETURN_SECONDS);
        for (long left = until - System.nanoTime(); ended < begun && left > 0; left = until - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private void begin(Executor executor) {
        synchronized (this) {
            begun++;
        }
        try {
            executor.execute(this::work);
        } catch (RejectedExecutionException e) {
            ended();
            throw e;
        }
    }

    private synchronized void ended() {
        ended++;
        notifyAll();
    }

    /** True once no call of it is under way, and none will be. */
    synchronized boolean finished() {
        return ended == begun;
    }

    private void work() {
        try {
            for (ThrowAwayGuest guest = next(); guest != null; guest = next()) {
                start(guest);
            }
        } finally {
            ended();
        }
    }

    private void start(ThrowAwayGuest guest) {
        try {
            hypervisor.define(guest.xml(kvm));
            if (problem().isEmpty()) { // else nobody waits for it any more
                long from = System.nanoTime();
                hypervisor.start(guest.id(), true);
                took(System.nanoTime() - from);
            }
        } catch (HypervisorException | RuntimeException e) {
            fail("a guest could not be started: " + e.getMessage());
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
        notifyAll();
    }

    private synchronized void fail(String why) {
        problem = problem.isEmpty() ? why : problem;
        notifyAll();
    }

    private synchronized String problem() {
        return problem;
    }

    /** Of each call that started a guest. */
    synchronized List<Long> callNanos() {
        return List.copyOf(callNanos);
    }
}
