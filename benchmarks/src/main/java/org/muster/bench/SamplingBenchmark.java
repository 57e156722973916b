package org.muster.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One full sampling cycle over guests with a disk: all groups of values of all guests, in wall time and in the sampling
 * program's own CPU; and what sampling costs the whole host, beside the old ways ({@link SamplingWays}).
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
 * counted. Both are told per 100 guests.
 *
 * <p>Neither side samples while the other is measured.
 *
 * <p>More guests than a second is enough for are sampled every five, in fewer cycles.
 */
final class SamplingBenchmark implements Benchmark {
    private static final Duration SETTLE = Duration.ofSeconds(3); // what was under way when the rhythm changed is over
    private static final Duration CALM =
            Duration.ofSeconds(20); // three after the warm-up were too few: see SamplingWays
    private static final Duration IDLE = Duration.ofSeconds(30);
    // What is done once a second takes minutes to be called often enough for the compiler: after one it still took 0.5
    // ms of
    // each second's CPU, after three 0.1
    private static final Duration WARM_UP = Duration.ofMinutes(3);
    private static final List<String> TIMERS = List.of("sampling.block.cycle");
    private static final List<String> NOT_COUNTED = List.of("host-stats");
    private static final double BYTES_PER_MB = 1e6;
    private static final double MOST_GARBAGE_MB = 1;
    private static final String WALL_NOTE =
            "Muster: median cycle of both tiers; floor: median of one virDomainListGetStats of all groups";
    private static final String CPU_NOTE = "per 100 guests; Muster: whole process in the time of a cycle, less the same"
            + " without, less host-stats; floor: its own per cycle";
    private static final String GARBAGE_NOTE =
            "what the agent's threads allocate for a cycle of both tiers, less what they do in that time without; floor: what is allowed";

    /** How fast both sides are made to sample. */
    private record Tempo(AgentConfig.Rhythm rhythm, Duration interval, int cycles) {
        private static final int GUESTS_A_SECOND = 120;

        static Tempo of(int guests) {
            return guests <= GUESTS_A_SECOND
                    ? new Tempo(AgentConfig.Rhythm.BUSY, Duration.ofSeconds(1), 30)
                    : new Tempo(AgentConfig.Rhythm.LARGE, Duration.ofSeconds(5), 12);
        }

        double seconds() {
            return interval.toMillis() / 1e3;
        }
    }

    /**
     * A side's cycle.
     *
     * @param cpuMillis of its process
     * @param garbageMb what it allocated; zero for the floor, which has none
     */
    private record Leg(double wallMillis, double cpuMillis, double garbageMb) {}

    /** Both sides' cycles, by side and round. */
    private static final class Figures {
        private static final int MUSTER = 0;
        private static final int FLOOR = 1;
        private static final double PER_GUESTS = 100;

        private final int guests;
        private final double[][] wall;
        private final double[][] cpu;
        private final double[] garbage;

        Figures(int rounds, int guests) {
            this.guests = guests;
            wall = new double[2][rounds];
            cpu = new double[2][rounds];
            garbage = new double[rounds];
        }

        void add(int round, int side, Leg leg) {
            wall[side][round] = leg.wallMillis;
            cpu[side][round] = leg.cpuMillis * PER_GUESTS / guests;
            if (side == MUSTER) {
                garbage[round] = leg.garbageMb;
            }
            Progress.say("round %d/%d, %s: cycle %.1f ms, CPU %.2f ms"
                    .formatted(
                            round + 1,
                            garbage.length,
                            side == MUSTER ? "Muster" : "floor",
                            wall[side][round],
                            cpu[side][round]));
        }

        List<Measured> measured() {
            double[] allowed = new double[garbage.length];
            Arrays.fill(allowed, MOST_GARBAGE_MB);
            return List.of(
                    new Measured("cycle.wall", "ms", wall[MUSTER], wall[FLOOR], WALL_NOTE),
                    new Measured("cycle.cpu", "ms", cpu[MUSTER], cpu[FLOOR], CPU_NOTE),
                    new Measured("garbage", "MB", garbage, allowed, GARBAGE_NOTE));
        }
    }

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        return measure(bed, rounds, Arguments.SAMPLED_GUESTS);
    }

    @Override
    public List<Measured> run(Bed bed, Arguments arguments) throws BenchException, InterruptedException {
        return measure(bed, arguments.rounds(), arguments.guests());
    }

    private static List<Measured> measure(Bed bed, int rounds, int count) throws BenchException, InterruptedException {
        int threadsWithNone = ThreadTimes.of(bed.agent().pid()).count();
        List<Guest> guests = bed.guests().make(GuestShape.RUNNING, count);
        Figures figures = new Figures(rounds, count);
        SamplingWays ways;
        StatsReplies replies = new StatsReplies(bed, rounds);
        try (MusterSide muster = new MusterSide(bed.agent())) {
            warmUp(bed, muster, guests);
            Allocations allocatedIdle = Allocations.of(bed.agent().pid());
            double idle = cpuPerSecond(bed, IDLE);
            double idleGarbage =
                    Allocations.of(bed.agent().pid()).since(allocatedIdle) / BYTES_PER_MB / IDLE.toSeconds();
            ways = new SamplingWays(bed, guests, threadsWithNone);
            for (int round = 0; round < rounds; round++) {
                boolean musterFirst = round % 2 == 0;
                for (boolean turn : new boolean[] {musterFirst, !musterFirst}) {
                    Leg leg = turn
                            ? musterLeg(bed, idle, idleGarbage, Tempo.of(count))
                            : floorLeg(bed, guests, Tempo.of(count));
                    figures.add(round, turn ? Figures.MUSTER : Figures.FLOOR, leg);
                }
                ways.round(figures.wall[Figures.MUSTER][round], musterFirst);
                replies.round(muster, round);
            }
        }
        System.out.print(ways.text());
        List<Measured> measured = new ArrayList<>(figures.measured());
        measured.addAll(ways.measured());
        measured.addAll(replies.measured());
        return measured;
    }

    /** Leaves an agent that does not sample. */
    private static void warmUp(Bed bed, MusterSide muster, List<Guest> guests)
            throws BenchException, InterruptedException {
        Progress.say("starting " + guests.size() + " guests");
        muster.create(guests, GuestShape.RUNNING);
        bed.floor().check(guests, GuestShape.RUNNING, "Muster");
        bed.agent().sample(AgentConfig.Rhythm.WARM);
        Thread.sleep(WARM_UP.toMillis());
        long pid = bed.agent().pid();
        List<AgentTimers.Reading> unused = new AgentTimers(pid).read(TIMERS); // loads what reading takes
        Allocations unusedToo = Allocations.of(pid);
        bed.agent().sample(AgentConfig.Rhythm.QUIET);
        Thread.sleep(CALM.toMillis());
    }

    private static double cpuPerSecond(Bed bed, Duration time) throws BenchException, InterruptedException {
        ThreadTimes before = ThreadTimes.of(bed.agent().pid());
        long startedAt = System.nanoTime();
        Thread.sleep(time.toMillis());
        double seconds = (System.nanoTime() - startedAt) / (double) TimeUnit.SECONDS.toNanos(1);
        return ThreadTimes.of(bed.agent().pid()).secondsSince(before, NOT_COUNTED) / seconds;
    }

    private static Leg floorLeg(Bed bed, List<Guest> guests, Tempo tempo) throws BenchException, InterruptedException {
        Floor.Samples samples = bed.floor().sample(guests, tempo.cycles, tempo.interval);
        return new Leg(millis(Statistics.median(samples.wall())), millis(Statistics.mean(samples.cpu())), 0);
    }

    private static Leg musterLeg(Bed bed, double idle, double idleGarbage, Tempo tempo)
            throws BenchException, InterruptedException {
        AgentTimers timers = new AgentTimers(bed.agent().pid());
        bed.agent().sample(tempo.rhythm);
        Thread.sleep(SETTLE.toMillis());
        List<AgentTimers.Reading> before = timers.read(TIMERS);
        Allocations allocatedBefore = Allocations.of(bed.agent().pid());
        Thread.sleep(SETTLE.toMillis()); // reading them costs the agent CPU of its own
        Duration measured = tempo.interval.multipliedBy(tempo.cycles);
        double cpu = cpuPerSecond(bed, measured);
        Allocations allocated = Allocations.of(bed.agent().pid());
        double garbage = allocated.since(allocatedBefore) / BYTES_PER_MB
                - idleGarbage * measured.plus(SETTLE).toSeconds();
        List<AgentTimers.Reading> after = timers.read(TIMERS);
        bed.agent().sample(AgentConfig.Rhythm.QUIET);
        double[] cycles = after.get(0).since(before.get(0));
        if (cycles.length < tempo.cycles / 2) {
            throw new BenchException("the agent made " + cycles.length + " cycles in the time of " + tempo.cycles);
        }
        Thread.sleep(SETTLE.toMillis());
        long made = after.get(0).count() - before.get(0).count();
        return new Leg(millis(Statistics.median(cycles)), millis((cpu - idle) * tempo.seconds()), garbage / made);
    }

    private static double millis(double seconds) {
        return seconds * 1000;
    }
}
