package org.muster.sampling;

import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the listener what has changed, once; what the listener throws stops here.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class Announcer {
    private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

    private final SamplingListener listener;
    private boolean degraded;
    private int stuckCalls;

    Announcer(SamplingListener listener) {
        this.listener = listener;
    }

    void frozen(UUID domain, ControlState.Kind reason) {
        tell(() -> listener.frozen(domain, reason));
    }

    void thawed(UUID domain) {
        tell(() -> listener.thawed(domain));
    }

    void unresponsive(UUID domain, long ageNanos) {
        tell(() -> listener.unresponsive(domain, ageNanos));
    }

    void responsive(UUID domain) {
        tell(() -> listener.responsive(domain));
    }

    void cycle(Tier tier, SamplerState.Cycle cycle) {
        tell(() -> listener.cycle(tier, cycle.durationNanos(), cycle.calls(), cycle.late()));
    }

    boolean degraded() {
        return degraded;
    }

    void degraded(boolean now, int frozen, int suspects) {
        if (now == degraded) {
            return;
        }
        degraded = now;
        if (now) {
            LOG.warn(
                    "{} guests cannot be asked for more than state and network: {} are frozen, and another hanging"
                            + " call would endanger libvirtd",
                    suspects,
                    frozen);
        } else {
            LOG.info("all guests but {} frozen ones are sampled again", frozen);
        }
        tell(() -> listener.degraded(now, frozen));
    }

    void stuckCalls(int now) {
        if (now != stuckCalls) {
            stuckCalls = now;
            tell(() -> listener.stuckCalls(now));
        }
    }

    private static void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            LOG.error("a listener of sampling failed", e);
        }
    }
}
