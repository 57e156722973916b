package org.muster.bench;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One full sampling cycle over 100 guests with a disk: all groups of values of all guests, in wall time and in the sampling
 * program's own CPU.
 *
 * <p>Wall: the agent's tiers, which together are the groups of the floor's one bulk call, are both due every second, in the same
 * moment. The timer of the block tier's cycles runs from that moment until the last guest's disks are known, with the quick
 * values' call in it, so it is that of a full cycle.
 *
 * <p>CPU: all that the agent's process uses in a second with one full cycle, by the kernel's account of every thread, less
 * two things: what the same agent with the same guests uses in a second in which it samples none of them, and the thread
 * {@code host-stats}, which reads the host's own figures in the same rhythm and which the floor has no like of. So what is
 * counted is libvirt.so's work, decoding, rates, waking up, garbage and whatever else follows from sampling, on whichever
 * thread. The floor's is its process's CPU in the call and in freeing what came of it; its waking up once a second is not
 * counted.
 *
 * <p>Neither side samples while the other is measured.
 */
final class SamplingBenchmark implements Benchmark {
    private static final int COUNT = 100;
    private static final int CYCLES = 30;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration SETTLE = Duration.ofSeconds(3); // what was under way when the rhythm changed is over
    private static final Duration WARM_UP = Duration.ofSeconds(60);
    private static final List<String> TIMERS = List.of("sampling.block.cycle");
    private static final List<String> NOT_COUNTED = List.of("host-stats");
    private static final String WALL_NOTE =
            "Muster: median cycle of both tiers; floor: median of one virDomainListGetStats of all groups";
    private static final String CPU_NOTE = "Muster: whole process in a second with a cycle, less one without, less"
            + " host-stats; floor: its own per cycle";

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
        return cpuPerSecond(bed);
    }

    private static double cpuPerSecond(Bed bed) throws BenchException, InterruptedException {
        ThreadTimes before = ThreadTimes.of(bed.agent().pid());
        long startedAt = System.nanoTime();
        Thread.sleep(CYCLES * SECOND.toMillis());
        double seconds = (System.nanoTime() - startedAt) / (double) TimeUnit.SECONDS.toNanos(1);
        return ThreadTimes.of(bed.agent().pid()).secondsSince(before, NOT_COUNTED) / seconds;
    }

    /** Milliseconds of wall time and of CPU per cycle. */
    private static double[] floorLeg(Bed bed, List<Guest> guests) throws BenchException, InterruptedException {
        Floor.Samples samples = bed.floor().sample(guests, CYCLES, SECOND);
        return new double[] {millis(Statistics.median(samples.wall())), millis(Statistics.mean(samples.cpu()))};
    }

    private static double[] musterLeg(Bed bed, double idle) throws BenchException, InterruptedException {
        AgentTimers timers = new AgentTimers(bed.agent().pid());
        bed.agent().sample(AgentConfig.Rhythm.BUSY);
        Thread.sleep(SETTLE.toMillis());
        List<AgentTimers.Reading> before = timers.read(TIMERS);
        Thread.sleep(SETTLE.toMillis()); // reading them costs the agent CPU of its own
        double cpu = cpuPerSecond(bed);
        List<AgentTimers.Reading> after = timers.read(TIMERS);
        bed.agent().sample(AgentConfig.Rhythm.QUIET);
        double[] cycles = after.get(0).since(before.get(0));
        if (cycles.length < CYCLES / 2) {
            throw new BenchException("the agent made " + cycles.length + " cycles in " + CYCLES + " s");
        }
        Thread.sleep(SETTLE.toMillis());
        return new double[] {millis(Statistics.median(cycles)), millis(cpu - idle)};
    }

    private static double millis(double seconds) {
        return seconds * 1000;
    }
}
