package org.muster.agent.host;

import java.util.ArrayList;
import java.util.List;

/** The kernel's way to write sets of CPUs: {@code 0-3,8,10-11}. */
final class CpuList {
    private static final int MOST_CPUS = 8192; // NR_CPUS of the largest kernels

    private CpuList() {}

    /** The CPUs in order; parts of another shape are left out. */
    static List<Integer> parse(String text) {
        List<Integer> cpus = new ArrayList<>();
        for (String part : text.strip().split(",")) {
            if (part.matches("\\d{1,6}(-\\d{1,6})?")) {
                String[] ends = part.split("-");
                int last = Math.min(MOST_CPUS - 1, Integer.parseInt(ends[ends.length - 1]));
                for (int cpu = Integer.parseInt(ends[0]); cpu <= last; cpu++) {
                    cpus.add(cpu);
                }
            }
        }
        return cpus;
    }
}
