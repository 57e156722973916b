package org.muster.sampling;

import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.muster.sampling.Call.Phase;
import org.muster.sampling.Call.Purpose;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sampler without its threads: told the time and what has come back, it decides what is asked next.
 *
 * <p>Confined to the thread {@code sampler}, but for {@link #state}; never blocks.
 */
final class SamplerCore {
    private static final Logger LOG = LoggerFactory.getLogger(SamplerCore.class);
    private static final int TICKS =
            4; // an interval's quarter: how long a new guest waits for others to share its call
    private static final long SOONEST_PROBE_NANOS = 50_000_000; // a thawed call goes through its guests in less
    private static final long LONGEST_TICK_NANOS = 500_000_000;

    private final GuestTable table;
    private final Lanes lanes;
    private final Supplier<? extends Collection<UUID>> running;
    private final IntSupplier stuckBudget;
    private final Announcer announcer;
    private final Flight flight = new Flight();
    private final BlockInfoLane blockInfo = new BlockInfoLane();
    private final Map<Tier, TierCycle> cycles = new EnumMap<>(Tier.class);
    private final Map<Tier, SamplerState.Cycle> lastCycles = new EnumMap<>(Tier.class);
    private final ShardPlan plan;
    private final Quarantine quarantine;
    private final Samples samples;
    private final Asking asking;
    private final Lateness lateness;
    private final FrozenCheck frozenCheck;

    private SamplingConfig config;
    private boolean connected = true;
    private long healthNanos; // when to look for unresponsive guests again
    private long readNanos; // when to read what never blocks of guests that are left out
    private volatile SamplerState state; // replaced by the sampler, read by anybody

    /**
     * @param spread from 0 (now) to 1: where in its first interval each tier starts, so that hosts do not go in lockstep
     */
    SamplerCore(
            SamplingConfig config,
            GuestTable table,
            Lanes lanes,
            Supplier<? extends Collection<UUID>> running,
            IntSupplier stuckBudget,
            SamplingListener listener,
            ShardPlan plan,
            double spread,
            long now) {
        this.config = config;
        this.table = table;
        this.lanes = lanes;
        this.running = running;
        this.stuckBudget = stuckBudget;
        this.plan = plan;
        this.announcer = new Announcer(listener);
        for (Tier tier : Tier.values()) {
            long first = now + (long) (spread * config.interval().toNanos());
            cycles.put(tier, new TierCycle(tier, first));
        }
        this.quarantine = new Quarantine(announcer);
        this.samples = new Samples(table, announcer, blockInfo, now);
        this.asking = new Asking(lanes, flight, quarantine, blockInfo, plan, cycles, config);
        this.lateness = new Lateness(lanes, flight, quarantine, asking, cycles, running, config);
        this.frozenCheck = new FrozenCheck(lanes, flight, quarantine, asking, samples);
        this.healthNanos = now;
        this.readNanos = now;
        publish();
    }

    /** The state after the last step. Thread-safe. */
    SamplerState state() {
        return state;
    }

    /** Does all that is due, and tells when it wants to be called again at the latest. */
    long step(long now) {
        quarantine.dropGone();
        lateness.examine(now);
        frozenCheck.check(now, config);
        for (TierCycle cycle : cycles.values()) {
            if (cycle.wantThoseDue(now)) {
                cycle.grow(plan.shardSize(cycle.wanted.size(), cycle.cost.perGuestNanos()));
            }
            if (cycle.due(now)) {
                start(cycle, now);
            }
        }
        if (now - readNanos >= 0) {
            readNanos = now + config.interval().toNanos();
            asking.readWithoutMonitor();
        }
        if (now - healthNanos >= 0) {
            healthNanos = now + config.interval().toNanos() / 2;
            if (connected) {
                samples.findUnresponsive(now, config);
            }
        }
        asking.askAll(stuckBudget.getAsInt(), now);
        cycles.values().forEach(cycle -> endIfDone(cycle, now));
        announcer.stuckCalls(flight.stuck());
        announceDegraded();
        publish();
        return next(now);
    }

    private void start(TierCycle cycle, long now) {
        table.retain(running.get(), now);
        int guests = 0;
        for (Guest guest : table.all()) {
            if (guest.frozen == null) {
                cycle.wanted.add(guest);
                guests++;
            }
        }
        cycle.start(now, config.interval(cycle.tier).toNanos(), plan.shardSize(guests, cycle.cost.perGuestNanos()));
    }

    private void endIfDone(TierCycle cycle, long now) {
        if (!cycle.running() || cycle.open > 0) {
            return;
        }
        boolean exhausted = asking.exhausted();
        boolean overdrawn = asking.overdrawn();
        if (!exhausted && !asking.suspects(cycle.tier).isEmpty()) {
            return;
        }
        for (Guest guest : cycle.wanted) {
            boolean leftOut = guest.gone() || guest.frozen != null || overdrawn || (guest.suspect != null && exhausted);
            if (!leftOut) {
                return;
            }
        }
        SamplerState.Cycle ended = cycle.end(now, config.interval(cycle.tier).toNanos());
        lastCycles.put(cycle.tier, ended);
        announcer.cycle(cycle.tier, ended);
    }

    private void announceDegraded() {
        int suspects = asking.suspectCount();
        boolean overdrawn = asking.overdrawn();
        boolean degraded = overdrawn || (suspects > 0 && (announcer.degraded() || asking.exhausted()));
        if (degraded != announcer.degraded()) {
            announcer.degraded(degraded, quarantine.size(), overdrawn ? asking.wantedCount() : suspects);
            asking.readWithoutMonitor();
        }
    }

    /** Takes what came of a call. */
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
            succeeded(call, outcome, now);
        } else if (current) {
            failed(call, outcome, now);
        }
        if (current && !outcome.connectionLost()) {
            quarantine.returned(call);
        }
    }

    private void succeeded(Call call, Outcome outcome, long now) {
        if (flight.current(call)) {
            reachable(now);
        }
        outcome.info().ifPresent(info -> samples.store(call, info));
        List<Guest> incomplete = samples.store(call, outcome, config);
        TierCycle cycle = cycles.get(call.tier);
        if (call.countsForCycle() && call.phase != Phase.ABANDONED) {
            cycle.cost.add(outcome.returnedAtNanos() - call.startedAtNanos, call.guests.size());
        }
        if (call.purpose == Purpose.SUSPECT) {
            asking.suspects(call.tier).answered();
        }
        if (call.purpose == Purpose.PROBE) {
            probed(call, incomplete, now);
        } else if (call.countsForCycle()) {
            incomplete.forEach(g -> askAgain(cycle, g, now));
        }
    }

    private void probed(Call call, List<Guest> incomplete, long now) {
        Guest guest = call.guests.get(0);
        if (guest.gone() || guest.frozen == null) {
            return;
        }
        if (!incomplete.isEmpty()) {
            guest.frozen.probeLater(now, SOONEST_PROBE_NANOS, config.interval().toNanos());
            return;
        }
        quarantine.thaw(guest, now);
        cycles.get(Tier.BLOCK).wantSoon(guest, now, tickNanos());
    }

    private void failed(Call call, Outcome outcome, long now) {
        if (outcome.connectionLost()) {
            if (connected) {
                LOG.warn(
                        "sampling waits for the hypervisor: {}",
                        outcome.failure().getMessage());
            }
            connected = false;
            blamesNobody();
            return;
        }
        if (call.purpose == Purpose.PROBE && call.guests.get(0).frozen != null) {
            call.guests.get(0).frozen.release = Frozen.Release.NONE;
        }
        LOG.warn("a call for {} guests failed", call.guests.size(), outcome.failure());
        if (call.countsForCycle()) {
            TierCycle cycle = cycles.get(call.tier);
            cycle.split();
            call.guests.forEach(g -> g.suspect = null);
            call.guests.forEach(g -> askAgain(cycle, g, now));
        }
    }

    private void blamesNobody() {
        for (TierCycle cycle : cycles.values()) {
            cycle.wanted.clear();
            asking.suspects(cycle.tier).clear();
        }
        blockInfo.clear();
        quarantine.silence();
    }

    private void askAgain(TierCycle cycle, Guest guest, long now) {
        if (!guest.gone() && cycle.askedAgain.add(guest)) {
            cycle.wantSoon(guest, now, tickNanos());
        }
    }

    private void reachable(long now) {
        if (!connected) {
            connected = true;
            samples.reachable(now);
        }
    }

    /** Takes what came of a question about monitors. */
    void answered(ControlRequest request, ControlRequest.Answer answer, long now) {
        if (request.epoch() != flight.epoch()) {
            return;
        }
        if (answer.states() == null) {
            LOG.info(
                    "no answer about the guests' monitors: {}", answer.failure().getMessage());
            connected &= !answer.connectionLost();
        }
        switch (request.purpose()) {
            case CULPRITS -> lateness.answered(request, answer.states(), now);
            case FROZEN -> frozenCheck.answered(request, answer.states(), now, config);
        }
    }

    /** A guest was started: it is asked at the next tick. */
    void added(UUID id, long now) {
        Guest guest = table.find(id);
        if (guest != null) {
            cycles.values().forEach(cycle -> cycle.wantSoon(guest, now, tickNanos()));
        }
    }

    void connectionReset(long now) {
        for (Call call : flight.newEpoch()) {
            call.guests.forEach(g -> g.call = null);
        }
        cycles.values().forEach(cycle -> cycle.reset(now));
        for (Tier tier : Tier.values()) {
            asking.suspects(tier).clear();
        }
        blockInfo.clear();
        quarantine.reset();
        lateness.reset();
        frozenCheck.reset(now);
        connected = true;
        samples.reachable(now);
    }

    void reconfigure(SamplingConfig changed, long now) {
        config = changed;
        asking.config(changed);
        lateness.config(changed);
        cycles.forEach(
                (tier, cycle) -> cycle.noLaterThan(now + changed.interval(tier).toNanos()));
    }

    private long tickNanos() {
        return Math.min(LONGEST_TICK_NANOS, config.interval().toNanos() / TICKS);
    }

    private long next(long now) {
        long next = lateness.nextNanos(now);
        next = now + Math.min(next - now, Math.min(healthNanos, readNanos) - now);
        for (TierCycle cycle : cycles.values()) {
            next = cycle.nextNanos(next);
        }
        return quarantine.nextNanos(now, frozenCheck.nextNanos(next));
    }

    private void publish() {
        state = new SamplerState(
                quarantine.shown(),
                asking.suspectCount(),
                flight.stuck(),
                announcer.degraded(),
                connected,
                lanes.busy(),
                lanes.size(),
                asking.waiting(),
                lastCycles);
    }
}
