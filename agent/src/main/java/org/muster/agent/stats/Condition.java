package org.muster.agent.stats;

import java.util.Optional;
import org.muster.agent.domain.Run;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState.Health;

/** In one word, why a VM's values come or do not come, and the same of the host. */
public enum Condition {
    OK("ok"),
    /** QEMU runs and its agent has the channel open, but does not answer. */
    AGENT_SILENT("agent-silent"),
    /** QEMU does not answer. */
    FROZEN("frozen"),
    /** A disk does not answer, or failed so that the guest was paused. */
    STORAGE_BLOCKED("storage-blocked"),
    /** libvirtd has been at work on the domain for long, or somebody keeps it from being asked. */
    BUSY("busy"),
    /** The host's: so many others hang that no more calls may be risked. */
    DEGRADED("degraded"),
    /** The host's: libvirtd answers, but calls do not get through. */
    SATURATED("saturated"),
    /** The host's: libvirtd does not answer, or is not there. */
    LIBVIRTD_DOWN("libvirtd-down");

    private final String word;

    Condition(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }

    public static Condition of(Health host) {
        return switch (host) {
            case OK -> OK;
            case DEGRADED -> DEGRADED;
            case SATURATED -> SATURATED;
            case DOWN -> LIBVIRTD_DOWN;
        };
    }

    /** What is the matter with the VM itself; the host's condition may be why more is not known of it. */
    public static Condition own(Vm vm, Optional<GuestStats> sample, boolean agentSilent) {
        Optional<GuestStats.Frozen> frozen = sample.flatMap(GuestStats::frozen);
        if (frozen.isPresent()) {
            return switch (frozen.get().cause()) {
                case MONITOR -> FROZEN;
                case STORAGE -> STORAGE_BLOCKED;
                case BUSY -> BUSY;
            };
        }
        if (vm.status() == VmStatus.PAUSED && diskFailed(vm.run())) {
            return STORAGE_BLOCKED;
        }
        return agentSilent ? AGENT_SILENT : OK;
    }

    private static boolean diskFailed(Run run) {
        return switch (run.pauseCode()) {
            case EIO, ENOSPC, EPERM -> true;
            case EOTHER -> run.diskFailure().isPresent();
            case NOERR, POSTCOPY -> false;
        };
    }

    /** Why the VM's values are as old as they are: its own condition, or the host's where that is the reason. */
    static Condition shown(Vm vm, Optional<GuestStats> sample, boolean agentSilent, Health host) {
        Condition own = own(vm, sample, agentSilent);
        boolean silent = sample.map(known -> !known.responsive()).orElse(false);
        return switch (host) {
            case DOWN -> LIBVIRTD_DOWN;
            case SATURATED -> own == OK || own == AGENT_SILENT ? SATURATED : own;
            case DEGRADED -> own == OK && silent ? DEGRADED : own;
            case OK -> own == OK && silent ? BUSY : own;
        };
    }
}
