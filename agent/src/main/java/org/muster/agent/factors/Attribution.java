package org.muster.agent.factors;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.muster.agent.factors.FactorsReport.GroupCost;
import org.muster.agent.factors.FactorsReport.Weights;
import org.muster.libvirt.StatsGroup;

/**
 * Makes of measured times what they are made of. A pure decision.
 *
 * <p>Source of the split into groups that reach QEMU's monitor and groups that do not: measured, for libvirt 8 and newer.
 */
final class Attribution {
    static final Set<StatsGroup> WITHOUT_MONITOR = Set.of(StatsGroup.STATE, StatsGroup.INTERFACE);

    private Attribution() {}

    static boolean reachesMonitor(StatsGroup group) {
        return !WITHOUT_MONITOR.contains(group);
    }

    /** @param nanosByGuests by number of guests in the call, at least one */
    static GroupCost cost(Map<Integer, Long> nanosByGuests) {
        List<LeastSquares.Point> points = new ArrayList<>();
        nanosByGuests.forEach((guests, nanos) -> points.add(new LeastSquares.Point(new double[] {1, guests}, nanos)));
        double[] line = points.size() > 1
                ? LeastSquares.fit(points)
                : new double[] {0, points.get(0).value() / points.get(0).factors()[1]};
        return new GroupCost(new TreeMap<>(nanosByGuests), Math.max(0, line[0]), Math.max(0, line[1]));
    }

    /**
     * cycle = a · round trip · calls + b · guests + d · guests whose monitor is asked. Each monitor group has a weight of its
     * own in its {@link GroupCost}; here the mean of them stands for all.
     */
    static Weights weights(Map<StatsGroup, GroupCost> groups, long roundTripNanos) {
        Map<StatsGroup, Double> monitorNanos = new EnumMap<>(StatsGroup.class);
        double base = WITHOUT_MONITOR.stream()
                .filter(groups::containsKey)
                .mapToDouble(group -> groups.get(group).perGuestNanos())
                .average()
                .orElse(0);
        List<LeastSquares.Point> points = new ArrayList<>();
        groups.forEach((group, cost) -> {
            if (reachesMonitor(group)) {
                monitorNanos.put(group, Math.max(0, cost.perGuestNanos() - base));
            }
        });
        double mean = monitorNanos.values().stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(0);
        groups.forEach((group, cost) -> cost.nanosByGuests().forEach((guests, nanos) -> {
            // in units of the mean monitor, so that one weight serves groups that ask it more and less
            double monitors = mean == 0 ? 0 : guests * monitorNanos.getOrDefault(group, 0.0) / mean;
            points.add(new LeastSquares.Point(new double[] {roundTripNanos, guests, monitors}, nanos));
        }));
        double[] fit = LeastSquares.fit(points);
        return new Weights(fit[0], fit[1], fit[2], LeastSquares.unexplained(points, fit));
    }
}
