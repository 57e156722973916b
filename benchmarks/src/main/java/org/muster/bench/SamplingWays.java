package org.muster.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Three ways to have fresh values of the same guests: a thread for each guest with a call for each kind of value, which is the old
 * way; VDSM's way, one bulk call for all, by {@code floor.c}; and Muster with its usual rhythm.
 *
 * <p>At equal freshness: all have every guest's CPU, network and memory values every 5 s. Muster asks disks every 15 s, while the
 * others cannot have one kind of value without the rest.
 *
 * <p>CPU: of the program that samples, libvirtd and every QEMU, by the kernel's clock of each process, less what the same
 * processes use while nobody samples. The others' programs are C that throws the values away, while Muster's share holds
 * everything that the agent does in its usual rhythm, the host's own figures too.
 *
 * <p>Confined to main.
 */
final class SamplingWays {
    static final String OLD = "thread per guest";
    static final String VDSM = "VDSM's way";
    static final String MUSTER = "Muster";

    private static final double VDSM_MIB = 155; // at 50 guests, with supervdsm
    private static final double VDSM_PART = 0.8;
    private static final int VDSM_GUESTS = 50;
    private static final double MOST_MIB = 160;

    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final int CYCLES = 6; // two of the block tier
    private static final int OLD_CYCLES = 3; // nothing is judged by it
    private static final Duration SETTLE = Duration.ofSeconds(6); // both tiers have begun

    private final Bed bed;
    private final int guests;
    private final int threadsWithNone;
    private final List<Long> processes;
    private final WayTable table;
    private final List<Double> residentMib = new ArrayList<>();
    private int threads; // the agent's, when it last sampled in its usual rhythm

    /**
     * @param quiet that runs the guests, and whose agent has been told not to sample
     * @param threadsWithNone the agent's, when it had no guests
     */
    SamplingWays(Bed quiet, List<Guest> guests, int threadsWithNone) throws BenchException, InterruptedException {
        this.bed = quiet;
        this.guests = guests.size();
        this.threadsWithNone = threadsWithNone;
        this.table = new WayTable("%d guests, every %d s".formatted(this.guests, INTERVAL.toSeconds()));
        processes = new ArrayList<>(List.of(quiet.agent().pid()));
        processes.addAll(quiet.hypervisor().pids(guests));
    }

    static double allowedMib(int guests) {
        return guests <= VDSM_GUESTS ? VDSM_PART * VDSM_MIB : MOST_MIB;
    }

    /**
     * Each way once, in turn; the agent is quiet before and after.
     *
     * @param cycleMillis Muster's of both tiers, measured elsewhere
     */
    void round(double cycleMillis, boolean musterFirst) throws BenchException, InterruptedException {
        Floor floor = bed.floor();
        Floor.Period before = musterFirst ? muster() : null;
        Floor.Period vdsm = floor.vdsmWay(processes, CYCLES, INTERVAL);
        Floor.Period muster = before == null ? muster() : before;
        Floor.Period old = floor.oldWay(processes, OLD_CYCLES, INTERVAL);
        // Last, long after the agent was told to rest: taken three seconds after that, right after the warm-up, this
        // was
        // seen to be 12 ms in 5 s more than what it used when it sampled.
        Floor.Period idle = floor.watch(processes, CYCLES, INTERVAL);
        WayCost cost = WayCost.ofAgent(cycleMillis, threads, muster, idle);
        if (cost.programMillis() <= 0) {
            throw new BenchException("the agent used %.2f ms less in 5 s with sampling than without: it did not rest"
                    .formatted(-cost.programMillis()));
        }
        table.add(OLD, WayCost.ofProgram(old, idle));
        table.add(VDSM, WayCost.ofProgram(vdsm, idle));
        table.add(MUSTER, cost);
    }

    private Floor.Period muster() throws BenchException, InterruptedException {
        bed.agent().sample(AgentConfig.Rhythm.DEFAULT);
        Thread.sleep(SETTLE.toMillis());
        Floor.Period busy = bed.floor().watch(processes, CYCLES, INTERVAL);
        threads = ThreadTimes.of(bed.agent().pid()).count();
        residentMib.add(Vitals.resident(bed.agent().pid()));
        bed.agent().sample(AgentConfig.Rhythm.QUIET);
        Thread.sleep(SETTLE.toMillis());
        return busy;
    }

    String text() {
        return table.text();
    }

    List<Measured> measured() {
        double[] memory = residentMib.stream().mapToDouble(Double::doubleValue).toArray();
        double[] cpu = table.each(MUSTER, WayCost::togetherMillis);
        double[] threadCounts = table.each(MUSTER, WayCost::threads);
        return List.of(
                new Measured(
                        "ways.cpu",
                        "ms",
                        cpu,
                        table.each(VDSM, WayCost::togetherMillis),
                        "program, libvirtd and QEMUs in 5 s, less what they use without sampling; floor: VDSM's way"),
                new Measured(
                        "memory",
                        "MiB",
                        memory,
                        every(memory.length, allowedMib(guests)),
                        "resident, with " + guests + " guests, no collection asked for; floor: what is allowed"),
                new Measured(
                        "threads",
                        "",
                        threadCounts,
                        every(threadCounts.length, threadsWithNone),
                        "with " + guests + " guests; floor: with none"));
    }

    private static double[] every(int rounds, double value) {
        double[] values = new double[rounds];
        Arrays.fill(values, value);
        return values;
    }
}
