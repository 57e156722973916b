package org.muster.agent.stats;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.muster.libvirt.ControlInfo;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;
import org.muster.sampling.BlockInfo;
import org.muster.sampling.ControlState;
import org.muster.sampling.DomainSample;
import org.muster.sampling.Group;
import org.muster.sampling.StatsSource;
import org.muster.sampling.StatsUnavailableException;

/** The one place where sampling's port meets libvirt's. Thread-safe; blocks as {@link StatsSource} says. */
public final class LibvirtStatsSource implements StatsSource {
    private final Hypervisor hypervisor;

    public LibvirtStatsSource(Hypervisor hypervisor) {
        this.hypervisor = hypervisor;
    }

    @Override
    public List<DomainSample> sample(List<UUID> domains, Set<Group> groups, boolean skipBusy)
            throws StatsUnavailableException {
        try {
            List<StatsRecord> records = hypervisor.stats(domains, groups(groups), skipBusy);
            List<DomainSample> samples = new ArrayList<>(records.size());
            for (StatsRecord record : records) {
                samples.add(new SampleBuilder(record).build());
            }
            return samples;
        } catch (HypervisorException e) {
            throw unavailable(e);
        }
    }

    private static Set<StatsGroup> groups(Set<Group> groups) {
        Set<StatsGroup> result = EnumSet.noneOf(StatsGroup.class);
        for (Group group : groups) {
            result.add(
                    switch (group) {
                        case STATE -> StatsGroup.STATE;
                        case INTERFACE -> StatsGroup.INTERFACE;
                        case CPU_TOTAL -> StatsGroup.CPU_TOTAL;
                        case VCPU -> StatsGroup.VCPU;
                        case BALLOON -> StatsGroup.BALLOON;
                        case BLOCK -> StatsGroup.BLOCK;
                    });
        }
        return result;
    }

    @Override
    public Map<UUID, ControlState> control(List<UUID> domains, Duration patience) throws StatsUnavailableException {
        try {
            Map<UUID, ControlState> states = new HashMap<>();
            hypervisor
                    .control(domains, patience)
                    .forEach((id, info) -> states.put(id, new ControlState(kind(info.kind()), info.since())));
            return states;
        } catch (HypervisorException e) {
            throw unavailable(e);
        }
    }

    private static ControlState.Kind kind(ControlInfo.Kind kind) {
        return switch (kind) {
            case OK -> ControlState.Kind.OK;
            case JOB -> ControlState.Kind.JOB;
            case OCCUPIED -> ControlState.Kind.OCCUPIED;
            case ERROR -> ControlState.Kind.ERROR;
            case NO_ANSWER -> ControlState.Kind.NO_ANSWER;
        };
    }

    @Override
    public BlockInfo blockInfo(UUID domain, String disk) throws StatsUnavailableException {
        try {
            long[] info = hypervisor.blockInfo(domain, disk);
            return new BlockInfo(info[0], info[1], info[2]);
        } catch (HypervisorException e) {
            throw unavailable(e);
        }
    }

    private static StatsUnavailableException unavailable(HypervisorException e) {
        boolean lost = e.kind() == HypervisorException.Kind.DISCONNECTED;
        return new StatsUnavailableException(e.getMessage(), lost, e);
    }
}
