package org.muster.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Monday morning: everything at once, first paused and bare, then running with a disk and a NIC. Several ways to start the same
 * guests, in turn in one run; then bulks with something in their way ({@link MondayTrouble}).
 */
final class MondayBenchmark implements Benchmark {

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        return run(bed, rounds, Arguments.GUESTS);
    }

    @Override
    public List<Measured> run(Bed bed, Arguments arguments) throws BenchException, InterruptedException {
        return run(bed, arguments.rounds(), arguments.guests());
    }

    private static List<Measured> run(Bed bed, int rounds, int count) throws BenchException, InterruptedException {
        List<Measured> all = new ArrayList<>();
        try (MusterSide muster = new MusterSide(bed.agent());
                MusterSide others = new MusterSide(bed.agent())) {
            for (GuestShape shape : GuestShape.values()) {
                all.addAll(new MondayContest(bed, muster, shape, count).run(rounds));
            }
            all.addAll(new MondayTrouble(bed, muster, others, count).run(rounds));
        }
        return all;
    }
}
