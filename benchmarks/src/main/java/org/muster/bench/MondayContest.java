package org.muster.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Guests of one shape, started one by one, in VDSM's way (four at once, one message each), by Muster with a fixed number and with
 * auto, and by a bare loop over libvirt. Each leaves a clean machine. Confined to main.
 */
final class MondayContest {
    private static final String VDSM = "VDSM's way";
    private static final String AUTO = "Muster, auto";
    private static final List<Integer> FLOORS = List.of(1, 2, 4, 8, 16);
    private static final String START = "libvirt.virDomainCreateWithFlags"; // in which a guest's emulator starts

    /** Starts guests and answers with the seconds to each one. */
    private interface Way {
        double[] start(List<Guest> guests) throws BenchException, InterruptedException;
    }

    private final Bed bed;
    private final MusterSide muster;
    private final GuestShape shape;
    private final int count;

    MondayContest(Bed bed, MusterSide muster, GuestShape shape, int count) {
        this.bed = bed;
        this.muster = muster;
        this.shape = shape;
        this.count = count;
    }

    List<Measured> run(int rounds) throws BenchException, InterruptedException {
        Contest contest = new Contest("monday-" + shape.word(), count + " guests, " + shape.about());
        Map<String, Way> ways = ways();
        clearedAfter(ways.get(AUTO)); // warms up, and lets auto learn
        List<String> order = new ArrayList<>(ways.keySet());
        double[] usual = new double[rounds];
        double[] slowest = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            for (String who : order) {
                AgentTimers.Reading before = starts();
                contest.add(who, clearedAfter(ways.get(who)));
                if (who.equals(AUTO)) {
                    double[] calls = starts().since(before);
                    usual[round] = Statistics.percentile(calls, 0.5);
                    slowest[round] = Statistics.percentile(calls, 0.99);
                }
                Progress.say("round %d/%d, %s".formatted(round + 1, rounds, contest.last(who)));
            }
            Collections.reverse(order);
        }
        contest.write(bed.results());
        System.out.print(contest.table());
        List<Measured> measured = new ArrayList<>(contest.measured(
                shape.word(),
                AUTO,
                VDSM,
                FLOORS.stream().map(MondayContest::floor).toList()));
        measured.add(new Measured(shape.word() + ".call", "s", slowest, usual, "auto's calls: p99 beside p50"));
        return measured;
    }

    private AgentTimers.Reading starts() throws BenchException {
        return new AgentTimers(bed.agent().pid()).read(List.of(START)).get(0);
    }

    private static String floor(int threads) {
        return "bare loop, " + threads + " threads";
    }

    private Map<String, Way> ways() {
        Absence absence = new Absence(bed, muster);
        Map<String, Way> ways = new LinkedHashMap<>();
        ways.put("one by one", this::oneByOne);
        ways.put(VDSM, guests -> {
            muster.concurrency(4);
            return muster.createEach(guests, shape);
        });
        for (int limit : List.of(4, 8)) {
            ways.put("Muster, " + limit, guests -> {
                muster.concurrency(limit);
                return muster.createAll(guests, shape);
            });
        }
        ways.put(AUTO, guests -> {
            muster.concurrencyAuto();
            return muster.createAll(guests, shape);
        });
        for (int threads : FLOORS) {
            ways.put(
                    floor(threads),
                    guests -> absence.during(() -> {
                        double[] seconds = bed.floor().createEach(guests, threads, shape);
                        bed.floor().check(guests, shape, "the floor");
                        bed.hypervisor().killGuests(guests);
                        bed.floor().clear(guests);
                        return seconds;
                    }));
        }
        return ways;
    }

    private double[] oneByOne(List<Guest> guests) throws BenchException, InterruptedException {
        double[] seconds = new double[guests.size()];
        double sum = 0;
        for (int i = 0; i < seconds.length; i++) {
            sum += muster.createAll(guests.subList(i, i + 1), shape)[0];
            seconds[i] = sum;
        }
        return seconds;
    }

    /** From a clean machine to a clean machine. */
    private double[] clearedAfter(Way way) throws BenchException, InterruptedException {
        List<Guest> guests = bed.guests().make(shape, count);
        double[] seconds = way.start(guests);
        bed.hypervisor().killGuests(guests);
        muster.forget(guests);
        bed.floor().checkGone(guests, "Muster");
        bed.guests().forget(guests);
        return seconds;
    }
}
