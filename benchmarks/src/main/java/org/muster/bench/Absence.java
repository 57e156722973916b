package org.muster.bench;

import java.util.List;

/**
 * Has the agent out of the way while the floor works on its libvirtd: it would look at the floor's guests as they come and go,
 * which would cost the floor time. Its processes are stopped, not ended, so that it is as warm afterwards as a daemon is.
 */
record Absence(Bed bed, MusterSide muster) {
    /** What is done meanwhile. */
    interface Work<T> {
        T run() throws BenchException, InterruptedException;
    }

    /** Does the work, and returns when the agent has caught up: it lists nothing any more, and starts guests. */
    <T> T during(Work<T> work) throws BenchException, InterruptedException {
        T result;
        bed.agent().freeze();
        try {
            result = work.run();
        } finally {
            bed.agent().thaw();
        }
        muster.awaitGuests(0);
        startOne(); // libvirtd may have given the agent's connections up meanwhile
        return result;
    }

    private void startOne() throws BenchException, InterruptedException {
        List<Guest> one = bed.guests().make(GuestShape.PAUSED, 1);
        muster.create(one, GuestShape.PAUSED);
        bed.hypervisor().killGuests(one);
        muster.forget(one);
    }
}
