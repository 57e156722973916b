package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Host.getAllVmStats over 50 guests and pings, with 1 to 32 requests outstanding on one raw link, beside what VDSM took.
 *
 * <p>VDSM cannot be had on every machine, so its figures (spec: measured with the same kind of link) are scaled by how fast
 * the server of fixed replies answers pings, one at a time: here and in this round, beside an estimate of what it would have done
 * where VDSM was measured. A link that looks like the engine's client is paced, which has figures of its own (docs/protocol.md).
 */
final class Levels {
    static final int GUESTS = 50;

    private static final List<Integer> OUTSTANDING = List.of(1, 2, 4, 8, 16, 32);
    private static final int MOST = 32;
    private static final double PART = 0.99;
    private static final double VDSM_STATS_MILLIS = 15.6; // p99 of Host.getAllVmStats, 50 guests, one outstanding
    private static final double VDSM_STATS_MILLIS_MANY = 894; // the same, 8 outstanding
    private static final int MANY = 8;
    private static final double VDSM_PINGS = 5613; // a second, 32 outstanding
    // Pings a second, one outstanding, that the fixed replies would have given where VDSM did 2179: not measured there.
    // They
    // give 84,500 on a machine of the same kind (2 CPUs, nested KVM; nothing else going on) that starts 50 guests in
    // 7.6 s
    // where that one took 9.1 (libvirt alone, the best number of threads), so it is 1.2 times as fast.
    private static final double REFERENCE_PINGS = 70_000;
    private static final int PINGS = 20_000;
    private static final int STATS = 600;
    private static final String PING = "Host.ping2";
    private static final String ALL = "Host.getAllVmStats";
    private static final double TELLABLE_MILLIS = 0.1; // less than that is the clock's and the scheduler's
    private static final double MICROS = 1e6;
    private static final double MILLIS = 1e3;

    private final double[][] stats; // p99 in ms, by level and round
    private final double[][] vdsmStats;
    private final double[] pings; // microseconds a ping, at most outstanding
    private final double[] vdsmPings;
    private final double[][] beyond; // what the p99 is more than that of fixed replies, in ms, by level and round

    Levels(int rounds) {
        stats = new double[OUTSTANDING.size()][rounds];
        vdsmStats = new double[OUTSTANDING.size()][rounds];
        pings = new double[rounds];
        vdsmPings = new double[rounds];
        beyond = new double[OUTSTANDING.size()][rounds];
    }

    /** Measures once, with {@link #GUESTS} guests running. */
    void round(Bed bed, MusterSide muster, int round) throws BenchException, InterruptedException {
        JsonNode all = muster.call(ALL);
        try (FixedReplies fixed = new FixedReplies(bed, muster.call(PING), all);
                RawLink floor = fixed.rawLink();
                RawLink link = RawLink.to(bed.agent().socket())) {
            floor.closedLoop(PING, 1, PINGS / 4);
            double speed = rate(floor.closedLoop(PING, 1, PINGS), 1) / REFERENCE_PINGS;
            link.closedLoop(PING, MOST, PINGS / 4);
            pings[round] = MICROS / rate(link.closedLoop(PING, MOST, PINGS), MOST);
            vdsmPings[round] = MICROS / (VDSM_PINGS * speed);
            List<Integer> order = new ArrayList<>(OUTSTANDING);
            if (round % 2 == 1) {
                Collections.reverse(order);
            }
            link.closedLoop(ALL, MOST, STATS);
            StringBuilder told = new StringBuilder();
            for (int level : order) {
                int row = OUTSTANDING.indexOf(level);
                double p99 = Statistics.percentile(link.closedLoop(ALL, level, STATS), PART) / MILLIS;
                double floorP99 = Statistics.percentile(floor.closedLoop(ALL, level, STATS), PART) / MILLIS;
                stats[row][round] = p99;
                vdsmStats[row][round] = (level < MANY ? VDSM_STATS_MILLIS : VDSM_STATS_MILLIS_MANY) / speed;
                beyond[row][round] = Math.max(TELLABLE_MILLIS, p99 - floorP99);
                told.append(" %d: %.2f (fixed %.2f)".formatted(level, p99, floorP99));
            }
            Progress.say("%.0f pings/s with %d outstanding, machine %.2f; stats of %d bytes, p99 ms by outstanding:%s"
                    .formatted(
                            MICROS / pings[round], MOST, speed, all.toString().length(), told));
        }
    }

    /** Requests a second, from how long each one of so many at once took. */
    private static double rate(double[] micros, int outstanding) {
        return outstanding * MICROS / Statistics.mean(micros);
    }

    /** How much longer an answer takes with most outstanding than with one, its way through the socket included. */
    private double plainly() {
        return Statistics.median(stats[OUTSTANDING.size() - 1]) / Statistics.median(stats[0]);
    }

    List<Measured> measured() {
        List<Measured> all = new ArrayList<>();
        String note =
                "p99 over " + GUESTS + " guests; floor: VDSM's, 15.6 ms with one outstanding and 894 ms with eight,"
                        + " scaled to this machine by pings and an estimate of theirs";
        for (int i = 0; i < stats.length; i++) {
            all.add(new Measured("stats-50.p99-" + OUTSTANDING.get(i), "ms", stats[i], vdsmStats[i], note));
        }
        all.add(new Measured(
                "stats-50.flat",
                "ms",
                beyond[OUTSTANDING.size() - 1],
                beyond[0],
                "p99 with 32 outstanding, less that of fixed replies of the same size; floor: the same with one; plainly "
                        + "%.1f times".formatted(plainly())));
        all.add(new Measured(
                "ping-32",
                "us",
                pings,
                vdsmPings,
                "time a ping, 32 outstanding; floor: VDSM's 5613/s, scaled likewise"));
        return all;
    }
}
