package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;

/**
 * How busy the CPUs are, over the last {@link #WINDOW}. The first answer is the average since boot, which is true too; zeros
 * would not be.
 *
 * <p>Confined to host-stats.
 */
final class CpuUsage {
    static final Duration WINDOW = Duration.ofSeconds(15); // the engine's period: it sees all that was done

    private record Moment(long atNanos, CpuTimes times) {}

    private final Deque<Moment> moments =
            new ArrayDeque<>(); // oldest first, the first one at least WINDOW old if any is

    void add(long atNanos, CpuTimes times) {
        moments.addLast(new Moment(atNanos, times));
        long needed = atNanos - WINDOW.toNanos();
        while (moments.size() > 2 && second().atNanos() <= needed) {
            moments.removeFirst();
        }
    }

    private Moment second() {
        var all = moments.iterator();
        all.next();
        return all.next();
    }

    /** Puts cpuUser, cpuSys, cpuIdle, cpuStatistics and, where the cells are known, the same for each cell. */
    void put(ObjectNode stats, Map<Integer, Integer> cellOfCpu) {
        CpuTimes now = moments.getLast().times();
        CpuTimes before = moments.size() > 1 ? moments.getFirst().times() : CpuTimes.NONE;
        CpuTimes.Ticks host = now.host().since(before.host());
        percentages(stats, host.total() > 0 ? host : now.host());
        ObjectNode cpus = stats.putObject("cpuStatistics");
        Map<Integer, CpuTimes.Ticks> cells = new TreeMap<>();
        new TreeMap<>(now.cpus()).forEach((cpu, ticks) -> {
            CpuTimes.Ticks done = ticks.since(before.cpus().getOrDefault(cpu, CpuTimes.Ticks.NONE));
            ObjectNode entry = cpus.putObject(cpu.toString());
            entry.put("nodeIndex", cellOfCpu.getOrDefault(cpu, 0));
            percentages(entry, done.total() > 0 ? done : ticks);
            if (cellOfCpu.containsKey(cpu)) {
                cells.merge(cellOfCpu.get(cpu), done.total() > 0 ? done : ticks, CpuTimes.Ticks::plus);
            }
        });
        ObjectNode byCell = stats.putObject("numaNodeCpu");
        cells.forEach((cell, done) -> percentages(byCell.putObject(cell.toString()), done));
    }

    /** Idle is what the others leave of 100, so that rounding cannot make the three more. */
    private static void percentages(ObjectNode into, CpuTimes.Ticks done) {
        long total = Math.max(1, done.total());
        long user = Math.round(10_000.0 * done.user() / total);
        long sys = Math.min(10_000 - user, Math.round(10_000.0 * done.sys() / total));
        into.put("cpuUser", hundredths(user));
        into.put("cpuSys", hundredths(sys));
        into.put("cpuIdle", hundredths(10_000 - user - sys));
    }

    private static String hundredths(long value) {
        long cents = value % 100; // by hand: a formatter costs more than all the rest, for every CPU of the host
        return value / 100 + (cents < 10 ? ".0" : ".") + cents;
    }
}
