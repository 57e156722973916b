package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The host's memory: free, swap, merged and huge pages, per cell. Source: /proc/meminfo, /sys/kernel/mm,
 * /sys/devices/system/node.
 *
 * <p>Stateless but for the tree.
 */
final class MemoryStats {
    private static final long KIB_PER_MIB = 1024;
    private static final long BYTES_PER_MIB = 1 << 20;
    private static final int MOST_DIGITS = 15;
    private static final Pattern CHOSEN = Pattern.compile("\\[(always|madvise|never)]");
    private static final Pattern CELL = Pattern.compile("node\\d{1,5}");
    private static final Pattern SIZE = Pattern.compile("hugepages-(\\d{1,12})kB");
    private static final List<String> PAGE_COUNTERS = List.of(
            "nr_hugepages",
            "nr_hugepages_mempolicy",
            "nr_overcommit_hugepages",
            "free_hugepages",
            "resv_hugepages",
            "surplus_hugepages");

    private final HostRoot root;
    private final OptionalLong pageBytes;

    /** @param pageBytes of a small page, which KSM counts in; empty if nobody knows */
    MemoryStats(HostRoot root, OptionalLong pageBytes) {
        this.root = root;
        this.pageBytes = pageBytes;
    }

    void put(ObjectNode stats) {
        Map<String, Long> info = meminfo(root.lines("proc/meminfo"));
        memory(stats, info);
        ksm(stats);
        root.text("sys/kernel/mm/transparent_hugepage/enabled")
                .map(CHOSEN::matcher)
                .filter(Matcher::find)
                .ifPresent(chosen -> stats.put("thpState", chosen.group(1)));
        hugePages(stats);
        cells(stats);
    }

    private static void memory(ObjectNode stats, Map<String, Long> info) {
        long total = info.getOrDefault("MemTotal", 0L);
        long free =
                info.getOrDefault("MemFree", 0L) + info.getOrDefault("Buffers", 0L) + info.getOrDefault("Cached", 0L);
        stats.put("memFree", Long.toString(free / KIB_PER_MIB));
        if (total > 0) {
            stats.put("memUsed", Long.toString(100 - Math.min(100, 100 * free / total)));
        }
        if (info.containsKey("MemAvailable")) {
            stats.put("memAvailable", info.get("MemAvailable") / KIB_PER_MIB);
        }
        stats.put("swapTotal", info.getOrDefault("SwapTotal", 0L) / KIB_PER_MIB);
        stats.put("swapFree", info.getOrDefault("SwapFree", 0L) / KIB_PER_MIB);
        stats.put("anonHugePages", Long.toString(info.getOrDefault("AnonHugePages", 0L) / KIB_PER_MIB));
    }

    /** A kernel without KSM shares nothing and runs nothing: zeros are the truth then. */
    private void ksm(ObjectNode stats) {
        String ksm = "sys/kernel/mm/ksm/";
        long shared = root.number(ksm + "pages_sharing").orElse(0);
        if (shared == 0 || pageBytes.isPresent()) {
            stats.put("memShared", shared * pageBytes.orElse(0) / BYTES_PER_MIB);
        }
        stats.put("ksmState", root.number(ksm + "run").orElse(0) == 1);
        stats.put(
                "ksmPages",
                Math.min(Integer.MAX_VALUE, root.number(ksm + "pages_to_scan").orElse(0)));
        stats.put("ksmMergeAcrossNodes", root.number(ksm + "merge_across_nodes").orElse(0) == 1);
    }

    private void hugePages(ObjectNode stats) {
        ObjectNode all = stats.putObject("hugepages");
        String folder = "sys/kernel/mm/hugepages";
        for (String name : root.names(folder)) {
            Matcher size = SIZE.matcher(name);
            if (size.matches()) {
                ObjectNode pages = all.putObject(size.group(1));
                for (String counter : PAGE_COUNTERS) {
                    OptionalLong value = root.number(folder + "/" + name + "/" + counter);
                    value.ifPresent(number -> pages.put(counter, number));
                }
                // what is reserved has been promised to somebody and is no longer there for a new guest
                long free = pages.path("free_hugepages").asLong()
                        - pages.path("resv_hugepages").asLong();
                pages.put("vm.free_hugepages", Math.max(0, free));
            }
        }
    }

    private void cells(ObjectNode stats) {
        ObjectNode cells = stats.putObject("numaNodeMemFree");
        for (int id : cellIds(root)) {
            String folder = "sys/devices/system/node/node" + id;
            Map<String, Long> info = meminfo(root.lines(folder + "/meminfo"));
            long total = info.getOrDefault("MemTotal", 0L);
            if (!info.containsKey("MemFree")) {
                continue;
            }
            ObjectNode cell = cells.putObject(Integer.toString(id));
            cell.put("memFree", Long.toString(info.get("MemFree") / KIB_PER_MIB));
            // a cell of CPUs alone has no memory that could be free
            cell.put("memPercent", total == 0 ? 100 : (int) (100 - 100 * info.get("MemFree") / total));
            ObjectNode sizes = cell.putObject("hugepages");
            for (String name : root.names(folder + "/hugepages")) {
                Matcher size = SIZE.matcher(name);
                if (size.matches()) {
                    root.number(folder + "/hugepages/" + name + "/free_hugepages")
                            .ifPresent(free -> sizes.putObject(size.group(1)).put("freePages", free));
                }
            }
        }
    }

    /** The NUMA cells that the kernel has, in order. */
    static List<Integer> cellIds(HostRoot root) {
        return root.names("sys/devices/system/node").stream()
                .filter(name -> CELL.matcher(name).matches())
                .map(name -> Integer.valueOf(name.substring("node".length())))
                .sorted()
                .toList();
    }

    /** Lines such as {@code MemFree: 12 kB}, in KiB. */
    private static Map<String, Long> meminfo(List<String> lines) {
        Map<String, Long> values = new HashMap<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon > 0) { // a cell's lines have "Node 0 " before the name
                OptionalLong value = firstNumber(line, colon + 1);
                String name = line.substring(line.lastIndexOf(' ', colon) + 1, colon);
                value.ifPresent(kib -> values.put(name, kib));
            }
        }
        return values;
    }

    /** The number that comes after blanks; by hand, since these files are read for ever and a pattern costs ten times as much. */
    private static OptionalLong firstNumber(String line, int from) {
        int at = from;
        while (at < line.length() && line.charAt(at) == ' ') {
            at++;
        }
        int end = at;
        while (end < line.length() && end - at < MOST_DIGITS && Character.isDigit(line.charAt(end))) {
            end++;
        }
        return end == at ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(line, at, end, 10));
    }

    /** Sizes of huge pages that the kernel can make, in KiB. */
    static List<Long> hugePageSizes(HostRoot root) {
        return root.names("sys/kernel/mm/hugepages").stream()
                .map(SIZE::matcher)
                .filter(Matcher::matches)
                .map(size -> Long.valueOf(size.group(1)))
                .sorted()
                .toList();
    }
}
