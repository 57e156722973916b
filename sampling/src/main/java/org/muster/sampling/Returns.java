package org.muster.sampling;

import java.util.List;
import java.util.Map;
import org.muster.sampling.Call.Phase;
import org.muster.sampling.Call.Purpose;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows from a call that came back, in time or late, with or without success; and whether the hypervisor can be
 * reached at all.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class Returns {
    private static final Logger LOG = LoggerFactory.getLogger(Returns.class);
    private static final long SOONEST_PROBE_NANOS =
            50_000_000; // a call that goes on needs a moment for the others in it

    private final Flight flight;
    private final Map<Tier, TierCycle> cycles;
    private final Samples samples;
    private final Asking asking;
    private final Quarantine quarantine;
    private final BlockInfoLane blockInfo;
    private final Announcer announcer;

    private final Reachability hypervisor;

    private SamplingConfig config;
    private boolean noCallFree; // the last call that was to be made did not even reach the hypervisor
    private boolean failing; // calls fail, though connected; told once

    Returns(
            Flight flight,
            Map<Tier, TierCycle> cycles,
            Samples samples,
            Asking asking,
            Quarantine quarantine,
            BlockInfoLane blockInfo,
            Announcer announcer,
            SamplingConfig config,
            long now) {
        this.flight = flight;
        this.cycles = cycles;
        this.samples = samples;
        this.asking = asking;
        this.quarantine = quarantine;
        this.blockInfo = blockInfo;
        this.announcer = announcer;
        this.config = config;
        this.hypervisor = new Reachability(now);
    }

    void config(SamplingConfig changed) {
        config = changed;
    }

    boolean connected() {
        return hypervisor.connected();
    }

    /** True while guests can be judged by whether they answer: the hypervisor does. */
    boolean answering() {
        return hypervisor.connected() && !hypervisor.silent();
    }

    boolean noCallFree() {
        return noCallFree;
    }

    /** The hypervisor did not answer a question. True if it may only have stood still, so that it is to be asked again at once. */
    boolean unanswered(long askedNanos, long now) {
        return hypervisor.unanswered(askedNanos, now);
    }

    /** It answered a question, which does not take a link that calls can be made on. */
    void answered(long now) {
        if (!hypervisor.linkLost()) {
            reached(now, now);
        }
    }

    /** The connection is a new one. */
    void reset(long now) {
        hypervisor.reached(now);
        noCallFree = false;
        samples.reachable(now, now);
    }

    /** @param askedNanos when what was answered now was asked */
    private void reached(long askedNanos, long now) {
        if (hypervisor.silent()) {
            samples.excuse(hypervisor.silentSinceNanos(), now);
        }
        if (hypervisor.linkLost()) {
            long lost = hypervisor.linkLostNanos();
            samples.reachable(askedNanos - lost > 0 ? askedNanos : lost, now);
        } else if (!hypervisor.connected()) {
            // what has come now was asked for before the silence, and says little about now
            for (TierCycle cycle : cycles.values()) {
                cycle.anotherBy(now + config.tickNanos(), now);
            }
        }
        hypervisor.reached(now);
    }

    void returned(Call call, Outcome outcome, long now) {
        boolean current = flight.current(call);
        flight.remove(call);
        for (Guest guest : call.guests) {
            if (guest.call == call) {
                guest.call = null;
            }
        }
        if (current && call.countsForCycle() && call.phase != Phase.ABANDONED) {
            cycles.get(call.tier).open--;
        }
        if (outcome.succeeded()) {
            succeeded(call, outcome, current, now);
        } else if (current) {
            failed(call, outcome, now);
        }
        if (current && !outcome.connectionLost()) {
            quarantine.returned(call);
        }
    }

    private void succeeded(Call call, Outcome outcome, boolean current, long now) {
        if (current) {
            failing = false;
            noCallFree = false;
            reached(call.startedAtNanos, now);
        }
        outcome.info().ifPresent(info -> samples.store(call, info));
        outcome.account().ifPresent(announcer::cpuAccount);
        boolean many = outcome.samples().size() > 1;
        if (many) {
            announcer.storing();
        }
        List<Guest> incomplete = samples.store(call, outcome, config);
        if (many) {
            announcer.stored();
        }
        TierCycle cycle = cycles.get(call.tier);
        // one that was given up because the host is slow tells how slow it is
        if (call.purpose == Purpose.REGULAR && !call.settled) {
            cycle.cost.add(outcome.returnedAtNanos() - call.startedAtNanos, call.guests.size());
        }
        if (call.purpose == Purpose.SUSPECT) {
            asking.suspects(call.tier).answered(call.guests.size());
        }
        if (call.purpose == Purpose.PROBE) {
            probed(call, outcome, incomplete, now);
        } else if (call.countsForCycle()) {
            incomplete.forEach(g -> askAgain(cycle, g, now));
        }
    }

    private void probed(Call call, Outcome outcome, List<Guest> incomplete, long now) {
        Guest guest = call.guests.get(0);
        if (guest.gone() || guest.frozen == null) {
            return;
        }
        if (outcome.samples().isEmpty() || !incomplete.isEmpty()) {
            // it is going, or somebody else's call has it at present
            guest.frozen.probeLater(now, SOONEST_PROBE_NANOS, config.interval().toNanos());
            return;
        }
        quarantine.thaw(guest, now);
        cycles.get(Tier.BLOCK).again.add(guest, now, config.tickNanos());
    }

    private void failed(Call call, Outcome outcome, long now) {
        if (outcome.connectionLost()) {
            if (connected()) {
                LOG.warn(
                        "sampling waits for the hypervisor: {}",
                        outcome.failure().getMessage());
            }
            hypervisor.lost(now);
            blameNobody();
            return;
        }
        noCallFree = outcome.noCallFree();
        if (call.purpose == Purpose.BLOCK_INFO || call.purpose == Purpose.CPU_ACCOUNT) {
            failedAside(call, outcome, now);
            return;
        }
        if (failing) {
            LOG.debug("a call for {} guests failed again", call.guests.size(), outcome.failure());
        } else {
            LOG.warn("a call for {} guests failed", call.guests.size(), outcome.failure());
        }
        failing = true;
        for (Guest guest : call.guests) {
            if (call.purpose == Purpose.PROBE && guest.frozen != null) {
                guest.frozen.probeLater(
                        now, config.interval().toNanos(), config.interval().toNanos());
            }
        }
        if (call.countsForCycle() && call.phase != Phase.ABANDONED) {
            TierCycle cycle = cycles.get(call.tier);
            cycle.split();
            call.guests.forEach(g -> g.suspect = null); // a call that fails does not hang
            call.guests.forEach(g -> askAgain(cycle, g, now));
        }
    }

    /** Nobody but who reads that one figure misses anything. */
    private void failedAside(Call call, Outcome outcome, long now) {
        boolean news = call.disk
                .map(disk -> blockInfo.failed(call.guests.get(0), disk, now))
                .orElse(false);
        if (news) {
            LOG.info(
                    "the sizes of disk {} of guest {} cannot be told: {}",
                    call.disk.orElseThrow().name(),
                    call.guests.get(0).id,
                    outcome.failure().getMessage());
        } else {
            LOG.debug("a call {} failed", call.purpose, outcome.failure());
        }
    }

    private void blameNobody() {
        for (TierCycle cycle : cycles.values()) {
            cycle.wanted.clear();
            asking.suspects(cycle.tier).clear();
        }
        blockInfo.clear();
        quarantine.silence();
    }

    private void askAgain(TierCycle cycle, Guest guest, long now) {
        if (!guest.gone() && cycle.askedAgain.add(guest)) {
            cycle.again.add(guest, now, config.tickNanos());
        }
    }
}
