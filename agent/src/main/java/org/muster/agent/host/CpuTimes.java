package org.muster.agent.host;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;

/**
 * What CPUs have done since boot, in clock ticks. Source: /proc/stat.
 *
 * @param host all CPUs together
 * @param cpus by number, those that are online
 */
record CpuTimes(Ticks host, Map<Integer, Ticks> cpus) {

    /** At boot. */
    static final CpuTimes NONE = new CpuTimes(Ticks.NONE, Map.of());

    /**
     * @param user in processes, guests included
     * @param sys in the kernel, for interrupts, or taken away by a hypervisor below us
     * @param idle with nothing to do, or waiting for disks
     */
    record Ticks(long user, long sys, long idle) {
        static final Ticks NONE = new Ticks(0, 0, 0);

        /** What was done since {@code before}; the kernel lets idle counters go back a little. */
        Ticks since(Ticks before) {
            return new Ticks(
                    Math.max(0, user - before.user), Math.max(0, sys - before.sys), Math.max(0, idle - before.idle));
        }

        Ticks plus(Ticks other) {
            return new Ticks(user + other.user, sys + other.sys, idle + other.idle);
        }

        long total() {
            return user + sys + idle;
        }
    }

    static CpuTimes parse(List<String> stat) {
        Ticks host = Ticks.NONE;
        Map<Integer, Ticks> cpus = new HashMap<>();
        for (String line : stat) {
            if (!line.startsWith("cpu")) {
                break; // they come first; what follows, the interrupts above all, is long
            }
            StringTokenizer words = new StringTokenizer(line);
            String name = words.nextToken();
            if (name.equals("cpu")) {
                host = ticks(words);
            } else if (name.length() > "cpu".length() && Character.isDigit(name.charAt("cpu".length()))) {
                cpus.put(Integer.parseInt(name.substring("cpu".length())), ticks(words));
            }
        }
        return new CpuTimes(host, Map.copyOf(cpus));
    }

    /** cpu user nice system idle iowait irq softirq steal …; guest time is contained in user. */
    private static Ticks ticks(StringTokenizer words) {
        long[] values = new long[9];
        for (int i = 1; i < values.length && words.hasMoreTokens(); i++) {
            values[i] = Long.parseLong(words.nextToken());
        }
        return new Ticks(values[1] + values[2], values[3] + values[6] + values[7] + values[8], values[4] + values[5]);
    }
}
