package org.muster.agent.factors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and writes that this process and libvirtd have made, as the kernel counts them; other system calls it does not count.
 * Source: syscr and syscw of /proc/PID/io. Stateless.
 */
final class SystemCalls {
    private static final Logger LOG = LoggerFactory.getLogger(SystemCalls.class);
    private static final Set<String> DAEMONS = Set.of("libvirtd", "virtqemud");

    private final Path proc;

    SystemCalls(Path proc) {
        this.proc = proc;
    }

    OptionalLong own() {
        return count(proc.resolve("self/io"));
    }

    /** Empty when its process may not be looked into, or when there are several and nobody can tell which is ours. */
    OptionalLong libvirtd() {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> processes = Files.list(proc)) {
            for (Path process : (Iterable<Path>) processes::iterator) {
                if (Character.isDigit(process.getFileName().toString().charAt(0)) && DAEMONS.contains(name(process))) {
                    found.add(process);
                }
            }
        } catch (IOException e) {
            LOG.debug("processes cannot be listed: {}", e.toString());
        }
        return found.size() == 1 ? count(found.get(0).resolve("io")) : OptionalLong.empty();
    }

    private static String name(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) { // it has ended meanwhile
            LOG.trace("no name: {}", e.toString());
            return "";
        }
    }

    private static OptionalLong count(Path io) {
        try {
            long count = 0;
            for (String line : Files.readAllLines(io)) {
                if (line.startsWith("syscr: ") || line.startsWith("syscw: ")) {
                    count += Long.parseLong(line.substring("syscr: ".length()).strip());
                }
            }
            return OptionalLong.of(count);
        } catch (IOException | NumberFormatException e) {
            LOG.debug("{}: {}", io, e.toString());
            return OptionalLong.empty();
        }
    }
}
