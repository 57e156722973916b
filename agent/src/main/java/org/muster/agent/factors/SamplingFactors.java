package org.muster.agent.factors;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.muster.agent.factors.FactorsRefusedException.Reason;
import org.muster.agent.factors.FactorsReport.CycleSplit;
import org.muster.agent.factors.FactorsReport.GroupCost;
import org.muster.agent.factors.FactorsReport.SweepPoint;
import org.muster.agent.factors.FactorsReport.Weights;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.StatsGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures what a sampling cycle is made of, on this host as it is, one measurement at a time. It asks guests as sampling
 * does, in calls that count against the guard. A guest that freezes meanwhile ends the measurement, not more: it is answered when its
 * patience is over, and the next one has to wait until the call has returned.
 *
 * <p>Thread-safe; {@link #measure} answers at once.
 */
public final class SamplingFactors implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SamplingFactors.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10); // the slowest hosts answer for 500 guests in less
    private static final int MOST_SIDE_BY_SIDE = 32;
    // Of the calls that may be stuck: one that asks everybody, two for disks, one that looks for who is frozen, one for
    // those that
    // answer. A frozen guest that keeps one of ours need not keep one of sampling's to be found.
    private static final int LEFT_TO_SAMPLING = 5;
    private static final int LEAST_LEFT = 1; // of the same, to a sampling that has lost the others
    private static final int ROUND_TRIPS = 200;
    private static final int REPEATS = 5;
    private static final Map<String, Set<StatsGroup>> CYCLES = new TreeMap<>(Map.of(
            "block", EnumSet.of(StatsGroup.BLOCK),
            "both", EnumSet.allOf(StatsGroup.class),
            "short", EnumSet.complementOf(EnumSet.of(StatsGroup.BLOCK))));

    private final Hypervisor hypervisor;
    private final Supplier<List<UUID>> healthy;
    private final SystemCalls systemCalls;
    private final RiskedCalls risked;
    private final Stopwatch stopwatch;
    private final AtomicBoolean measuring = new AtomicBoolean(); // one at a time

    /** @param healthy guests that run and answer, at present */
    public SamplingFactors(Hypervisor hypervisor, Supplier<List<UUID>> healthy) {
        this(hypervisor, healthy, PATIENCE);
    }

    /** @param patience with a call, or with a level of the sweep */
    SamplingFactors(Hypervisor hypervisor, Supplier<List<UUID>> healthy, Duration patience) {
        this.hypervisor = hypervisor;
        this.healthy = healthy;
        this.risked = new RiskedCalls(MOST_SIDE_BY_SIDE, patience);
        this.stopwatch = new Stopwatch(risked);
        this.systemCalls = new SystemCalls(Path.of("/proc"), hypervisor::daemonPid);
    }

    /** How many of libvirtd's calls guests may keep because of us, now or in the next moment; counted at once, not when overdue. */
    public int callsAtRisk() {
        return risked.atRisk();
    }

    /** Whether a thread of that name makes calls that {@link #callsAtRisk} counts. */
    public static boolean isThread(String name) {
        return RiskedCalls.isThread(name);
    }

    /**
     * Measures; takes some seconds, with a sweep up to fifteen more.
     *
     * <p>Errors: {@link FactorsRefusedException}; {@link HypervisorException} when libvirtd fails, TIMED_OUT when a guest hangs.
     */
    public CompletionStage<FactorsReport> measure(FactorsRequest request) {
        if (!measuring.compareAndSet(false, true)) {
            return refused(Reason.BUSY, "a measurement is under way");
        }
        if (risked.underWay() > 0) {
            measuring.set(false);
            return refused(Reason.BUSY, "guests still keep " + risked.underWay() + " calls of the last measurement");
        }
        CompletableFuture<FactorsReport> report = new CompletableFuture<>();
        try {
            risked.execute(() -> outcome(request).accept(report));
        } catch (RejectedExecutionException e) { // closed, or threads of a former sweep hang
            measuring.set(false);
            return refused(Reason.BUSY, "no thread to measure with: " + e.getMessage());
        }
        return report;
    }

    /** Measures; whoever is then told the outcome may ask for the next measurement at once. */
    private Consumer<CompletableFuture<FactorsReport>> outcome(FactorsRequest request) {
        try {
            FactorsReport done = run(request);
            return report -> report.complete(done);
        } catch (HypervisorException | FactorsRefusedException | RuntimeException e) {
            return report -> report.completeExceptionally(e);
        } catch (InterruptedException e) {
            LOG.debug("stopped while measuring");
            return report -> report.completeExceptionally(e);
        } finally {
            risked.reserve(0);
            measuring.set(false);
        }
    }

    private static CompletionStage<FactorsReport> refused(Reason reason, String why) {
        return CompletableFuture.failedFuture(new FactorsRefusedException(reason, why));
    }

    private FactorsReport run(FactorsRequest request)
            throws HypervisorException, FactorsRefusedException, InterruptedException {
        if (!hypervisor.connected()) {
            throw new FactorsRefusedException(Reason.NO_HYPERVISOR, "there is no link to libvirtd");
        }
        List<UUID> guests = healthy.get();
        if (guests.isEmpty()) {
            throw new FactorsRefusedException(Reason.NO_GUESTS, "no guest runs and answers");
        }
        guests = List.copyOf(guests.subList(0, Math.min(request.mostGuests(), guests.size())));
        int sideBySide = reserve(request.sweep());
        long startedAt = System.nanoTime();
        long roundTrip = stopwatch.median(ROUND_TRIPS, hypervisor::roundTrip).wallNanos();
        Map<StatsGroup, GroupCost> groups = groups(guests);
        Weights weights = Attribution.weights(groups, roundTrip);
        List<String> notes = new ArrayList<>();
        List<CycleSplit> cycles = cycles(guests, groups, roundTrip, notes);
        List<SweepPoint> sweep = request.sweep() ? sweep(guests, sideBySide, notes) : List.of();
        return new FactorsReport(
                guests.size(), roundTrip, groups, weights, cycles, sweep, System.nanoTime() - startedAt, notes);
    }

    private Map<StatsGroup, GroupCost> groups(List<UUID> guests) throws HypervisorException, InterruptedException {
        Map<StatsGroup, GroupCost> costs = new EnumMap<>(StatsGroup.class);
        int all = guests.size();
        for (StatsGroup group : StatsGroup.values()) {
            Map<Integer, Long> nanos = new TreeMap<>();
            for (int count : new TreeSet<>(List.of(1, Math.max(1, all / 4), Math.max(1, all / 2), all))) {
                List<UUID> some = guests.subList(0, count);
                nanos.put(
                        count,
                        stopwatch
                                .median(REPEATS, () -> hypervisor.stats(some, Set.of(group), true))
                                .wallNanos());
            }
            costs.put(group, Attribution.cost(nanos));
        }
        return costs;
    }

    private List<CycleSplit> cycles(
            List<UUID> guests, Map<StatsGroup, GroupCost> groups, long roundTrip, List<String> notes)
            throws HypervisorException, InterruptedException {
        List<CycleSplit> cycles = new ArrayList<>();
        for (Map.Entry<String, Set<StatsGroup>> cycle : CYCLES.entrySet()) {
            OptionalLong ownBefore = systemCalls.own();
            OptionalLong daemonBefore = systemCalls.libvirtd();
            Stopwatch.Time time = stopwatch.median(REPEATS, () -> hypervisor.stats(guests, cycle.getValue(), true));
            OptionalDouble own = SystemCalls.perCall(ownBefore, systemCalls.own(), REPEATS);
            OptionalDouble daemon = SystemCalls.perCall(daemonBefore, systemCalls.libvirtd(), REPEATS);
            cycles.add(split(cycle.getKey(), cycle.getValue(), guests.size(), groups, roundTrip, time, own, daemon));
        }
        if (cycles.get(0).libvirtdSystemCalls().isEmpty()) {
            notes.add(
                    "libvirtd's system calls cannot be read: its process is not ours to look into, or not to be told");
        }
        notes.add("system calls are reads and writes, as /proc/PID/io counts them, of all that the process does");
        return cycles;
    }

    private static CycleSplit split(
            String name,
            Set<StatsGroup> asked,
            int guests,
            Map<StatsGroup, GroupCost> groups,
            long roundTrip,
            Stopwatch.Time time,
            OptionalDouble ownCalls,
            OptionalDouble daemonCalls) {
        double base = groups.get(StatsGroup.STATE).perGuestNanos();
        double monitor = 0;
        for (StatsGroup group : asked) {
            if (Attribution.reachesMonitor(group)) {
                monitor += guests * Math.max(0, groups.get(group).perGuestNanos() - base);
            }
        }
        long rest = Math.max(0, time.wallNanos() - time.cpuNanos() - roundTrip);
        long monitors = Math.min(rest, Math.round(monitor)); // asked in one call, groups share what each has alone
        return new CycleSplit(
                name, time.wallNanos(), time.cpuNanos(), roundTrip, monitors, rest - monitors, ownCalls, daemonCalls);
    }

    private List<SweepPoint> sweep(List<UUID> guests, int most, List<String> notes)
            throws HypervisorException, InterruptedException {
        notes.add("the sweep ends at " + most + " calls side by side: more must not be lost if guests hang");
        return new Sweep(hypervisor, risked).run(guests, most);
    }

    /**
     * Takes as many of the calls that may be stuck as are needed, for all of the measurement and before its first call: what sampling has
     * under way by then is over, or counted, when they are made side by side.
     */
    private int reserve(boolean sweep) throws FactorsRefusedException {
        CallGuard calls = hypervisor.calls();
        if (calls.maxStuck() - calls.overdue() < 1 + LEAST_LEFT) {
            throw new FactorsRefusedException(
                    Reason.BUSY,
                    "calls that hang in libvirtd: " + calls.overdue() + " of " + calls.maxStuck()
                            + " that it can bear, so none is risked to measure with");
        }
        int spare = calls.maxStuck() - mayBeStuck() - LEFT_TO_SAMPLING;
        int most = sweep ? Math.max(1, Math.min(MOST_SIDE_BY_SIDE, spare)) : 1;
        risked.reserve(most);
        return most;
    }

    /** Calls that hang, and those on guests that may be about to. */
    private int mayBeStuck() {
        int count = 0;
        for (CallGuard.InFlight call : hypervisor.calls().inFlight()) {
            boolean asksGuests = call.role() == CallGuard.Role.STATS || call.role() == CallGuard.Role.PROBE;
            count += call.overdue() || asksGuests ? 1 : 0;
        }
        return count;
    }

    /** Waits for nothing: threads that hang end with the process. */
    @Override
    public void close() {
        risked.close();
    }
}
