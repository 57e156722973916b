package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * CPU time that each thread of a process has used so far, as the kernel's scheduler counts it: to the nanosecond, where
 * {@code /proc/PID/stat} counts in hundredths of a second.
 *
 * @param nanos by thread
 */
record ThreadTimes(Map<Task, Long> nanos) {
    /** @param name at most 15 characters of it, which is what the kernel keeps */
    record Task(long id, String name) {}

    static ThreadTimes of(long pid) throws BenchException {
        Map<Task, Long> nanos = new HashMap<>();
        try (Stream<Path> folders = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path folder : (Iterable<Path>) folders::iterator) {
                read(folder, nanos);
            }
        } catch (IOException | NumberFormatException e) {
            throw new BenchException("CPU times of process " + pid + " cannot be read: " + e.getMessage(), e);
        }
        return new ThreadTimes(Map.copyOf(nanos));
    }

    private static void read(Path folder, Map<Task, Long> nanos) throws IOException {
        try {
            String name = Files.readString(folder.resolve("comm")).strip();
            String ran = Files.readString(folder.resolve("schedstat")).split(" ")[0];
            nanos.put(new Task(Long.parseLong(folder.getFileName().toString()), name), Long.parseLong(ran));
        } catch (IOException e) {
            if (Files.exists(folder)) {
                throw e; // a kernel without scheduler statistics, rather than a thread that has ended
            }
        }
    }

    /** How many threads there are, but for those that our own questions brought. */
    int count() {
        return (int) nanos.keySet().stream()
                .filter(thread -> !AgentBeans.isOurs(thread.name()))
                .count();
    }

    /** Seconds that the process has used since, without the threads of those names. */
    double secondsSince(ThreadTimes earlier, List<String> without) {
        long sum = 0;
        for (Map.Entry<Task, Long> thread : nanos.entrySet()) {
            if (!without.contains(thread.getKey().name())) {
                sum += thread.getValue() - earlier.nanos.getOrDefault(thread.getKey(), 0L);
            }
        }
        return sum / 1e9;
    }
}
