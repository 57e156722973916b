package org.muster.agent.lifecycle;

import java.util.function.IntSupplier;
import org.muster.agent.factors.SamplingFactors;
import org.muster.libvirt.CallGuard;
import org.muster.sampling.Sampler;

/**
 * How many of sampling's calls may be stuck: what libvirtd can bear, less what others have stuck in it or are about to risk.
 *
 * <p>Thread-safe; never blocks.
 */
final class StuckBudget implements IntSupplier {
    private final CallGuard calls;
    private final IntSupplier measured;

    /** @param measured calls that a measurement risks, which count before they are overdue: it may have many at once */
    StuckBudget(CallGuard calls, IntSupplier measured) {
        this.calls = calls;
        this.measured = measured;
    }

    /** Whatever else hangs, one call may be risked for all those guests that do answer. */
    @Override
    public int getAsInt() {
        int others = calls.overdueBesides(thread -> Sampler.isThread(thread) || SamplingFactors.isThread(thread));
        return Math.max(1, calls.maxStuck() - others - measured.getAsInt());
    }
}
