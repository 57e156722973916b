package org.muster.agent.ops;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.PauseCode;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;

/**
 * A VM as a line of the status page.
 *
 * @param concern how much it needs to be looked at: 0 nothing is wrong, 3 it hangs
 * @param trouble what is wrong, in words; empty if nothing is
 * @param cpuPercent of one host CPU
 * @param ageNanos of the oldest of the values here
 */
record GuestRow(
        UUID id,
        String name,
        String status,
        int concern,
        String trouble,
        OptionalInt vcpus,
        OptionalDouble cpuPercent,
        OptionalLong memoryKib,
        OptionalLong ageNanos) {
    private static final int FROZEN = 3;
    private static final int SILENT = 2;
    private static final int TOLD = 1;

    static GuestRow of(Vm vm, String status, Optional<GuestStats> stats, long nowNanos) {
        Optional<GuestStats.Frozen> frozen = stats.flatMap(GuestStats::frozen);
        boolean silent = stats.filter(known -> !known.responsive()).isPresent();
        String trouble = frozen.map(kept -> frozen(kept, nowNanos))
                .orElseGet(() -> silent ? "nothing new is known of it" : reason(vm));
        return new GuestRow(
                vm.id(),
                vm.name(),
                status,
                frozen.isPresent() ? FROZEN : silent ? SILENT : trouble.isEmpty() ? 0 : TOLD,
                trouble,
                vcpus(stats),
                stats.map(CpuHistory::percent).orElse(OptionalDouble.empty()),
                stats.flatMap(GuestStats::memory)
                        .map(memory -> memory.balloon().currentKib())
                        .orElse(OptionalLong.empty()),
                stats.map(known -> age(known, nowNanos)).orElse(OptionalLong.empty()));
    }

    private static OptionalInt vcpus(Optional<GuestStats> stats) {
        return stats.flatMap(GuestStats::vcpus).map(GuestStats.Vcpus::count).orElse(OptionalInt.empty());
    }

    private static String frozen(GuestStats.Frozen frozen, long nowNanos) {
        String what = switch (frozen.cause()) {
            case MONITOR -> "its emulator does not answer";
            case STORAGE -> "a disk of its does not answer";
            case BUSY -> "libvirtd is busy with it";
        };
        return "frozen for " + Duration.ofNanos(nowNanos - frozen.sinceNanos()).toSeconds() + " s: " + what;
    }

    private static String reason(Vm vm) {
        if (vm.status() == VmStatus.DOWN) {
            return vm.exit().filter(ExitInfo::error).map(ExitInfo::message).orElse("");
        }
        PauseCode paused = vm.run().pauseCode();
        if (vm.status() == VmStatus.PAUSED && paused != PauseCode.NOERR) {
            return "paused: " + paused.name().toLowerCase(Locale.ROOT);
        }
        return vm.statusReason();
    }

    private static OptionalLong age(GuestStats stats, long nowNanos) {
        OptionalLong cpu = stats.ageNanos(nowNanos, Group.CPU_TOTAL);
        OptionalLong memory = stats.ageNanos(nowNanos, Group.BALLOON);
        if (cpu.isEmpty() || memory.isEmpty()) {
            return cpu.isEmpty() ? memory : cpu;
        }
        return OptionalLong.of(Math.max(cpu.getAsLong(), memory.getAsLong()));
    }

    /** @param words in lower case; empty matches all */
    boolean matches(String words) {
        return words.isEmpty()
                || name.toLowerCase(Locale.ROOT).contains(words)
                || status.toLowerCase(Locale.ROOT).contains(words)
                || id.toString().startsWith(words);
    }
}
