package org.muster.sampling;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Where statistics come from: the port that sampling needs and somebody else plugs in.
 *
 * <p>Thread-safe; calls from different threads run side by side.
 */
public interface StatsSource {

    /**
     * Samples the given domains in one call.
     *
     * <p>Shape: one sample per domain that the hypervisor still has, in no order; a domain that is gone is missing. Blocks: for ever if one guest's
     * monitor, or its disk, does not answer and the groups reach it; the calling thread must be one that can be lost.
     *
     * @param skipBusy leaves out what needs the monitor for a domain whose job is already held (NOWAIT); it does not
     *     protect the first caller
     */
    List<DomainSample> sample(List<UUID> domains, Set<Group> groups, boolean skipBusy) throws StatsUnavailableException;

    /**
     * Samples what no guest can hold up with its monitor or disk: state, network counters and CPU time.
     *
     * <p>Shape: as {@link #sample}; a domain whose CPU time cannot be read has none. Blocks: only as long as somebody holds the
     * lock of one of the domains. Costs a call per domain, so it is for those that cannot be sampled.
     */
    List<DomainSample> withoutMonitor(List<UUID> domains) throws StatsUnavailableException;

    /**
     * Tells for each domain whether its monitor is free.
     *
     * <p>Shape: an entry per domain asked, in that order, unless it is gone. Blocks: at most {@code patience}, whatever the guests
     * do; those not answered for by then are {@link ControlState.Kind#NO_ANSWER}, or missing if they were not reached in time to
     * say that.
     */
    Map<UUID, ControlState> control(List<UUID> domains, Duration patience) throws StatsUnavailableException;

    /**
     * Tells whose emulators stand still, by the kernel's word: stopped, or waiting for a device and for nothing else.
     *
     * <p>It says whom to ask about first, and not who is to blame: a healthy one waits for moments, and one that hangs may look as if it ran.
     * Shape: those of {@code domains}; nothing at all if it cannot be told of any of them. Blocks: for nobody, but it reads files, some
     * microseconds for each domain.
     */
    Optional<Set<UUID>> standingStill(List<UUID> domains);

    /**
     * Asks for one disk's sizes.
     *
     * <p>Blocks: for ever if the guest's monitor or the disk does not answer.
     *
     * @param disk the disk's target, such as vda
     */
    BlockInfo blockInfo(UUID domain, String disk) throws StatsUnavailableException;

    /** Finds out with one running domain where CPU times come from. Blocks: as {@link #withoutMonitor}. */
    CpuAccount cpuAccount(UUID domain) throws StatsUnavailableException;
}
