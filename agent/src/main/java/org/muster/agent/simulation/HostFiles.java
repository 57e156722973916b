package org.muster.agent.simulation;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.muster.libvirt.HostFacts;

/**
 * What the kernel of a simulated host says of its CPUs and memory, in the kernel's own files, so that the agent reads them as it reads
 * any host's. Thread-safe.
 */
final class HostFiles {
    /** What is below these is only what is made here: the real machine has other CPUs and cells. */
    static final List<String> PLACES = List.of(
            "proc/stat",
            "proc/meminfo",
            "proc/loadavg",
            "sys/devices/system/cpu",
            "sys/devices/system/node",
            "sys/kernel/mm");

    private static final String KSM = "sys/kernel/mm/ksm/";
    private static final String NODE = "sys/devices/system/node/node";
    private static final int TICKS = 100; // a second, in the kernel's interface to programs
    private static final int OWN_PART = 50; // of its memory that the host needs for itself
    private static final int SYSTEM_PART = 10; // of what its CPUs do that is the kernel's

    private final HostFacts facts;
    private final HostUse use;
    private final long bootedAtSeconds;

    HostFiles(HostFacts facts, HostUse use, Instant bootedAt) {
        this.facts = facts;
        this.use = use;
        this.bootedAtSeconds = bootedAt.getEpochSecond();
    }

    /**
     * By path from the root; each made when it is read.
     *
     * @param mergesAcross whether libvirtd was told to have pages of different cells merged
     */
    Map<String, Supplier<String>> all(Supplier<Boolean> mergesAcross) {
        Map<String, Supplier<String>> files = new LinkedHashMap<>();
        files.put("proc/stat", this::stat);
        files.put("proc/meminfo", () -> memory("", 1) + "SwapTotal: 0 kB\nSwapFree: 0 kB\nAnonHugePages: 0 kB\n");
        files.put("proc/loadavg", this::load);
        files.put("sys/devices/system/cpu/online", () -> "0-" + (facts.cpus() - 1));
        for (HostFacts.Cell cell : facts.numaCells()) {
            String cpus = String.join(
                    ",",
                    cell.cpus().stream().map(cpu -> Integer.toString(cpu.id())).toList());
            files.put(NODE + cell.id() + "/cpulist", () -> cpus);
            files.put(
                    NODE + cell.id() + "/meminfo",
                    () -> memory("Node " + cell.id() + " ", facts.numaCells().size()));
        }
        files.put(KSM + "run", () -> "0");
        files.put(KSM + "pages_to_scan", () -> "100");
        files.put(KSM + "pages_sharing", () -> "0");
        files.put(KSM + "merge_across_nodes", () -> mergesAcross.get() ? "1" : "0");
        files.put("sys/kernel/mm/transparent_hugepage/enabled", () -> "always [madvise] never");
        return files;
    }

    private String stat() {
        HostUse.Moment now = use.now();
        StringBuilder text = new StringBuilder();
        ticks("cpu ", now, 1, text);
        for (int cpu = 0; cpu < facts.cpus(); cpu++) { // guests use all alike
            ticks("cpu" + cpu, now, facts.cpus(), text);
        }
        return text.append("btime ").append(bootedAtSeconds).append('\n').toString();
    }

    private static void ticks(String name, HostUse.Moment now, int parts, StringBuilder to) {
        long busy = (long) (now.busySeconds() * TICKS / parts);
        long system = busy / SYSTEM_PART;
        long idle = (long) (now.idleSeconds() * TICKS / parts);
        to.append(name)
                .append(' ')
                .append(busy - system)
                .append(" 0 ")
                .append(system)
                .append(' ');
        to.append(idle).append(" 0 0 0 0 0 0\n");
    }

    private String load() {
        return String.format(
                Locale.ROOT, "%1$.2f %1$.2f %1$.2f 1/100 1", use.now().load());
    }

    /** Guests are spread over the cells alike. */
    private String memory(String prefix, int parts) {
        long all = facts.memoryKib();
        long used = Math.min(all, all / OWN_PART + use.now().guestKib());
        StringBuilder text = new StringBuilder();
        for (String name : List.of("MemTotal", "MemFree", "MemAvailable")) {
            long kib = (name.equals("MemTotal") ? all : all - used) / parts;
            text.append(prefix).append(name).append(": ").append(kib).append(" kB\n");
        }
        return text.toString();
    }
}
