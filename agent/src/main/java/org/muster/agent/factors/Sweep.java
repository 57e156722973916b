package org.muster.agent.factors;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.muster.agent.factors.FactorsReport.SweepPoint;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.StatsGroup;

/**
 * Asks guests one by one, with more and more calls side by side, to see whether they get in each other's way.
 *
 * <p>Blocks its caller for about {@link #LEVEL_NANOS} a level.
 */
final class Sweep {
    private static final long LEVEL_NANOS = TimeUnit.MILLISECONDS.toNanos(700);
    private static final List<StatsGroup> GROUPS =
            List.of(StatsGroup.CPU_TOTAL, StatsGroup.INTERFACE, StatsGroup.BLOCK);

    private final Hypervisor hypervisor;
    private final RiskedCalls risked;

    Sweep(Hypervisor hypervisor, RiskedCalls risked) {
        this.hypervisor = hypervisor;
        this.risked = risked;
    }

    /** @param most calls side by side */
    List<SweepPoint> run(List<UUID> guests, int most) throws HypervisorException, InterruptedException {
        List<SweepPoint> points = new ArrayList<>();
        for (StatsGroup group : GROUPS) {
            long alone = 0;
            for (int concurrency = 1; concurrency <= Math.min(most, guests.size()); concurrency *= 2) {
                List<Long> taken = level(guests, group, concurrency);
                long median = Stopwatch.middle(
                        taken.stream().mapToLong(Long::longValue).toArray());
                alone = concurrency == 1 ? median : alone;
                points.add(new SweepPoint(
                        group,
                        concurrency,
                        taken.size() * 1e9 / LEVEL_NANOS,
                        median,
                        median / (double) Math.max(1, alone)));
            }
        }
        return points;
    }

    private List<Long> level(List<UUID> guests, StatsGroup group, int concurrency)
            throws HypervisorException, InterruptedException {
        long until = System.nanoTime() + LEVEL_NANOS;
        List<Future<List<Long>>> running = new ArrayList<>();
        for (int i = 0; i < concurrency; i++) {
            int first = i;
            running.add(risked.begin(() -> calls(guests, group, first, concurrency, until)));
        }
        List<Long> taken = new ArrayList<>();
        for (Future<List<Long>> calls : running) {
            taken.addAll(risked.answer(calls));
        }
        return taken;
    }

    /** Each thread has guests of its own: what is looked for are locks of the whole driver. */
    private List<Long> calls(List<UUID> guests, StatsGroup group, int first, int step, long until)
            throws HypervisorException {
        List<Long> taken = new ArrayList<>();
        int next = first;
        do {
            UUID guest = guests.get(next);
            next = next + step < guests.size() ? next + step : first;
            long before = System.nanoTime();
            hypervisor.stats(List.of(guest), Set.of(group), true);
            taken.add(System.nanoTime() - before);
        } while (System.nanoTime() - until < 0);
        return taken;
    }
}
