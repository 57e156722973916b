package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What rigs have left behind on this machine, whoever started them; a rig that runs is a leftover too. */
public final class Leftovers {
    private Leftovers() {}

    /** Throws {@link AssertionError} naming everything that is left of rigs whose directory starts with this path. */
    public static void assertNone(Path prefix) {
        List<String> found = find(prefix);
        if (!found.isEmpty()) {
            throw new AssertionError("left behind by " + prefix + "*:\n  " + String.join("\n  ", found));
        }
    }

    /** As {@link #assertNone(Path)} for one rig that was closed. */
    public static void assertNone(PrivateHypervisor closed) {
        assertNone(closed.directory());
    }

    /** Processes, mounts, network namespaces and directories that are left, one sentence each. */
    public static List<String> find(Path prefix) {
        var found = new ArrayList<String>();
        // The mark is in the mount table of every process of a rig, QEMU and FUSE servers included.
        eachProcess(pid -> {
            if (read("/proc/" + pid + "/mountinfo").contains(" muster-rig:" + prefix)) {
                found.add("process " + pid + ": "
                        + read("/proc/" + pid + "/cmdline").replace('\0', ' ').strip());
            }
        });
        read("/proc/self/mountinfo")
                .lines()
                .filter(line -> line.contains(" " + prefix))
                .forEach(line -> found.add("mount: " + line));
        String name = prefix.getFileName().toString();
        for (String namespace : list(Path.of("/run/netns"))) {
            // A hub belongs to a subnet, not to a directory; it is a leftover once no port is in it.
            boolean emptyHub =
                    namespace.startsWith("mrhub-") && ports(namespace).isEmpty();
            if (namespace.startsWith(name) || emptyHub) {
                found.add("network namespace " + namespace);
            }
        }
        list(prefix.getParent()).stream()
                .filter(entry -> entry.startsWith(name))
                .forEach(entry -> found.add("directory " + prefix.resolveSibling(entry)));
        return found;
    }

    private static List<String> ports(String namespace) {
        return Shell.run(Duration.ofSeconds(5), List.of("ip", "-n", namespace, "-o", "link", "show", "type", "veth"))
                .lines();
    }

    private static void eachProcess(Consumer<String> action) {
        list(Path.of("/proc")).stream().filter(name -> name.matches("[0-9]+")).forEach(action);
    }

    private static List<String> list(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            return ""; // a process that ended meanwhile
        }
    }
}
