package org.muster.agent.simulation;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which guests' QEMU does not answer at present, and the calls that this keeps.
 *
 * <p>As libvirt does: the first call that reaches a frozen guest's monitor stays there, NOWAIT or not, until the guest answers
 * again or is gone. While it does, a call with NOWAIT passes the guest over, and one without waits for the job
 * in vain. Thread-safe.
 */
final class Monitors {
    private static final Duration JOB_WAIT = Duration.ofSeconds(30); // libvirt's QEMU_JOB_WAIT_TIME

    /** How a call fared with one guest's monitor. */
    enum Reached {
        /** It answered, perhaps late. */
        ANSWERED,
        /** Somebody else holds the job: only what needs no monitor can be told. */
        PASSED_OVER,
        /** The link was lost meanwhile. */
        LINK_LOST
    }

    private static final class Frozen {
        private long occupiedSinceNanos; // 0: nobody has asked since it froze
    }

    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Map<UUID, Frozen> frozen = new HashMap<>();

    @GuardedBy("lock")
    private int links; // lost so far

    void freeze(UUID id) {
        lock.lock();
        try {
            frozen.putIfAbsent(id, new Frozen());
        } finally {
            lock.unlock();
        }
    }

    /** The guest answers again, or is gone; the calls that it kept come back. */
    boolean thaw(UUID id) {
        lock.lock();
        try {
            changed.signalAll();
            return frozen.remove(id) != null;
        } finally {
            lock.unlock();
        }
    }

    void linkLost() {
        lock.lock();
        try {
            links++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isFrozen(UUID id) {
        lock.lock();
        try {
            return frozen.containsKey(id);
        } finally {
            lock.unlock();
        }
    }

    /** How long a call has been kept by this guest; empty if none is. */
    Optional<Duration> occupied(UUID id) {
        lock.lock();
        try {
            Frozen guest = frozen.get(id);
            return guest == null || guest.occupiedSinceNanos == 0
                    ? Optional.empty()
                    : Optional.of(Duration.ofNanos(System.nanoTime() - guest.occupiedSinceNanos));
        } finally {
            lock.unlock();
        }
    }

    /** Blocks for as long as the guest is frozen, if this is the first call to find it so. */
    Reached reach(UUID id, boolean skipBusy) {
        lock.lock();
        try {
            Frozen guest = frozen.get(id);
            if (guest == null) {
                return Reached.ANSWERED;
            }
            if (guest.occupiedSinceNanos == 0) {
                guest.occupiedSinceNanos = System.nanoTime();
                return await(id, guest, Long.MAX_VALUE);
            }
            return skipBusy ? Reached.PASSED_OVER : await(id, guest, JOB_WAIT.toNanos());
        } finally {
            lock.unlock();
        }
    }

    /** Uninterruptible as a native call is, so that a stopping agent sees what it would see. */
    @GuardedBy("lock")
    private Reached await(UUID id, Frozen guest, long patienceNanos) {
        int link = links;
        long left = patienceNanos;
        boolean interrupted = false;
        while (frozen.get(id) == guest && links == link && left > 0) {
            try {
                long step = Math.min(left, TimeUnit.MINUTES.toNanos(1));
                long unused = step - changed.awaitNanos(step);
                left -= patienceNanos == Long.MAX_VALUE ? 0 : unused;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (links != link) {
            return Reached.LINK_LOST;
        }
        return frozen.get(id) == guest ? Reached.PASSED_OVER : Reached.ANSWERED;
    }
}
