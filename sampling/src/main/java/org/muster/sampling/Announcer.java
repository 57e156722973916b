package org.muster.sampling;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
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

    /** What is new about how long a tier's cycles take. */
    enum Pace {
        AS_BEFORE,
        OUTRUN,
        KEPT
    }

    private final SamplingListener listener;
    private final Set<Tier> outrun = EnumSet.noneOf(Tier.class); // whose cycles take longer than their interval
    private SamplerState.Health health = SamplerState.Health.OK;
    private Optional<CpuAccount> cpuAccount = Optional.empty();
    private boolean degraded;
    private int stuckCalls;

    Announcer(SamplingListener listener) {
        this.listener = listener;
    }

    void frozen(Guest guest) {
        guest.stats().frozen().ifPresent(frozen -> tell(() -> listener.frozen(guest.id, frozen)));
    }

    void thawed(UUID domain, long frozenNanos) {
        tell(() -> listener.thawed(domain, frozenNanos));
    }

    void unresponsive(UUID domain, long ageNanos) {
        tell(() -> listener.unresponsive(domain, ageNanos));
    }

    void responsive(UUID domain) {
        tell(() -> listener.responsive(domain));
    }

    void storing() {
        tell(listener::storing);
    }

    void stored() {
        tell(listener::stored);
    }

    void cycle(Tier tier, SamplerState.Cycle cycle) {
        switch (pace(tier, cycle)) {
            case OUTRUN ->
                LOG.warn(
                        "sampling of {} takes {} ms, longer than its interval: it is made as often as the host allows",
                        tier,
                        Duration.ofNanos(cycle.durationNanos()).toMillis());
            case KEPT -> LOG.info("sampling of {} keeps to its interval again", tier);
            case AS_BEFORE -> {}
        }
        tell(() -> listener.cycle(tier, cycle));
    }

    /** Whether the tier outruns its interval, or keeps to it again; a cycle with a late call that misses no turn says neither. */
    Pace pace(Tier tier, SamplerState.Cycle cycle) {
        if (cycle.missed() > 0 && outrun.add(tier)) {
            return Pace.OUTRUN;
        }
        boolean kept = cycle.missed() == 0 && cycle.late() == 0 && outrun.remove(tier);
        return kept ? Pace.KEPT : Pace.AS_BEFORE;
    }

    void health(SamplerState.Health now) {
        if (now != health) {
            health = now;
            tell(() -> listener.health(now));
        }
    }

    SamplerState.Health health() {
        return health;
    }

    void cpuAccount(CpuAccount account) {
        if (!told(account)) {
            tell(() -> listener.cpuAccount(account));
        }
        cpuAccount = Optional.of(account);
    }

    Optional<CpuAccount> cpuAccount() {
        return cpuAccount;
    }

    private boolean told(CpuAccount account) {
        return cpuAccount.filter(known -> known.source() == account.source()).isPresent();
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
