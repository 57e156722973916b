package org.muster.bench;

import java.util.List;

/** Destroying 20 running guests at once. Each side destroys guests that it started itself; starting them is not timed. */
final class DestroyBenchmark implements Benchmark {
    private static final int COUNT = 20;
    private static final int STARTING_THREADS = 4;
    private static final GuestShape SHAPE = GuestShape.RUNNING;

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        try (MusterSide muster = new MusterSide(bed.agent())) {
            Race race = new Race("running-20", new Legs(bed, muster));
            race.run(Floor.THREADS, rounds);
            return List.of(race.measured("total", Spans::total));
        }
    }

    private record Legs(Bed bed, MusterSide side) implements Race.Legs {
        @Override
        public Spans muster() throws BenchException, InterruptedException {
            List<Guest> guests = bed.guests().make(SHAPE, COUNT);
            side.create(guests, SHAPE);
            bed.floor().check(guests, SHAPE, "Muster");
            Spans spans = side.destroy(guests);
            bed.floor().checkGone(guests, "Muster");
            bed.guests().forget(guests);
            return spans;
        }

        @Override
        public Spans floor(int threads) throws BenchException, InterruptedException {
            List<Guest> guests = bed.guests().make(SHAPE, COUNT);
            bed.floor().create(guests, STARTING_THREADS, SHAPE);
            bed.floor().check(guests, SHAPE, "the floor");
            Spans spans = new Absence(bed, side).during(() -> bed.floor().destroy(guests, threads));
            bed.floor().checkGone(guests, "the floor");
            bed.guests().forget(guests);
            return spans;
        }
    }
}
