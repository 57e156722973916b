package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * A long run in which guests come, go and freeze all the time: what the agent's process holds may not grow.
 *
 * <p>Looked at whenever all guests are there and none is frozen. The floor is what it held in the first third of the run, after a
 * quarter of the time for warming up; what is judged is the last third beside it, look by look.
 */
final class SoakBenchmark implements Benchmark {
    private static final double MINUTES = 30;
    private static final int GUESTS = 20;
    private static final int CHANGED = 4;
    private static final int FROZEN = 3;
    private static final int LOOKS = 9; // in the time after the warm-up
    private static final double WARM_UP = 0.25;
    private static final GuestShape SHAPE = GuestShape.RUNNING;
    private static final Duration QUIET_LIMIT = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 100;
    private static final long SEED = 7;

    private final Random random = new Random(SEED);
    private final List<Guest> guests = new ArrayList<>();

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        return soak(bed, MINUTES);
    }

    @Override
    public List<Measured> run(Bed bed, Arguments arguments) throws BenchException, InterruptedException {
        return soak(bed, arguments.minutes().orElse(MINUTES));
    }

    private List<Measured> soak(Bed bed, double minutes) throws BenchException, InterruptedException {
        long all = (long) (minutes * TimeUnit.MINUTES.toNanos(1));
        List<Vitals> seen = new ArrayList<>();
        try (MusterSide muster = new MusterSide(bed.agent())) {
            guests.addAll(bed.guests().make(SHAPE, GUESTS));
            muster.create(guests, SHAPE);
            long began = System.nanoTime();
            long warm = began + (long) (all * WARM_UP);
            churnUntil(bed, muster, warm);
            for (int look = 1; look <= LOOKS; look++) {
                churnUntil(bed, muster, warm + (long) (all * (1 - WARM_UP) * look / LOOKS));
                awaitQuiet(muster);
                Vitals now = Vitals.of(bed.agent().pid(), bed.children());
                seen.add(now);
                Progress.say("%.1f min: %d threads, %d handles, %.1f MiB beside the heap, %.1f MiB in the heap"
                        .formatted(
                                (System.nanoTime() - began) / 60e9,
                                now.threads(),
                                now.handles(),
                                now.nativeMib(),
                                now.heapMib()));
            }
        }
        return List.of(
                figure("threads", "", seen, Vitals::threads),
                figure("handles", "", seen, Vitals::handles),
                figure("native", "MiB", seen, Vitals::nativeMib),
                figure("heap", "MiB", seen, Vitals::heapMib));
    }

    private static Measured figure(String metric, String unit, List<Vitals> seen, ToDoubleFunction<Vitals> value) {
        int third = LOOKS / 3;
        double[] early = seen.subList(0, third).stream().mapToDouble(value).toArray();
        double[] late =
                seen.subList(LOOKS - third, LOOKS).stream().mapToDouble(value).toArray();
        return new Measured(metric, unit, late, early, "last third of the run; floor: first third, after a warm-up");
    }

    private void churnUntil(Bed bed, MusterSide muster, long until) throws BenchException, InterruptedException {
        do {
            churn(bed, muster);
        } while (System.nanoTime() < until);
    }

    /** Some freeze, and while they are frozen some go and others come. */
    private void churn(Bed bed, MusterSide muster) throws BenchException, InterruptedException {
        List<Guest> frozen = List.copyOf(guests.subList(0, FROZEN));
        bed.hypervisor().freeze(frozen);
        List<Guest> leaving = List.copyOf(guests.subList(FROZEN, FROZEN + CHANGED));
        List<Guest> coming = bed.guests().make(SHAPE, CHANGED);
        muster.destroy(leaving);
        muster.create(coming, SHAPE);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(8000));
        bed.hypervisor().thaw(frozen);
        bed.guests().forget(leaving);
        guests.removeAll(leaving);
        guests.removeAll(frozen);
        guests.addAll(coming);
        guests.addAll(frozen); // others are frozen the next time
        TimeUnit.MILLISECONDS.sleep(random.nextInt(2000));
    }

    private static void awaitQuiet(MusterSide muster) throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + QUIET_LIMIT.toNanos();
        while (!quiet(muster.call("Host.getAllVmStats"))) {
            if (System.nanoTime() > deadline) {
                throw new BenchException("not all guests are sampled again after " + QUIET_LIMIT.toSeconds() + " s");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private static boolean quiet(JsonNode stats) {
        for (JsonNode vm : stats) {
            if (!vm.path("condition").asText("").equals("ok")
                    || !vm.path("sampleAges").has("block")) {
                return false;
            }
        }
        return stats.size() == GUESTS;
    }
}
