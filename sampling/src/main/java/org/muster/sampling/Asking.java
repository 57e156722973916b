package org.muster.sampling;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.muster.sampling.Call.Purpose;

/**
 * Decides what is asked next, of whom, and hands it to a thread; a guest is in one call at a time, so each frozen guest
 * keeps one call and no guest is passed over because it is busy with another call of ours.
 *
 * <p>Confined to the thread {@code sampler}; never blocks.
 */
final class Asking {
    private static final long ACCOUNT_PAUSE_NANOS = 600_000_000_000L;
    private static final long KERNEL_LOOK_NANOS = 500_000_000; // calls for a hundred guests take less
    private static final double USUAL_TIMES = 1.5; // what calls take in the median: half of them take longer than that

    private final Lanes lanes;
    private final Flight flight;
    private final Quarantine quarantine;
    private final BlockInfoLane blockInfo;
    private final ShardPlan plan;
    private final Map<Tier, TierCycle> cycles;
    private final Map<Tier, Suspects> suspects = new EnumMap<>(Tier.class);

    private SamplingConfig config;
    private long accountNanos; // when to find out again where CPU times come from
    private int budget; // as of this step
    private int aboveSuspicion; // guests that may be asked in the last place, as of this step; 0 without suspects
    private boolean readWithoutMonitor; // somebody's state and network are due, and cannot come from a tier's call
    private int waiting; // guests that a call was due for and found no thread or budget, as of this step

    Asking(
            Lanes lanes,
            Flight flight,
            Quarantine quarantine,
            BlockInfoLane blockInfo,
            ShardPlan plan,
            Map<Tier, TierCycle> cycles,
            SamplingConfig config,
            long now) {
        this.lanes = lanes;
        this.flight = flight;
        this.quarantine = quarantine;
        this.blockInfo = blockInfo;
        this.plan = plan;
        this.cycles = cycles;
        this.config = config;
        this.accountNanos = now;
        for (Tier tier : Tier.values()) {
            suspects.put(tier, new Suspects(tier));
        }
    }

    /**
     * Calls under way have no longer from now on than the new interval leaves one; on a host whose calls usually take longer all of them
     * are looked at once more for that.
     */
    void config(SamplingConfig changed, long now) {
        if (changed.equals(config)) {
            return;
        }
        config = changed;
        for (Call call : flight.all()) {
            boolean sizes = call.purpose == Purpose.BLOCK_INFO;
            long late = sizes ? sizesLateNanos() : latestNanos(call.tier);
            call.noLaterThan(now + late, now + Math.min(late, config.interval().toNanos()));
        }
    }

    Suspects suspects(Tier tier) {
        return suspects.get(tier);
    }

    int suspectCount() {
        return suspects.get(Tier.SHORT).size() + suspects.get(Tier.BLOCK).size();
    }

    int waiting() {
        return waiting;
    }

    /** True while there are suspects, and every call that may be stuck is. */
    boolean exhausted() {
        Admission admission = admission();
        boolean riskTheLast = !admission.spent() && (worthTheLastPlace(Tier.SHORT) || worthTheLastPlace(Tier.BLOCK));
        return (admission.exhausted() && !riskTheLast) || lanes.busy() == lanes.size();
    }

    private boolean worthTheLastPlace(Tier tier) {
        return suspects.get(tier).worthTheLastPlace(aboveSuspicion);
    }

    /** True while as many calls are stuck as may be: then nobody's monitor is asked. */
    boolean spent() {
        return admission().spent();
    }

    int wantedCount() {
        int count = 0;
        for (TierCycle cycle : cycles.values()) {
            count += cycle.wanted.size();
        }
        return count;
    }

    /** True while there are guests whose monitor is not asked, so that somebody must remember to read the rest. */
    boolean someAreLeftOut() {
        return quarantine.size() + suspectCount() > 0 || spent();
    }

    /** State and network of those that are left out are due. */
    void readWithoutMonitor() {
        readWithoutMonitor = true;
    }

    /** Makes all calls that are due, wanted and may be risked. */
    void askAll(Iterable<Guest> guests, int stuckBudget, long now) {
        budget = Math.max(0, stuckBudget);
        waiting = 0;
        aboveSuspicion = suspectCount() == 0 ? 0 : countAboveSuspicion(guests);
        askRegular(Tier.SHORT, now);
        probe(now);
        askSuspects(Tier.SHORT, now);
        askRegular(Tier.BLOCK, now);
        askSuspects(Tier.BLOCK, now);
        askBlockInfo(now);
        askWithoutMonitor(now);
        askCpuAccount(guests, now);
    }

    /** What hangs for somebody else keeps a worker of libvirtd as well. */
    private Admission admission() {
        return flight.admission(budget, quarantine.keptByOthers(flight.settledLate()));
    }

    private static int countAboveSuspicion(Iterable<Guest> guests) {
        int count = 0;
        for (Guest guest : guests) {
            count += guest.suspect == null && guest.frozen == null ? 1 : 0;
        }
        return count;
    }

    private void askRegular(Tier tier, long now) {
        TierCycle cycle = cycles.get(tier);
        if (tier == Tier.BLOCK && flight.onTime(Purpose.REGULAR, Tier.SHORT) > 0) {
            return; // the same guests are wanted by both: one after the other, else both find only part of them
        }
        while (!cycle.wanted.isEmpty()) {
            List<Guest> shard = shard(cycle);
            Admission admission = admission();
            int sideBySide = Math.min(plan.parallel(), admission.regularSideBySide());
            if (shard.isEmpty() || flight.onTime(Purpose.REGULAR, tier) >= sideBySide) {
                return;
            }
            if (!admission.regular() || !call(Purpose.REGULAR, tier, shard, now)) {
                waiting += shard.size();
                return;
            }
            cycle.asked(shard);
        }
    }

    private static List<Guest> shard(TierCycle cycle) {
        List<Guest> shard = new ArrayList<>(cycle.shardSize());
        for (Iterator<Guest> wanted = cycle.wanted.iterator(); wanted.hasNext(); ) {
            Guest guest = wanted.next();
            if (guest.gone() || guest.frozen != null) {
                wanted.remove();
            } else if (guest.sound()) {
                shard.add(guest);
                if (shard.size() == cycle.shardSize()) {
                    return shard;
                }
            }
        }
        return shard;
    }

    private static List<Guest> sound(TierCycle cycle) {
        List<Guest> sound = new ArrayList<>(cycle.wanted);
        sound.removeIf(g -> g.gone() || !g.sound());
        return sound;
    }

    private void probe(long now) {
        for (Guest guest : quarantine.toProbe(now)) {
            Admission admission = admission();
            boolean proven = guest.frozen.release == Frozen.Release.PROVEN;
            boolean allowed = proven ? admission.regular() : admission.canary();
            if (!allowed || !call(Purpose.PROBE, Tier.SHORT, List.of(guest), now)) {
                waiting++; // one behind it may be back for certain, and is then risked sooner
            }
        }
    }

    private void askSuspects(Tier tier, long now) {
        Suspects those = suspects.get(tier);
        if (those.isEmpty()) {
            return;
        }
        Admission admission = admission();
        int parts = Math.min(admission.suspectParts(), Suspects.SIDE_BY_SIDE - admission.onTimeSuspects());
        for (int i = 0; i < parts; i++) {
            askPart(tier, those.part(), now);
        }
        boolean last = admission.lastPlace() && worthTheLastPlace(tier);
        if (admission.suspectParts() == 0 && (admission.canary() || last)) {
            askPart(tier, those.canary(), now);
        }
    }

    private void askPart(Tier tier, List<Guest> part, long now) {
        if (!part.isEmpty()) {
            call(Purpose.SUSPECT, tier, part, now);
        }
    }

    private void askBlockInfo(long now) {
        while (flight.onTime(Purpose.BLOCK_INFO, Tier.BLOCK) < BlockInfoLane.SIDE_BY_SIDE) {
            BlockInfoLane.Question question = blockInfo.next(flight);
            if (question == null || !admission().aside()) {
                return;
            }
            Call call = new Call(
                    Purpose.BLOCK_INFO,
                    Tier.BLOCK,
                    List.of(question.guest()),
                    Optional.of(question.disk()),
                    now,
                    flight.epoch());
            if (!hand(call, sizesLateNanos(), 0)) {
                return;
            }
            blockInfo.asked(question);
        }
    }

    /** Looked at after half of that: a guest that keeps such a question is told within an interval. */
    private long sizesLateNanos() {
        long late =
                Math.max(CostWindow.EARLIEST_LATE_NANOS, 2 * config.interval().toNanos());
        return Math.min(config.timeout().toNanos(), late);
    }

    /** True while the guest's question about sizes takes so long that no cycle waits for it: it is asked for the rest after that. */
    static boolean waitsForSizes(Guest guest, long now) {
        Call call = guest.call;
        return call != null
                && call.purpose == Purpose.BLOCK_INFO
                && call.ageNanos(now) >= CostWindow.EARLIEST_LATE_NANOS;
    }

    /** When {@link #waitsForSizes} becomes true of the next guest; {@code otherwise} if not before that. */
    long nextNanos(long now, long otherwise) {
        long next = otherwise;
        for (Call call : flight.all()) {
            long at = call.startedAtNanos + CostWindow.EARLIEST_LATE_NANOS;
            if (call.purpose == Purpose.BLOCK_INFO && at - now > 0 && at - next < 0) {
                next = at;
            }
        }
        return next;
    }

    /** With whichever guest is at hand: all of a host's are accounted in the same way. */
    private void askCpuAccount(Iterable<Guest> guests, long now) {
        if (now - accountNanos < 0 || flight.onTime(Purpose.CPU_ACCOUNT, Tier.SHORT) > 0) {
            return;
        }
        for (Guest guest : guests) {
            if (guest.sound() && !guest.gone() && guest.stats().cpu().isPresent()) {
                if (admission().aside()
                        && hand(
                                new Call(
                                        Purpose.CPU_ACCOUNT,
                                        Tier.SHORT,
                                        List.of(guest),
                                        Optional.empty(),
                                        now,
                                        flight.epoch()),
                                config.timeout().toNanos(),
                                0)) {
                    accountNanos = now + ACCOUNT_PAUSE_NANOS;
                }
                return;
            }
        }
    }

    /** Another hypervisor may account in another way. */
    void reset(long now) {
        accountNanos = now;
    }

    private void askWithoutMonitor(long now) {
        if (!readWithoutMonitor || flight.onTime(Purpose.SAFE, Tier.SHORT) > 0) {
            return;
        }
        List<Guest> readable = quarantine.readable();
        if (exhausted()) {
            readable.addAll(suspects.get(Tier.SHORT).idle());
            readable.addAll(suspects.get(Tier.BLOCK).idle());
        }
        if (spent()) {
            readable.addAll(sound(cycles.get(Tier.SHORT)));
        }
        if (readable.isEmpty() || (mayReadWithoutMonitor() && call(Purpose.SAFE, Tier.SHORT, readable, now))) {
            readWithoutMonitor = false;
        }
    }

    /** Such a call hangs only on a domain's lock, so it may be made beyond the budget, unless all of libvirtd is silent. */
    private boolean mayReadWithoutMonitor() {
        Admission admission = admission();
        return admission.canary() || (admission.onTime() == 0 && flight.stuckSafe() == 0 && !flight.undecided());
    }

    private boolean call(Purpose purpose, Tier tier, List<Guest> guests, long now) {
        CostWindow cost = cycles.get(tier).cost;
        // Where many calls take longer, asking whom they wait for costs more than it tells.
        long usual = Math.min(config.timeout().toNanos(), (long) (USUAL_TIMES * cost.usualNanos(guests.size())));
        long lateAfter = cost.lateAfterNanos(guests.size(), Math.max(latestNanos(tier), usual));
        Call call = new Call(purpose, tier, guests, Optional.empty(), now, flight.epoch());
        boolean safe = purpose == Purpose.SAFE;
        if (!hand(call, safe ? CostWindow.EARLIEST_LATE_NANOS : lateAfter, safe ? 0 : usual)) {
            return false;
        }
        if (call.countsForCycle()) {
            cycles.get(tier).called();
        }
        return true;
    }

    /**
     * No call waits longer than a quarter of its interval, or than calls usually take, before anybody asks why: then the guests that are not to blame
     * can still be asked again within this interval, however slow the host was when its calls were measured.
     */
    private long latestNanos(Tier tier) {
        long quarter = config.interval(tier).toNanos() / 4;
        return Math.min(config.timeout().toNanos(), Math.max(CostWindow.EARLIEST_LATE_NANOS, quarter));
    }

    /**
     * Age at which the kernel is asked who stands still, where calls usually take so long that nobody should wait for that. Its word costs
     * little, but there it is asked in each cycle: where the others could not be asked again within half an interval anyway, not quite so soon.
     */
    private long kernelLookNanos(Tier tier, long lateAfterNanos, long usualNanos) {
        long half = config.interval(tier).toNanos() / 2;
        long soonest = Lateness.firstLookNanos(Math.min(lateAfterNanos, latestNanos(tier)));
        boolean inTime = soonest + (long) (usualNanos / USUAL_TIMES) <= half;
        return inTime ? soonest : Math.max(soonest, Math.min(KERNEL_LOOK_NANOS, half));
    }

    private boolean hand(Call call, long lateAfterNanos, long usualNanos) {
        call.lateAtNanos = call.startedAtNanos + lateAfterNanos;
        call.askAllNanos = call.startedAtNanos + Math.max(Lateness.firstLookNanos(lateAfterNanos), usualNanos);
        long kernelLook = kernelLookNanos(call.tier, lateAfterNanos, usualNanos);
        boolean slowHost = usualNanos > Math.max(kernelLook, latestNanos(call.tier));
        call.checkAtNanos = call.kernelFirst() && slowHost ? call.startedAtNanos + kernelLook : call.askAllNanos;
        if (!lanes.call(call)) {
            return false;
        }
        flight.add(call);
        if (call.reachesMonitor()) {
            call.guests.forEach(g -> g.call = call);
        }
        return true;
    }
}
