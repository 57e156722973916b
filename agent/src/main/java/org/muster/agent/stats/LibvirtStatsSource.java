package org.muster.agent.stats;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.muster.libvirt.ControlInfo;
import org.muster.libvirt.CpuTime;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;
import org.muster.sampling.BlockInfo;
import org.muster.sampling.ControlState;
import org.muster.sampling.CpuAccount;
import org.muster.sampling.DomainSample;
import org.muster.sampling.Group;
import org.muster.sampling.StatsSource;
import org.muster.sampling.StatsUnavailableException;
import org.muster.sampling.StatsUnavailableException.Why;

/** The one place where sampling's port meets libvirt's. Thread-safe; blocks as {@link StatsSource} says. */
public final class LibvirtStatsSource implements StatsSource {
    private static final Set<StatsGroup> WITHOUT_MONITOR = Set.of(StatsGroup.STATE, StatsGroup.INTERFACE);
    private static final Duration SUSPICIOUS = Duration.ofMillis(100); // healthy guests are occupied for moments

    private final Hypervisor hypervisor;
    private final CpuClocks cpuClocks;
    private final EmulatorView emulators;

    /** @param cpuClocks where CPU times come from, if they can be had without libvirt */
    public LibvirtStatsSource(Hypervisor hypervisor, CpuClocks cpuClocks, EmulatorView emulators) {
        this.hypervisor = hypervisor;
        this.cpuClocks = cpuClocks;
        this.emulators = emulators;
    }

    @Override
    public List<DomainSample> sample(List<UUID> domains, Set<Group> groups, boolean skipBusy)
            throws StatsUnavailableException {
        try {
            if (!groups.contains(Group.CPU_TOTAL)) {
                return hypervisor.stats(domains, groups(groups), skipBusy, new SampleBuilder()::build);
            }
            Set<StatsGroup> wanted = groups(groups);
            long takenAtNanos = System.nanoTime();
            Optional<List<CpuTime>> times = cpuClocks.read(domains);
            if (times.isEmpty()) {
                return sampleAndCompare(domains, wanted, skipBusy);
            }
            wanted.remove(StatsGroup.CPU_TOTAL);
            BesideTimes builder = new BesideTimes(domains, times.get(), takenAtNanos);
            return hypervisor.stats(domains, wanted, skipBusy, builder::build);
        } catch (HypervisorException e) {
            throw unavailable(e);
        }
    }

    private List<DomainSample> sampleAndCompare(List<UUID> domains, Set<StatsGroup> groups, boolean skipBusy)
            throws HypervisorException {
        try (CpuClocks.Comparison comparison = cpuClocks.compare(domains)) {
            List<DomainSample> samples = hypervisor.stats(domains, groups, skipBusy, new SampleBuilder()::build);
            for (DomainSample sample : samples) {
                comparison.told(sample.domain(), sample.cpuTimeNanos(), sample.cpuUserNanos(), sample.cpuSystemNanos());
            }
            return samples;
        }
    }

    /** Puts CPU times that were read before the call to the records that it gave. Confined to one call. */
    private static final class BesideTimes {
        private final List<UUID> domains;
        private final List<CpuTime> times;
        private final long takenAtNanos;
        private final SampleBuilder builder = new SampleBuilder();
        private int next; // libvirtd answers in the order in which it was asked, but for those that are gone

        BesideTimes(List<UUID> domains, List<CpuTime> times, long takenAtNanos) {
            this.domains = domains;
            this.times = times;
            this.takenAtNanos = takenAtNanos;
        }

        DomainSample build(StatsRecord record) {
            return builder.build(record, timeOf(record.domain()), takenAtNanos);
        }

        private CpuTime timeOf(UUID domain) {
            for (int tried = 0; tried < domains.size(); tried++) {
                int at = next;
                next = (next + 1) % domains.size();
                if (domains.get(at).equals(domain)) {
                    return times.get(at);
                }
            }
            return null;
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
            hypervisor.control(domains, patience).forEach((id, info) -> states.put(id, state(id, info)));
            return states;
        } catch (HypervisorException e) {
            throw unavailable(e);
        }
    }

    private ControlState state(UUID domain, ControlInfo info) {
        boolean suspicious =
                info.kind() == ControlInfo.Kind.OCCUPIED && info.since().compareTo(SUSPICIOUS) >= 0;
        return new ControlState(
                kind(info.kind()), info.since(), suspicious ? emulators.stopped(domain) : Optional.empty());
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
    public Optional<Set<UUID>> standingStill(List<UUID> domains) {
        Set<UUID> standing = new HashSet<>();
        boolean told = false;
        for (UUID domain : domains) {
            Optional<Boolean> stands = emulators.standsStill(domain);
            told |= stands.isPresent();
            if (stands.orElse(false)) {
                standing.add(domain);
            }
        }
        return told ? Optional.of(standing) : Optional.empty();
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

    @Override
    public List<DomainSample> withoutMonitor(List<UUID> domains) throws StatsUnavailableException {
        try {
            long takenAtNanos = System.nanoTime();
            Optional<List<CpuTime>> read = cpuClocks.read(domains);
            if (read.isPresent()) {
                BesideTimes builder = new BesideTimes(domains, read.get(), takenAtNanos);
                return hypervisor.stats(domains, WITHOUT_MONITOR, true, builder::build);
            }
            List<StatsRecord> records = hypervisor.stats(domains, WITHOUT_MONITOR, true);
            Map<UUID, CpuTime> times = hypervisor.cpuTimes(domains);
            List<DomainSample> samples = new ArrayList<>(records.size());
            SampleBuilder builder = new SampleBuilder();
            for (StatsRecord record : records) {
                samples.add(builder.build(record, times.get(record.domain()), record.askedAtNanos()));
            }
            return samples;
        } catch (HypervisorException e) {
            throw unavailable(e);
        }
    }

    @Override
    public CpuAccount cpuAccount(UUID domain) throws StatsUnavailableException {
        try {
            CpuTime time = hypervisor.cpuTimes(List.of(domain)).get(domain);
            if (time == null) {
                throw new StatsUnavailableException(domain + " does not run", Why.FAILED, null);
            }
            return account(time, byHostCpus(domain));
        } catch (HypervisorException e) {
            throw unavailable(e);
        }
    }

    static CpuAccount account(CpuTime time, Optional<long[]> byHostCpus) {
        return new CpuAccount(
                time.controlGroup() ? CpuAccount.Source.CGROUP : CpuAccount.Source.PROC,
                time.nanos(),
                byHostCpus.isPresent()
                        ? OptionalLong.of(Arrays.stream(byHostCpus.get()).sum())
                        : OptionalLong.empty(),
                byHostCpus.map(nanos -> nanos.length).orElse(0));
    }

    private Optional<long[]> byHostCpus(UUID domain) throws HypervisorException {
        try {
            return Optional.of(hypervisor.cpuTimesByHostCpu(domain));
        } catch (HypervisorException e) {
            if (e.kind() == HypervisorException.Kind.UNSUPPORTED) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static StatsUnavailableException unavailable(HypervisorException e) {
        return new StatsUnavailableException(e.getMessage(), why(e), e);
    }

    /** Without libvirt's number it was not libvirt that refused: the call was not made. */
    private static Why why(HypervisorException e) {
        return switch (e.kind()) {
            case DISCONNECTED -> Why.CONNECTION_LOST;
            case BUSY -> e.number() == 0 ? Why.NO_CALL_FREE : Why.FAILED;
            case NO_SUCH_DOMAIN,
                    ALREADY_EXISTS,
                    INVALID_SPEC,
                    WRONG_STATE,
                    TIMED_OUT,
                    DENIED,
                    UNSUPPORTED,
                    EXHAUSTED,
                    FAILED -> Why.FAILED;
        };
    }
}
