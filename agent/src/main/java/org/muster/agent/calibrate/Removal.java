package org.muster.agent.calibrate;

import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.muster.agent.calibrate.CalibrationFile.Guests;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.ThrowAwayGuest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes away what a measurement has made: exactly the UUIDs that it wrote down, and each only if its name and its mark are the
 * measurement's. Blocks in libvirt.
 */
final class Removal {
    private static final Logger LOG = LoggerFactory.getLogger(Removal.class);
    private static final int MOST_PASSES = 60;
    private static final Duration BETWEEN = Duration.ofSeconds(1);

    private final Hypervisor hypervisor;
    private final CountDownLatch closed;

    /** @param closed nothing is to be waited for any more */
    Removal(Hypervisor hypervisor, CountDownLatch closed) {
        this.hypervisor = hypervisor;
        this.closed = closed;
    }

    /**
     * Removes them, again and again until all are gone or a minute has passed.
     *
     * @param twice look a second time a while after nothing was found: calls of a life that was killed may still run in libvirtd
     * @param answered told whenever libvirtd has answered about one of them
     * @return those that are still there
     */
    Set<UUID> run(Guests guests, boolean twice, Runnable answered) throws InterruptedException {
        Set<UUID> left = guests.ids();
        int clean = 0;
        for (int pass = 0; pass < MOST_PASSES; pass++) {
            Set<UUID> still = new HashSet<>();
            boolean found = false;
            for (UUID id : clean > 0 ? guests.ids() : left) {
                Outcome outcome = remove(id, guests.run(), answered);
                found |= outcome != Outcome.ABSENT;
                if (outcome == Outcome.STILL_THERE) {
                    still.add(id);
                }
            }
            left = still;
            clean = left.isEmpty() && (!found || !twice) ? clean + 1 : 0;
            boolean done = left.isEmpty() && (clean > 1 || !twice);
            if (done || !hypervisor.connected() || closed.await(BETWEEN.toMillis(), TimeUnit.MILLISECONDS)) {
                return done ? Set.of() : left.isEmpty() ? guests.ids() : left;
            }
        }
        return left;
    }

    private enum Outcome {
        ABSENT,
        REMOVED,
        STILL_THERE
    }

    private Outcome remove(UUID id, String run, Runnable answered) {
        try {
            Outcome outcome = remove(id, run);
            answered.run();
            return outcome;
        } catch (HypervisorException e) {
            LOG.debug("{} of calibration {} is not gone yet: {}", id, run, e.getMessage());
            if (e.number() != 0) { // else it was not asked: no connection had a call to spare
                answered.run();
            }
            return Outcome.STILL_THERE;
        }
    }

    private Outcome remove(UUID id, String run) throws HypervisorException {
        Optional<DomainRecord> there = hypervisor.find(id);
        if (there.isEmpty()) {
            return Outcome.ABSENT;
        }
        if (!ThrowAwayGuest.isOf(run, there.get().name(), hypervisor.xml(id))) {
            LOG.warn(
                    "{} ({}) has a UUID of calibration {}, but not its mark: left alone",
                    there.get().name(),
                    id,
                    run);
            return Outcome.ABSENT;
        }
        if (there.get().state().active()) {
            hypervisor.destroy(id);
        }
        hypervisor.undefine(id);
        return hypervisor.find(id).isEmpty() ? Outcome.REMOVED : Outcome.STILL_THERE;
    }
}
