package org.muster.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Starting guests in bulk: 50 paused and bare, 50 running with a disk and a NIC, and one alone.
 */
final class CreateBenchmark implements Benchmark {
    private static final int MANY = 50;

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        List<Measured> all = new ArrayList<>();
        try (MusterSide muster = new MusterSide(bed.agent())) {
            Race paused = race("paused-50", bed, muster, GuestShape.PAUSED, MANY);
            paused.run(Floor.THREADS, rounds);
            all.add(paused.measured("total", Spans::total));
            all.add(paused.measured("mean", Spans::mean));
            Race running = race("running-50", bed, muster, GuestShape.RUNNING, MANY);
            running.run(Floor.THREADS, rounds);
            all.add(running.measured("total", Spans::total));
            all.add(running.measured("mean", Spans::mean));
            Race single = race("single", bed, muster, GuestShape.PAUSED, 1);
            single.run(List.of(1), rounds);
            all.add(single.measured("total", Spans::total));
        }
        return all;
    }

    private static Race race(String name, Bed bed, MusterSide muster, GuestShape shape, int count) {
        Absence absence = new Absence(bed, muster);
        return new Race(name, new Race.Legs() {
            @Override
            public Spans muster() throws BenchException, InterruptedException {
                List<Guest> guests = bed.guests().make(shape, count);
                Spans spans = muster.create(guests, shape);
                bed.floor().check(guests, shape, "Muster");
                bed.hypervisor().killGuests(guests);
                muster.forget(guests);
                bed.floor().checkGone(guests, "Muster");
                bed.guests().forget(guests);
                return spans;
            }

            @Override
            public Spans floor(int threads) throws BenchException, InterruptedException {
                List<Guest> guests = bed.guests().make(shape, count);
                Spans spans = absence.during(() -> {
                    Spans create = bed.floor().create(guests, threads, shape);
                    bed.floor().check(guests, shape, "the floor");
                    bed.hypervisor().killGuests(guests);
                    bed.floor().clear(guests);
                    return create;
                });
                bed.guests().forget(guests);
                return spans;
            }
        });
    }
}
