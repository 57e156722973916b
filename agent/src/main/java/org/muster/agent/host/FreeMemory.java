package org.muster.agent.host;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory the host could give to guests right now.
 *
 * @param availableKib what the kernel thinks it can free, and free swap; without huge pages. Empty if it does not say
 * @param hugePagesKib by the size of a page in KiB: free and not promised to anybody, and what the kernel may add on demand
 * @param hugePagesKnown false if the kernel does not tell of huge pages at all
 * @param defaultPageKib the size of huge page that is taken where none is named
 */
public record FreeMemory(
        OptionalLong availableKib, Map<Long, Long> hugePagesKib, boolean hugePagesKnown, OptionalLong defaultPageKib) {
    private static final String POOLS = "sys/kernel/mm/hugepages";
    private static final Pattern POOL = Pattern.compile("hugepages-(\\d{1,12})kB");
    private static final Pattern LINE = Pattern.compile("(\\w+):\\s+(\\d{1,15}) kB");

    public FreeMemory {
        hugePagesKib = Map.copyOf(hugePagesKib);
    }

    /** Reads a few files of the kernel's that wait for nothing. */
    public static FreeMemory read(HostRoot root) {
        Map<String, Long> info = new HashMap<>();
        for (String line : root.lines("proc/meminfo")) {
            Matcher matcher = LINE.matcher(line.trim());
            if (matcher.matches()) {
                info.put(matcher.group(1), Long.parseLong(matcher.group(2)));
            }
        }
        Long available = info.get("MemAvailable");
        Long page = info.get("Hugepagesize");
        return new FreeMemory(
                available == null
                        ? OptionalLong.empty()
                        : OptionalLong.of(available + info.getOrDefault("SwapFree", 0L)),
                pools(root),
                root.exists(POOLS),
                page == null ? OptionalLong.empty() : OptionalLong.of(page));
    }

    private static Map<Long, Long> pools(HostRoot root) {
        Map<Long, Long> free = new HashMap<>();
        for (String name : root.names(POOLS)) {
            Matcher matcher = POOL.matcher(name);
            if (matcher.matches()) {
                long size = Long.parseLong(matcher.group(1));
                long promised = count(root, name, "resv_hugepages");
                long addable = count(root, name, "nr_overcommit_hugepages") - count(root, name, "surplus_hugepages");
                long pages = count(root, name, "free_hugepages") - promised + Math.max(0, addable);
                free.put(size, Math.max(0, pages) * size);
            }
        }
        return free;
    }

    private static long count(HostRoot root, String pool, String what) {
        return root.number(POOLS + "/" + pool + "/" + what).orElse(0);
    }
}
