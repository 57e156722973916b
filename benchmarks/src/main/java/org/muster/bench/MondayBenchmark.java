package org.muster.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Monday morning: everything at once. Several ways to start the same guests, in turn in one run: one by one, VDSM's way (four at once,
 * one message each), Muster with a fixed number, Muster's auto, and a bare loop over libvirt. Each leaves a clean machine.
 */
final class MondayBenchmark implements Benchmark {
    private static final GuestShape SHAPE = GuestShape.PAUSED;
    private static final String VDSM = "VDSM's way";
    private static final String AUTO = "Muster, auto";
    private static final List<Integer> FLOORS = List.of(4, 8);

    /** Starts guests and answers with the seconds to each one. */
    private interface Way {
        double[] start(List<Guest> guests) throws BenchException, InterruptedException;
    }

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        return run(bed, rounds, Arguments.GUESTS);
    }

    @Override
    public List<Measured> run(Bed bed, Arguments arguments) throws BenchException, InterruptedException {
        return run(bed, arguments.rounds(), arguments.guests());
    }

    private static List<Measured> run(Bed bed, int rounds, int count) throws BenchException, InterruptedException {
        Contest contest = new Contest("monday-strategies", count + " guests, paused and bare");
        try (MusterSide muster = new MusterSide(bed.agent())) {
            Absence absence = new Absence(bed, muster);
            Map<String, Way> ways = ways(bed, muster, absence);
            clearedAfter(bed, muster, count, ways.get(AUTO)); // warms up, and lets auto learn
            List<String> order = new ArrayList<>(ways.keySet());
            for (int round = 1; round <= rounds; round++) {
                for (String who : order) {
                    contest.add(who, clearedAfter(bed, muster, count, ways.get(who)));
                    Progress.say("round %d/%d, %s".formatted(round, rounds, contest.last(who)));
                }
                Collections.reverse(order);
            }
        }
        contest.write(bed.results());
        System.out.print(contest.table());
        return contest.measured(
                AUTO, VDSM, FLOORS.stream().map(MondayBenchmark::floor).toList());
    }

    private static String floor(int threads) {
        return "bare loop, " + threads + " threads";
    }

    private static Map<String, Way> ways(Bed bed, MusterSide muster, Absence absence) {
        Map<String, Way> ways = new LinkedHashMap<>();
        ways.put("one by one", guests -> oneByOne(muster, guests));
        ways.put(VDSM, guests -> {
            muster.concurrency(4);
            return muster.createEach(guests, SHAPE);
        });
        for (int limit : List.of(4, 8)) {
            ways.put("Muster, " + limit, guests -> {
                muster.concurrency(limit);
                return muster.createAll(guests, SHAPE);
            });
        }
        ways.put(AUTO, guests -> {
            muster.concurrencyAuto();
            return muster.createAll(guests, SHAPE);
        });
        for (int threads : FLOORS) {
            ways.put(
                    floor(threads),
                    guests -> absence.during(() -> {
                        double[] seconds = bed.floor().createEach(guests, threads, SHAPE);
                        bed.floor().check(guests, SHAPE, "the floor");
                        bed.hypervisor().killGuests(guests);
                        bed.floor().clear(guests);
                        return seconds;
                    }));
        }
        return ways;
    }

    private static double[] oneByOne(MusterSide muster, List<Guest> guests)
            throws BenchException, InterruptedException {
        double[] seconds = new double[guests.size()];
        double sum = 0;
        for (int i = 0; i < seconds.length; i++) {
            sum += muster.createAll(guests.subList(i, i + 1), SHAPE)[0];
            seconds[i] = sum;
        }
        return seconds;
    }

    /** From a clean machine to a clean machine. */
    private static double[] clearedAfter(Bed bed, MusterSide muster, int count, Way way)
            throws BenchException, InterruptedException {
        List<Guest> guests = bed.guests().make(SHAPE, count);
        double[] seconds = way.start(guests);
        bed.hypervisor().killGuests(guests);
        muster.forget(guests);
        bed.floor().checkGone(guests, "Muster");
        bed.guests().forget(guests);
        return seconds;
    }
}
