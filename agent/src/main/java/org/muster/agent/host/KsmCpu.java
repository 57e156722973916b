package org.muster.agent.host;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * How much of one CPU the kernel's ksmd takes. Source: /proc/PID/stat.
 *
 * <p>Confined to host-stats.
 */
final class KsmCpu {
    private static final long NANOS_PER_TICK = 10_000_000; // USER_HZ is 100 in the kernel's interface to programs
    private static final int UTIME = 11; // counted after the name, which may hold blanks
    private static final int STIME = 12;
    private static final Pattern PID = Pattern.compile("\\d{1,10}");

    private final HostRoot root;
    private final Optional<String> pid;
    private OptionalLong lastTicks = OptionalLong.of(0); // at boot, when both counts began
    private long lastAtNanos;

    KsmCpu(HostRoot root) {
        this.root = root;
        // a kernel thread of the boot: its pid never changes
        this.pid = root.names("proc").stream()
                .filter(name -> PID.matcher(name).matches())
                .filter(name -> root.probe("proc/" + name + "/comm").equals(Optional.of("ksmd")))
                .findFirst();
    }

    /**
     * Percent of one CPU since the last call, since boot on the first; 0 where there is no ksmd.
     *
     * @param atNanos time since boot
     */
    int percent(long atNanos) {
        OptionalLong ticks = ticks();
        int percent = 0;
        if (ticks.isPresent() && lastTicks.isPresent() && atNanos > lastAtNanos) {
            long nanos = (ticks.getAsLong() - lastTicks.getAsLong()) * NANOS_PER_TICK;
            percent = (int) Math.min(100, Math.max(0, Math.round(100.0 * nanos / (atNanos - lastAtNanos))));
        }
        lastTicks = ticks;
        lastAtNanos = atNanos;
        return percent;
    }

    private OptionalLong ticks() {
        return pid.flatMap(p -> root.probe("proc/" + p + "/stat"))
                .map(stat -> stat.substring(stat.lastIndexOf(')') + 1).strip().split(" "))
                .filter(words -> words.length > STIME)
                .map(words -> OptionalLong.of(Long.parseLong(words[UTIME]) + Long.parseLong(words[STIME])))
                .orElse(OptionalLong.empty());
    }
}
