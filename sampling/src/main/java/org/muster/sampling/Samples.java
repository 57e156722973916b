package org.muster.sampling;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Puts what calls brought into the table, and knows whose monitor did not answer lately.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class Samples {
    private final GuestTable table;
    private final Announcer announcer;
    private final BlockInfoLane blockInfo;
    private final Set<Guest> busy = new LinkedHashSet<>();
    private final Silences silences = new Silences();
    private boolean detailsTold; // a guest has told its balloon's details: then each does whose monitor answers
    private long reachableSinceNanos;
    private long judgedSinceNanos; // silence before that counts for nothing
    private long silenceNanos; // before that nobody can have been silent for too long

    /** @param nowNanos from when on the hypervisor is taken to be reachable */
    Samples(GuestTable table, Announcer announcer, BlockInfoLane blockInfo, long nowNanos) {
        this.table = table;
        this.announcer = announcer;
        this.blockInfo = blockInfo;
        this.reachableSinceNanos = nowNanos;
        this.judgedSinceNanos = nowNanos;
        this.silenceNanos = nowNanos;
    }

    /**
     * Stores a call's samples, where they are newer, and clears the suspicion of whoever answered.
     *
     * @return guests that were busy, so that part of what was asked for is missing
     */
    List<Guest> store(Call call, Outcome outcome, SamplingConfig config) {
        List<Guest> incomplete = new ArrayList<>();
        for (DomainSample sample : outcome.samples()) {
            Guest guest = table.find(sample.domain(), sample.takenAtNanos());
            if (guest == null) {
                continue;
            }
            detailsTold = detailsTold || Monitor.told(sample.balloon());
            boolean complete = Monitor.complete(guest.stats(), sample, call.groups(), detailsTold);
            store(guest, sample, call, complete, outcome.returnedAtNanos(), config);
            if (!call.reachesMonitor()) {
                continue;
            }
            if (guest.suspect == call.tier || call.tier == Tier.BLOCK) {
                guest.suspect = null;
            }
            if (complete) {
                if (!busy.isEmpty()) {
                    busy.remove(guest);
                }
                if (call.tier == Tier.BLOCK) {
                    blockInfo.note(guest, outcome.returnedAtNanos());
                }
            } else {
                busy.add(guest);
                incomplete.add(guest);
            }
        }
        return incomplete;
    }

    private void store(
            Guest guest, DomainSample sample, Call call, boolean complete, long returnedAt, SamplingConfig config) {
        GuestStats old = guest.stats();
        long took = returnedAt - sample.takenAtNanos();
        long baseline = guest.baselineNanos(call, sample.takenAtNanos(), reachableSinceNanos);
        GuestStats merged = StatsMerge.merge(old, sample, call.groups(), complete, took, baseline);
        guest.told(call, complete, sample.takenAtNanos(), took);
        boolean answered = !merged.monitorTakenAtNanos().equals(old.monitorTakenAtNanos());
        boolean fresh =
                returnedAt - sample.takenAtNanos() < config.unresponsiveAfter().toNanos();
        if (!old.responsive() && answered && fresh) {
            guest.stats(merged.withResponsive(true));
            lookForSilence(returnedAt); // what it told may be rather old already
            announcer.responsive(guest.id);
        } else {
            guest.stats(merged);
        }
    }

    /** Sizes of a disk, if they are newer than what is known of it. */
    void store(Call call, BlockInfo info) {
        Guest guest = call.guests.get(0);
        BlockInfoLane.Disk asked = call.disk.orElseThrow();
        blockInfo.answered(guest, asked);
        GuestStats stats = guest.stats();
        if (guest.gone() || stats.block().isEmpty()) {
            return;
        }
        boolean recordNewer = stats.block().get().takenAtNanos() - call.startedAtNanos > 0;
        List<GuestStats.Disk> disks = new ArrayList<>();
        for (GuestStats.Disk disk : stats.block().get().disks()) {
            disks.add(DiskMerge.withInfo(disk, asked, info, call.startedAtNanos, recordNewer));
        }
        guest.stats(stats.withBlock(new GuestStats.Block(stats.block().get().takenAtNanos(), disks)));
    }

    /** Guests whose monitor did not answer the last call, although the call came back. */
    List<Guest> busy() {
        busy.removeIf(Guest::gone);
        return List.copyOf(busy);
    }

    /**
     * While the hypervisor could not be reached nobody answered; that is held against no guest.
     *
     * @param sinceNanos what was taken from then on is a base for rates
     */
    void reachable(long sinceNanos, long nowNanos) {
        reachableSinceNanos = sinceNanos;
        judgedSinceNanos = nowNanos;
        silences.clear();
    }

    /** Nor is a time in which it was there and did not answer. */
    void excuse(long fromNanos, long untilNanos) {
        silences.add(fromNanos, untilNanos);
    }

    /**
     * Another limit of silence holds. What was taken at the old pace is not judged by a shorter one: after a long interval all
     * guests would be silent at once.
     */
    void limit(Duration old, Duration changed, long nowNanos) {
        if (changed.compareTo(old) < 0) {
            judgedSinceNanos = nowNanos;
        }
        lookForSilence(nowNanos);
    }

    /** When {@link #findUnresponsive} has something to do again, whoever answers until then. */
    long silenceNanos() {
        return silenceNanos;
    }

    /** Has the next {@link #findUnresponsive} look at all guests. */
    void lookForSilence(long now) {
        silenceNanos = now;
    }

    /** Finds those whose monitor-backed values got too old. */
    void findUnresponsive(long now, SamplingConfig config) {
        if (now - silenceNanos < 0) {
            return;
        }
        long limit = config.unresponsiveAfter().toNanos();
        long oldest = 0;
        for (Guest guest : table.all()) {
            GuestStats stats = guest.stats();
            if (!stats.responsive() || guest.gone()) {
                continue;
            }
            long last = stats.monitorTakenAtNanos().orElse(guest.bornAtNanos);
            long asked = guest.bornAtNanos - judgedSinceNanos > 0 ? guest.bornAtNanos : judgedSinceNanos;
            long since = last - asked > 0 ? last : asked;
            long silent = now - since - silences.since(since);
            if (silent >= limit) {
                guest.stats(stats.withResponsive(false));
                announcer.unresponsive(guest.id, now - last);
            } else {
                oldest = Math.max(oldest, silent);
            }
        }
        silenceNanos = now + limit - oldest;
    }
}
