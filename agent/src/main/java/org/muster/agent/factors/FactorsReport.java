package org.muster.agent.factors;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.muster.libvirt.StatsGroup;

/**
 * What was found out.
 *
 * @param guests how many were asked
 * @param roundTripNanos of a call that asks libvirtd for nothing, the median
 * @param groups by group, each on its own
 * @param weights what explains all the bulk calls
 * @param cycles how a cycle of each kind splits
 * @param sweep empty if none was asked for
 * @param tookNanos of the whole measurement
 * @param notes what could not be told, and why
 */
public record FactorsReport(
        int guests,
        long roundTripNanos,
        Map<StatsGroup, GroupCost> groups,
        Weights weights,
        List<CycleSplit> cycles,
        List<SweepPoint> sweep,
        long tookNanos,
        List<String> notes) {

    /**
     * Bulk calls of one group.
     *
     * @param nanosByGuests the median by number of guests in the call
     * @param fixedNanos of a call, whoever is in it; by least squares
     * @param perGuestNanos by least squares
     */
    public record GroupCost(Map<Integer, Long> nanosByGuests, double fixedNanos, double perGuestNanos) {}

    /**
     * A bulk call takes {@code roundTrips} round trips, and for each guest {@code perGuestNanos}, and for each guest whose
     * monitor it asks {@code perMonitorNanos} more.
     *
     * @param unexplained the part of the differences between the calls that this leaves unexplained, 0 to 1
     */
    public record Weights(double roundTrips, double perGuestNanos, double perMonitorNanos, double unexplained) {}

    /**
     * Where the time of one call of that kind goes.
     *
     * @param name short, block, or both
     * @param ownCpuNanos of the calling thread, libvirt's client library included
     * @param monitorNanos in QEMU's monitors, and waiting for them
     * @param libvirtNanos what remains: libvirtd
     * @param agentSystemCalls reads and writes of this process; empty when they cannot be read
     * @param libvirtdSystemCalls reads and writes of libvirtd; empty when they cannot be read
     */
    public record CycleSplit(
            String name,
            long wallNanos,
            long ownCpuNanos,
            long roundTripNanos,
            long monitorNanos,
            long libvirtNanos,
            OptionalDouble agentSystemCalls,
            OptionalDouble libvirtdSystemCalls) {}

    /**
     * Calls for one guest each, so many side by side.
     *
     * @param inflation the median over that of one at a time: 1 means that they do not get in each other's way
     */
    public record SweepPoint(
            StatsGroup group, int concurrency, double callsPerSecond, long medianNanos, double inflation) {}

    public FactorsReport {
        groups = Map.copyOf(groups);
        cycles = List.copyOf(cycles);
        sweep = List.copyOf(sweep);
        notes = List.copyOf(notes);
    }
}
