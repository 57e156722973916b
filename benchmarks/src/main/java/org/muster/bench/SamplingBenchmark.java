package org.muster.bench;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One sampling cycle over 100 guests with a disk, in wall time and in the sampling program's own CPU.
 *
 * <p>The agent reads two tiers, which together are the groups of the floor's one bulk call: the sum of one short and one block
 * cycle stands beside it. Its CPU is that of a second in which it samples both tiers, less that of a second in which it
 * samples nothing. Both sides make a cycle a second, and neither samples while the other is measured. The agent's tiers come half
 * a second apart, lest each be measured while it waits for the other.
 */
final class SamplingBenchmark implements Benchmark {
    private static final int COUNT = 100;
    private static final int CYCLES = 30;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration SETTLE = Duration.ofSeconds(3); // what was under way when the rhythm changed is over
    private static final Duration WARM_UP = Duration.ofSeconds(60);
    private static final List<String> TIMERS = List.of("sampling.short.cycle", "sampling.block.cycle");
    private static final String WALL_NOTE =
            "Muster: median short cycle + median block cycle; floor: median of one virDomainListGetStats of all groups";
    private static final String CPU_NOTE =
            "CPU per second with a cycle of each tier, less one without; floor: its own CPU per cycle";

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        double[][] wall = new double[2][rounds];
        double[][] cpu = new double[2][rounds];
        List<Guest> guests = bed.guests().make(GuestShape.RUNNING, COUNT);
        try (MusterSide muster = new MusterSide(bed.agent())) {
            Progress.say("starting " + COUNT + " guests");
            muster.create(guests, GuestShape.RUNNING);
            bed.floor().check(guests, GuestShape.RUNNING, "Muster");
            bed.agent().sample(AgentConfig.Rhythm.WARM);
            Thread.sleep(WARM_UP.toMillis());
            new AgentTimers(bed.agent().pid()).read(TIMERS); // loads into the agent what reading takes
            double idle = quietCpuPerSecond(bed);
            for (int round = 0; round < rounds; round++) {
                boolean musterFirst = round % 2 == 0;
                for (boolean turn : new boolean[] {musterFirst, !musterFirst}) {
                    int side = turn ? 0 : 1;
                    double[] leg = turn ? musterLeg(bed, idle) : floorLeg(bed, guests);
                    wall[side][round] = leg[0];
                    cpu[side][round] = leg[1];
                    Progress.say("round %d/%d, %s: cycle %.1f ms, CPU %.2f ms"
                            .formatted(round + 1, rounds, turn ? "Muster" : "floor", leg[0], leg[1]));
                }
            }
        }
        return List.of(
                new Measured("cycle.wall", "ms", wall[0], wall[1], WALL_NOTE),
                new Measured("cycle.cpu", "ms", cpu[0], cpu[1], CPU_NOTE));
    }

    private static double quietCpuPerSecond(Bed bed) throws BenchException, InterruptedException {
        bed.agent().sample(AgentConfig.Rhythm.QUIET);
        Thread.sleep(SETTLE.toMillis());
        double before = bed.agent().cpuSeconds();
        Thread.sleep(CYCLES * SECOND.toMillis());
        return (bed.agent().cpuSeconds() - before) / CYCLES;
    }

    /** Milliseconds of wall time and of CPU per cycle. */
    private static double[] floorLeg(Bed bed, List<Guest> guests) throws BenchException, InterruptedException {
        Floor.Samples samples = bed.floor().sample(guests, CYCLES, SECOND);
        return new double[] {millis(Statistics.median(samples.wall())), millis(Statistics.mean(samples.cpu()))};
    }

    private static double[] musterLeg(Bed bed, double idle) throws BenchException, InterruptedException {
        AgentTimers timers = new AgentTimers(bed.agent().pid());
        bed.agent().sample(AgentConfig.Rhythm.SHORT_ONLY); // a tier comes an interval after it was set
        Thread.sleep(SETTLE.plus(SECOND.dividedBy(2)).toMillis());
        bed.agent().sample(AgentConfig.Rhythm.BUSY);
        Thread.sleep(SETTLE.toMillis());
        List<AgentTimers.Reading> before = timers.read(TIMERS);
        Thread.sleep(SETTLE.toMillis()); // reading them costs the agent CPU of its own
        double cpuBefore = bed.agent().cpuSeconds();
        long startedAt = System.nanoTime();
        Thread.sleep(CYCLES * SECOND.toMillis());
        double cpu = bed.agent().cpuSeconds() - cpuBefore;
        double seconds = (System.nanoTime() - startedAt) / (double) TimeUnit.SECONDS.toNanos(1);
        List<AgentTimers.Reading> after = timers.read(TIMERS);
        bed.agent().sample(AgentConfig.Rhythm.QUIET);
        double sum = 0;
        for (int i = 0; i < TIMERS.size(); i++) {
            double[] cycles = after.get(i).since(before.get(i));
            if (cycles.length < CYCLES / 2) {
                throw new BenchException(TIMERS.get(i) + " has " + cycles.length + " cycles in " + CYCLES + " s");
            }
            sum += Statistics.median(cycles);
        }
        Thread.sleep(SETTLE.toMillis());
        return new double[] {millis(sum), millis(cpu / seconds - idle)};
    }

    private static double millis(double seconds) {
        return seconds * 1000;
    }
}
