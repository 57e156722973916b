package org.muster.sampling;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sampler without its threads: told the time and what has come back, it decides what is asked next.
 *
 * <p>Confined to the thread {@code sampler}, but for {@link #state}; never blocks.
 */
final class SamplerCore {
    private static final Logger LOG = LoggerFactory.getLogger(SamplerCore.class);

    private final GuestTable table;
    private final Lanes lanes;
    private final Supplier<? extends Collection<UUID>> running;
    private final Predicate<UUID> mayReturn;
    private final IntSupplier stuckBudget;
    private final BooleanSupplier starting;
    private final Announcer announcer;
    private final Flight flight = new Flight();
    private final BlockInfoLane blockInfo = new BlockInfoLane();
    private final Map<Tier, TierCycle> cycles = new EnumMap<>(Tier.class);
    private final Map<Tier, SamplerState.Cycle> lastCycles = new EnumMap<>(Tier.class);
    private final ShardPlan plan;
    private final Phase phase;
    private final Quarantine quarantine;
    private final Samples samples;
    private final Asking asking;
    private final Lateness lateness;
    private final FrozenCheck frozenCheck;
    private final Returns returns;

    private SamplingConfig config;
    private boolean unanswered; // questions about monitors fail; told once
    private long readNanos; // when to read what never blocks of guests that are left out
    private volatile SamplerState state; // replaced by the sampler, read by anybody

    /** @param phase when in their intervals the tiers are due; both start at the first turn of the short one */
    SamplerCore(
            SamplingConfig config,
            GuestTable table,
            Lanes lanes,
            Supplier<? extends Collection<UUID>> running,
            Predicate<UUID> mayReturn,
            IntSupplier stuckBudget,
            BooleanSupplier starting,
            SamplingListener listener,
            ShardPlan plan,
            Phase phase,
            long now) {
        this.config = config;
        this.table = table;
        this.lanes = lanes;
        this.running = running;
        this.mayReturn = mayReturn;
        this.stuckBudget = stuckBudget;
        this.starting = starting;
        this.plan = plan;
        this.phase = phase;
        this.announcer = new Announcer(listener);
        long first = phase.rhythm(config, Tier.SHORT).after(now - 1);
        for (Tier tier : Tier.values()) {
            cycles.put(tier, new TierCycle(tier, first));
        }
        this.quarantine = new Quarantine(announcer);
        this.samples = new Samples(table, announcer, blockInfo, now);
        this.asking = new Asking(lanes, flight, quarantine, blockInfo, plan, cycles, config, now);
        this.lateness = new Lateness(lanes, flight, quarantine, asking, cycles, running, config);
        this.frozenCheck = new FrozenCheck(lanes, flight, quarantine, asking, samples);
        this.returns = new Returns(flight, cycles, samples, asking, quarantine, blockInfo, announcer, config, now);
        this.readNanos = now;
        publish();
    }

    /** The state after the last step. Thread-safe. */
    SamplerState state() {
        return state;
    }

    /** Does all that is due, and tells when it wants to be called again at the latest. */
    long step(long now) {
        // whoever is being destroyed holds up every call that it is in
        boolean listed = quarantine.size() + asking.suspectCount() > 0 && list(now);
        quarantine.dropGone();
        lateness.examine(now);
        frozenCheck.check(now, config);
        for (TierCycle cycle : cycles.values()) {
            wantOutOfTurn(cycle, now);
            if (cycle.due(now)) {
                listed = listed || list(now);
                start(cycle, now);
            }
        }
        if (now - readNanos >= 0) {
            readNanos = now + config.interval().toNanos();
            asking.readWithoutMonitor();
        }
        if (returns.answering()) {
            samples.findUnresponsive(now, config);
        }
        asking.askAll(table.all(), stuckBudget.getAsInt(), now);
        cycles.values().forEach(cycle -> endIfDone(cycle, now));
        announcer.stuckCalls(flight.stuck());
        announceDegraded();
        announcer.health(health(now));
        publish();
        return next(now);
    }

    /** A first sample takes CPU that, while others are being started, is better used for these. */
    private void wantOutOfTurn(TierCycle cycle, long now) {
        boolean again = cycle.again.due(now);
        boolean fresh = cycle.fresh.due(now);
        if (again) {
            cycle.again.moveTo(cycle.wanted);
        }
        if (fresh
                && starting.getAsBoolean()
                && cycle.fresh.waitedNanos(now) < config.interval().toNanos()) {
            cycle.fresh.putOff(now + config.tickNanos());
            fresh = false;
        }
        if (fresh) {
            cycle.fresh.moveTo(cycle.wanted);
        }
        if (again || fresh) {
            cycle.grow(shardSize(cycle, cycle.wanted.size()));
        }
    }

    private boolean list(long now) {
        table.retain(running.get(), mayReturn, now);
        for (Guest guest : table.all()) {
            welcome(guest, now);
        }
        return true;
    }

    /** It was not asked for a while: whether it is still frozen is not known, but that nobody has heard of the contrary. */
    private void welcome(Guest guest, long now) {
        Frozen before = guest.takeFrozenBefore();
        if (before != null) {
            quarantine.comeBack(guest, before, flight);
            frozenCheck.noLaterThan(now + config.tickNanos());
        }
    }

    private void start(TierCycle cycle, long now) {
        int guests = 0;
        for (Guest guest : table.all()) {
            welcome(guest, now); // it may have come back since they were listed
            if (guest.frozen == null) {
                cycle.wanted.add(guest);
                guests++;
            }
        }
        cycle.start(now, phase.rhythm(config, cycle.tier), shardSize(cycle, guests));
    }

    private int shardSize(TierCycle cycle, int guests) {
        return plan.shardSize(
                guests, cycle.cost.perGuestNanos(), config.timeout().toNanos() / 2);
    }

    private void endIfDone(TierCycle cycle, long now) {
        if (!cycle.running() || cycle.open > 0) {
            return;
        }
        boolean exhausted = asking.exhausted();
        boolean spent = asking.spent();
        if (!exhausted && !asking.suspects(cycle.tier).isEmpty()) {
            return;
        }
        for (Guest guest : cycle.wanted) {
            boolean leftOut = guest.gone()
                    || guest.frozen != null
                    || spent
                    || (guest.suspect != null && exhausted)
                    || Asking.waitsForSizes(guest, now);
            if (!leftOut) {
                return;
            }
        }
        SamplerState.Cycle ended = cycle.end(now, phase.rhythm(config, cycle.tier));
        lastCycles.put(cycle.tier, ended);
        announcer.cycle(cycle.tier, ended);
    }

    private void announceDegraded() {
        int suspects = asking.suspectCount();
        boolean spent = asking.spent();
        boolean degraded = spent || (suspects > 0 && (announcer.degraded() || asking.exhausted()));
        if (degraded != announcer.degraded()) {
            announcer.degraded(degraded, quarantine.size(), spent ? asking.wantedCount() : suspects);
            asking.readWithoutMonitor();
        }
    }

    private SamplerState.Health health(long now) {
        if (!returns.connected()) {
            return SamplerState.Health.DOWN;
        }
        if (returns.noCallFree() || lateness.unexplained(now)) {
            return SamplerState.Health.SATURATED;
        }
        return announcer.degraded() ? SamplerState.Health.DEGRADED : SamplerState.Health.OK;
    }

    /** Takes what came of a call. */
    void returned(Call call, Outcome outcome, long now) {
        returns.returned(call, outcome, now);
    }

    /** Takes what came of a question about monitors. */
    void answered(ControlRequest request, ControlRequest.Answer answer, long now) {
        if (request.epoch() != flight.epoch()) {
            return;
        }
        noteWhetherAnswered(request, answer, now);
        boolean again = answer.connectionLost() && returns.unanswered(request.startedAtNanos(), now);
        switch (request.purpose()) {
            case STANDING, CULPRITS -> {
                lateness.answered(request, answer, now);
                if (again) {
                    lateness.lookAtOnce(now);
                }
            }
            case FROZEN -> {
                frozenCheck.answered(request, answer.states(), now, config);
                if (again) {
                    frozenCheck.checkAtOnce(now);
                }
            }
        }
    }

    private void noteWhetherAnswered(ControlRequest request, ControlRequest.Answer answer, long now) {
        if (answer.states() == null) {
            if (!unanswered) {
                LOG.warn("no answer about the guests' monitors", answer.failure());
            }
            unanswered = true;
        } else if (request.purpose() != ControlRequest.Purpose.STANDING
                || !answer.states().isEmpty()) {
            returns.answered(now); // else it was the kernel alone that answered
            unanswered = false;
        }
    }

    /** A guest was started: it is asked at the next tick, or when no other one is being started, at the latest after an interval. */
    void added(UUID id, long now) {
        Guest guest = table.find(id);
        if (guest != null) {
            welcome(guest, now);
            cycles.values().forEach(cycle -> cycle.fresh.add(guest, now, config.tickNanos()));
        }
    }

    /** The connection is lost, and the hypervisor may be. */
    void connectionLost(long now) {
        quarantine.linkLost(now);
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
        returns.reset(now);
        asking.reset(now);
    }

    void reconfigure(SamplingConfig changed, long now) {
        samples.limit(config.unresponsiveAfter(), changed.unresponsiveAfter(), now);
        config = changed;
        asking.config(changed, now);
        returns.config(changed);
        lateness.config(changed);
        cycles.forEach(
                (tier, cycle) -> cycle.noLaterThan(now + changed.interval(tier).toNanos()));
        long latest = now + changed.interval().toNanos();
        readNanos = earlier(readNanos, latest);
        frozenCheck.noLaterThan(latest);
        quarantine.noLaterThan(latest);
    }

    private long next(long now) {
        long next = lateness.nextNanos(now);
        if (returns.answering()) {
            next = earlier(next, samples.silenceNanos());
        }
        if (asking.someAreLeftOut()) { // they may be read, or leave, which nobody tells
            next = earlier(next, earlier(readNanos, now + config.interval().toNanos() / 2));
        }
        for (TierCycle cycle : cycles.values()) {
            next = cycle.nextNanos(next);
        }
        next = asking.nextNanos(now, next);
        return quarantine.nextNanos(now, frozenCheck.nextNanos(next));
    }

    private static long earlier(long one, long other) {
        return one - other < 0 ? one : other;
    }

    private void publish() {
        state = new SamplerState(
                quarantine.shown(flight),
                asking.suspectCount(),
                flight.stuck(),
                announcer.health(),
                announcer.degraded(),
                returns.connected(),
                lanes.busy(),
                lanes.size(),
                asking.waiting(),
                lastCycles,
                announcer.cpuAccount());
    }
}
