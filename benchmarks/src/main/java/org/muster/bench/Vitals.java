package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What an agent's process holds at a moment when nothing is going on, after a full garbage collection.
 *
 * @param handles open files and sockets
 * @param nativeMib resident memory beside what is in use of the heap
 * @param heapMib what is in use of the heap
 */
record Vitals(int threads, int handles, double nativeMib, double heapMib) {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final double KIB_PER_MIB = 1024;
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");
    // "def new generation   total 9216K, used 1234K [...", one for every part of a heap
    private static final Pattern PART = Pattern.compile("total (\\d+)K, used (\\d+)K \\[");

    static Vitals of(long pid, Children children) throws BenchException, InterruptedException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        children.run(LIMIT, "", List.of(jcmd, Long.toString(pid), "GC.run"));
        String heap = children.run(LIMIT, "", List.of(jcmd, Long.toString(pid), "GC.heap_info"));
        double total = 0;
        double used = 0;
        for (Matcher part = PART.matcher(heap); part.find(); ) {
            total += Long.parseLong(part.group(1)) / KIB_PER_MIB;
            used += Long.parseLong(part.group(2)) / KIB_PER_MIB;
        }
        if (total == 0) {
            throw new BenchException("jcmd tells nothing of the heap: " + heap);
        }
        return new Vitals(count(pid, "task"), count(pid, "fd"), resident(pid) - used, used);
    }

    private static int count(long pid, String folder) throws BenchException {
        try (Stream<Path> entries = Files.list(Path.of("/proc", Long.toString(pid), folder))) {
            return (int) entries.count();
        } catch (IOException e) {
            throw new BenchException("cannot look into process " + pid + ": " + e.getMessage(), e);
        }
    }

    /** Resident memory of a process, in MiB. */
    static double resident(long pid) throws BenchException {
        try {
            Matcher line = RESIDENT.matcher(Files.readString(Path.of("/proc", Long.toString(pid), "status")));
            if (line.find()) {
                return Long.parseLong(line.group(1)) / KIB_PER_MIB;
            }
            throw new BenchException("no VmRSS of process " + pid);
        } catch (IOException e) {
            throw new BenchException("cannot look into process " + pid + ": " + e.getMessage(), e);
        }
    }
}
