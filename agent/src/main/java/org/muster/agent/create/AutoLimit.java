package org.muster.agent.create;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.DoubleUnaryOperator;
import org.muster.agent.journal.JournalRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The limit that finds itself: how many starts at once bring a bulk up soonest, all of it and in the mean.
 *
 * <p>After as many starts as the limit it lays a curve through what was measured and takes the limit that is best by it. Only where
 * nothing was measured yet, and as long as the measurements allow that it is better there, it goes and looks: up first, since too
 * many at once cost a busy host little. Why this rule and no other: docs/limiter.md.
 *
 * <p>Without threads and clocks; confined to the lock of {@link Dispatcher}.
 */
public final class AutoLimit {
    private static final Logger LOG = LoggerFactory.getLogger(AutoLimit.class);

    private static final int MOST = 512;
    private static final int SMALL_HOST = 8; // CPUs
    private static final int FIRST_AT_LEAST = 4;
    private static final int FIRST_AT_MOST = 16;

    private static final double HALVED_AFTER = 300; // starts
    private static final double NANOS_PER_SECOND = 1e9;
    private static final long SAME_NANOS = 1_000_000; // a decision and the starts that it allows
    private static final double NANOS_UNTIL_HALVED = 3600e9;
    private static final double USED = 0.75; // a limit that was not reached cannot be judged
    private static final double ENOUGH = 3; // starts, to know a level
    private static final double SAME = 0.02; // costs that differ by no more
    private static final double UNSURE = 0.2; // times the scatter
    private static final double TOLERANCE = 2; // of curves that may be the right one, in squared errors
    private static final double BEYOND = 1.2; // what is worth a look
    private static final double WORTH_IT = 0.16; // of the cost: a seventh less of total times mean
    private static final double STEP = 1.5;
    private static final double STEP_AT_FIRST = 2; // as long as there are no more than CPUs
    private static final double GAIN = 1.02; // of the mean, for a look down
    private static final double ROOM = 1.5; // waves that must still come, for a look up

    private static final double OTHER_HOST = 0.35; // two fifths longer, or three tenths shorter, than expected
    private static final double CERTAIN = 4; // times its error
    private static final int NEWS = 8;
    private static final double KNOWN_WELL = 6; // starts that stand behind what is expected
    private static final double UNEXPLAINED = 0.5; // of the news, by all that is known
    private static final double DRIFT = 0.01; // of each start's news, for all limits
    private static final double FAR_OFF = 3; // times the scatter
    private static final int PROBED_AFTER = 108; // starts: a host that can do more now is not seen at the old limit
    private static final int PROBED_AFTER_ROUNDS = 8;
    private static final double PROBE = 1.25;

    /** A start that ended well. */
    private record End(long begunNanos, double atOnce, double seconds) {}

    private final int hostCpus;
    private final PriorityQueue<End> untold = new PriorityQueue<>(Comparator.comparingLong(End::begunNanos));
    private StartTimes times = new StartTimes();
    private StartTimes fresh = new StartTimes(); // of those since the last decision
    private int limit;
    private int endedSince; // the last decision
    private int startsAsIs; // since something was tried that was not known
    private int roundsAsIs;
    private final double[] news = new double[NEWS]; // how much longer starts took than expected: the last of them
    private int newsCount;
    private boolean slower; // since the last decision: better look down first
    private long lastNanos;
    private long decidedAtNanos;
    private CurveFit fit; // of the last decision; null before the first
    private double fewestKnown;
    private double mostKnown;

    /** @param hostCpus for the first limit, and what is expected of a host that nothing is known of */
    public AutoLimit(int hostCpus) {
        this.hostCpus = hostCpus;
        this.limit = first(hostCpus);
    }

    // A start waits for QEMU about half of its time, so twice the CPUs keep a small host busy (docs/limiter.md).
    private static int first(int cpus) {
        return cpus <= SMALL_HOST
                ? Math.max(FIRST_AT_LEAST, Math.min(SMALL_HOST, 2 * cpus))
                : Math.min(FIRST_AT_MOST, cpus);
    }

    /** What it knows, for a later life of ours on the same host. */
    JournalRecord.Learnt learnt(String bootId) {
        return new JournalRecord.Learnt(bootId, hostCpus, limit, lastNanos, times.levels());
    }

    /** Goes on from what a former life of ours had learnt. False, with nothing changed, if that is of another host or makes no sense. */
    boolean remember(JournalRecord.Learnt learnt, String bootId, long nowNanos) {
        boolean same = bootId.equals(learnt.bootId()) && learnt.hostCpus() == hostCpus;
        boolean sensible = learnt.limit() >= 1 && learnt.limit() <= MOST && learnt.lastNanos() <= nowNanos;
        Optional<StartTimes> known = StartTimes.of(learnt.levels());
        if (!same || !sensible || known.isEmpty()) {
            return false;
        }
        times = known.get();
        limit = learnt.limit();
        lastNanos = learnt.lastNanos();
        decidedAtNanos = nowNanos;
        fewestKnown = times.fewest(ENOUGH);
        mostKnown = times.most(ENOUGH);
        fit = Double.isNaN(fewestKnown) ? null : CurveFit.of(times, hostCpus);
        return true;
    }

    /** Whether there is something to decide by. */
    boolean knows() {
        return fit != null;
    }

    /** What is known is wrong; the limit stays. */
    void forget() {
        times = new StartTimes();
        fresh = new StartTimes();
        fit = null;
        newsCount = 0;
        endedSince = 0;
        untold.clear();
    }

    /** How many may run at once. */
    public int limit() {
        return limit;
    }

    /**
     * So many are to be started and nothing runs: of the limits that are known the best one is taken for them, for what was left of those
     * before was fewer. One below all that are known, to be looked at, stays, and one above that is not more than the host's CPUs: a
     * look any further up is decided anew as soon as some have ended.
     *
     * @param most more than these may not run, whatever the limit
     */
    public void asked(int count, int most) {
        double fewest = times.fewest(ENOUGH);
        if (fit == null || Double.isNaN(fewest) || count <= limit) {
            return;
        }
        int lowest = (int) Math.round(fewest);
        int known = (int) Math.round(times.most(ENOUGH));
        int highest = Math.min(most, known);
        boolean looksUp = limit > known && limit <= hostCpus; // as many as a host of that size should serve
        if (limit >= lowest && highest >= lowest && !looksUp) {
            fit = CurveFit.of(times, hostCpus); // of all that has come since the last decision
            limit = best(count, WaveCost.limits(lowest, highest));
        }
    }

    /**
     * A start has ended well. It counts when {@link #learn} says that none that began as early still runs.
     *
     * @param atOnce how many ran while it did, in the mean, itself counted
     */
    public void ended(double atOnce, long begunNanos, long nowNanos) {
        if (nowNanos > begunNanos) { // no clock is that fine: nothing can be learnt of it
            untold.add(new End(begunNanos, atOnce, (nowNanos - begunNanos) / NANOS_PER_SECOND));
        }
    }

    /**
     * Learns of the starts that have ended, in the order in which they began: of some that run at once the short ones end first, and whoever
     * takes those for all of them finds the host quicker than it is.
     *
     * @param oldestNanos when the oldest start that still runs began, those left out that will not end soon; {@code nowNanos} if none runs
     * @param left how many wait or run now
     * @param most more than these may not run, whatever the limit
     */
    public void learn(long oldestNanos, int left, int most, long nowNanos) {
        while (!untold.isEmpty() && (untold.peek().begunNanos < oldestNanos || untold.size() > MOST)) {
            learn(untold.remove(), left, most, nowNanos);
        }
    }

    private void learn(End end, int left, int most, long nowNanos) {
        double atOnce = end.atOnce;
        double seconds = end.seconds;
        hearNews(atOnce, seconds);
        double idle = lastNanos == 0 ? 0 : (nowNanos - lastNanos) / NANOS_UNTIL_HALVED;
        lastNanos = nowNanos;
        times.fade(Math.pow(0.5, 1 / HALVED_AFTER + idle));
        times.add(atOnce, seconds);
        fresh.add(atOnce, seconds);
        boolean begunSince = end.begunNanos >= decidedAtNanos - SAME_NANOS;
        if (begunSince && atOnce >= USED * Math.min(limit, most)) {
            endedSince++;
        }
        if (endedSince >= Math.max(2, Math.max(limit, Math.round(atOnce))) || isAnotherHost()) {
            startsAsIs += endedSince;
            roundsAsIs++;
            endedSince = 0;
            int before = limit;
            decide(left, Math.min(MOST, most));
            decidedAtNanos = limit == before ? Math.max(decidedAtNanos, end.begunNanos + SAME_NANOS) : nowNanos;
            fresh = new StartTimes();
        }
    }

    /**
     * The best one; but what scatters is not known to a hair. As long as the present limit is below the best and nearly as good it stays: fewer
     * at once are better for the mean, and a limit that goes up and down for nothing has starts take a different time each.
     */
    private int best(int starts, int[] limits) {
        int best = WaveCost.best(starts, limits, fit::logMeanSeconds, SAME);
        double unsure = UNSURE * Math.sqrt(fit.variance());
        int least = WaveCost.best(starts, limits, fit::logMeanSeconds, SAME + unsure);
        return Math.max(least, Math.min(best, limit));
    }

    private void decide(int left, int most) {
        forgetOtherHost();
        fewestKnown = times.fewest(ENOUGH);
        mostKnown = times.most(ENOUGH);
        if (Double.isNaN(fewestKnown)) {
            fit = null; // what it was made of is too old
            newsCount = 0;
            limit = slower ? Math.max(1, limit / 2) : limit;
            slower = false;
            return;
        }
        fit = CurveFit.of(times, hostCpus);
        int starts = Math.max(left, 2 * limit);
        boolean matters = slower || left > limit; // else hardly one waits, and what nobody knows helps no other bulk
        double fewest = Math.min(limit, fewestKnown);
        int lowest = Math.max(1, (int) (matters ? fewest / 2 : Math.round(fewest)));
        int highest = Math.max(lowest, (int) Math.min(most, Math.ceil(2 * Math.max(limit, mostKnown))));
        int[] limits = WaveCost.limits(lowest, highest);
        int bestAtMost = lowest;
        int bestAtLeast = highest;
        int[] notFarAbove = Arrays.stream(limits)
                .filter(one -> one <= Math.max(lowest, Math.max(limit, BEYOND * mostKnown)))
                .toArray();
        for (var curve : fit.plausible(TOLERANCE)) {
            int best = worthIt(WaveCost.best(starts, limits, curve, SAME), starts, notFarAbove, curve);
            bestAtMost = Math.max(bestAtMost, best);
            bestAtLeast = Math.min(bestAtLeast, best);
        }
        boolean lookUp = bestAtMost > BEYOND * mostKnown && left >= ROOM * limit;
        int down = Math.max(bestAtLeast, lowest);
        boolean lookDown =
                left >= limit && bestAtLeast < fewestKnown / BEYOND && (starts + fewestKnown) / (starts + down) > GAIN;
        int next;
        if (lookUp && !(slower && lookDown)) {
            double step = mostKnown * STEP_AT_FIRST <= Math.max(hostCpus, SMALL_HOST) ? STEP_AT_FIRST : STEP;
            next = (int) Math.min(bestAtMost, Math.ceil(mostKnown * step));
        } else {
            next = lookDown ? down : best(starts, limits);
        }
        if (lookUp || lookDown) {
            startsAsIs = 0;
            roundsAsIs = 0;
        } else if (startsAsIs >= PROBED_AFTER && roundsAsIs >= PROBED_AFTER_ROUNDS && left > limit) {
            startsAsIs = 0;
            roundsAsIs = 0;
            next = (int) Math.ceil(next * PROBE);
        }
        slower = false;
        if (next != limit && LOG.isDebugEnabled()) {
            LOG.debug(
                    "{} starts at once instead of {}: {} s alone, {} side by side, best from {} to {}, known from {} to {}, {} left",
                    next,
                    limit,
                    fit.secondsAlone(),
                    fit.capacity(),
                    bestAtLeast,
                    bestAtMost,
                    fewestKnown,
                    mostKnown,
                    left);
        }
        limit = Math.max(1, Math.min(most, next));
    }

    /**
     * The best by a curve that may be the right one; if it is far above all that is known, only if it is clearly better. Such curves bend
     * otherwise than they are drawn, and of a small bulk a look takes a large part.
     */
    private static int worthIt(int best, int starts, int[] notFarAbove, DoubleUnaryOperator curve) {
        if (best <= notFarAbove[notFarAbove.length - 1]) {
            return best;
        }
        int known = WaveCost.best(starts, notFarAbove, curve, 0);
        double gain = WaveCost.of(starts, known, curve) - WaveCost.of(starts, best, curve);
        return gain >= WORTH_IT ? best : known;
    }

    /** How much longer it took than expected, as a logarithm, where enough is known to expect something. */
    private void hearNews(double atOnce, double seconds) {
        if (fit != null && atOnce >= fewestKnown && atOnce <= mostKnown) {
            double longer = Math.log(seconds) - fit.logSeconds(atOnce);
            news[newsCount++ % NEWS] = longer;
            // What makes starts longer here does so at limits too that nobody has used since.
            // A single one that is far off, for it hung, says nothing of others.
            double most = Math.max(OTHER_HOST, FAR_OFF * Math.sqrt(fit.variance()));
            times.shift(DRIFT * Math.max(-most, Math.min(most, longer)));
        }
    }

    /** Starts take another time than expected: what is known is of another host. */
    private boolean isAnotherHost() {
        int count = Math.min(newsCount, NEWS);
        if (count < ENOUGH) {
            return false;
        }
        double mean = meanNews();
        double scatter = 0;
        for (int i = 0; i < count; i++) {
            scatter += (news[i] - mean) * (news[i] - mean) / count;
        }
        double error = Math.sqrt(Math.max(fit.variance(), scatter) * (1.0 / count + 1 / KNOWN_WELL));
        return Math.abs(mean) > Math.max(OTHER_HOST, CERTAIN * error);
    }

    private double meanNews() {
        int count = Math.min(newsCount, NEWS);
        return Arrays.stream(news, 0, count).sum() / count;
    }

    private void forgetOtherHost() {
        if (!isAnotherHost()) {
            return;
        }
        double mean = meanNews();
        newsCount = 0;
        // A curve that only bends otherwise than was thought explains them, together with what was known.
        double unexplained = CurveFit.of(times, hostCpus).unexplained(fresh);
        if (unexplained / mean < UNEXPLAINED) {
            return;
        }
        LOG.info(
                "starts take {} times as long as before: the best concurrency is looked for anew",
                Math.round(100 * Math.exp(mean)) / 100.0);
        times = fresh;
        fit = null;
        slower = mean > 0;
    }
}
