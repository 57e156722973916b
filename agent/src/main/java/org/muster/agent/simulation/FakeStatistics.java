package org.muster.agent.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.ControlInfo;
import org.muster.libvirt.CpuTime;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;

/**
 * The calls of a fake hypervisor that read statistics: each guest's from its load, unless its monitor keeps the call.
 *
 * <p>Thread-safe; blocks as the port says.
 */
final class FakeStatistics {
    private final FakeCalls calls;
    private final CallGuard guard;
    private final Monitors monitors;
    private final GuestLoad load;

    FakeStatistics(FakeCalls calls, CallGuard guard, Monitors monitors, GuestLoad load) {
        this.calls = calls;
        this.guard = guard;
        this.monitors = monitors;
        this.load = load;
    }

    List<StatsRecord> stats(List<UUID> ids, Set<StatsGroup> groups, boolean skipBusy) throws HypervisorException {
        checkLink("stats", null);
        try (CallGuard.CallToken token = guard.begin(CallGuard.Role.STATS, "stats", null)) {
            long askedAt = System.nanoTime();
            List<StatsRecord> records = new ArrayList<>(ids.size());
            for (UUID id : ids) {
                boolean answers = !GuestLoad.needMonitor(groups) || reach(id, skipBusy, "stats");
                calls.with(truth -> truth.moment(id, askedAt))
                        .ifPresent(moment -> records.add(load.record(moment, groups, answers)));
            }
            token.succeeded();
            return records;
        }
    }

    private boolean reach(UUID id, boolean skipBusy, String operation) throws HypervisorException {
        Monitors.Reached reached = monitors.reach(id, skipBusy);
        if (reached == Monitors.Reached.LINK_LOST) {
            throw FakeErrors.of(Kind.DISCONNECTED, operation, id, "the link was lost during the call");
        }
        return reached == Monitors.Reached.ANSWERED;
    }

    Map<UUID, ControlInfo> control(List<UUID> ids) throws HypervisorException {
        checkLink("control", null);
        Map<UUID, ControlInfo> infos = new HashMap<>();
        for (UUID id : ids) {
            if (calls.with(truth -> truth.running(id))) {
                infos.put(
                        id,
                        monitors.occupied(id)
                                .map(since -> new ControlInfo(ControlInfo.Kind.OCCUPIED, since))
                                .orElseGet(() -> new ControlInfo(ControlInfo.Kind.OK, Duration.ZERO)));
            }
        }
        return infos;
    }

    Map<UUID, CpuTime> cpuTimes(List<UUID> ids) throws HypervisorException {
        checkLink("cpuTimes", null);
        Map<UUID, CpuTime> times = new HashMap<>();
        for (UUID id : ids) {
            calls.with(truth -> truth.moment(id, System.nanoTime()))
                    .ifPresent(moment -> times.put(id, load.cpuTime(moment)));
        }
        return times;
    }

    /** A simulated host has two CPUs, and its guests use both alike. */
    long[] cpuTimesByHostCpu(UUID id) throws HypervisorException {
        CpuTime time = cpuTimes(List.of(id)).get(id);
        if (time == null) {
            throw FakeErrors.of(Kind.NO_SUCH_DOMAIN, "cpuTimesByHostCpu", id, "no such domain");
        }
        return new long[] {time.nanos() / 2, time.nanos() - time.nanos() / 2};
    }

    long[] blockInfo(UUID id, String disk) throws HypervisorException {
        checkLink("blockInfo", id);
        try (CallGuard.CallToken token = guard.begin(CallGuard.Role.PROBE, "blockInfo", id)) {
            if (!reach(id, false, "blockInfo")) {
                throw FakeErrors.of(Kind.BUSY, "blockInfo", id, "cannot acquire state change lock");
            }
            GuestLoad.Moment moment = calls.with(truth -> truth.moment(id, System.nanoTime()))
                    .orElseThrow(() -> FakeErrors.of(Kind.NO_SUCH_DOMAIN, "blockInfo", id, "no such domain"));
            token.succeeded();
            return load.diskSizes(moment, disk);
        }
    }

    private void checkLink(String operation, UUID id) throws HypervisorException {
        if (!calls.connected()) {
            throw FakeErrors.of(Kind.DISCONNECTED, operation, id, "there is no link to libvirtd");
        }
    }
}
