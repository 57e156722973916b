package org.muster.agent.factors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
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
    private final Supplier<OptionalLong> daemonPid;

    /** @param daemonPid who listens where the hypervisor is reached; empty if there is no such process on this machine */
    SystemCalls(Path proc, Supplier<OptionalLong> daemonPid) {
        this.proc = proc;
        this.daemonPid = daemonPid;
    }

    OptionalLong own() {
        return count(proc.resolve("self/io"));
    }

    /** Empty when its process may not be looked into, or when nobody can tell which it is. */
    OptionalLong libvirtd() {
        OptionalLong listener = daemonPid.get();
        if (listener.isEmpty()) {
            return OptionalLong.empty();
        }
        Path process = proc.resolve(Long.toString(listener.getAsLong()));
        return DAEMONS.contains(name(process)) ? count(process.resolve("io")) : activated();
    }

    /** Where systemd listens for it: the only one that there is. */
    private OptionalLong activated() {
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

    /** Empty if one of the two counts is. */
    static OptionalDouble perCall(OptionalLong before, OptionalLong after, int calls) {
        return before.isPresent() && after.isPresent()
                ? OptionalDouble.of((after.getAsLong() - before.getAsLong()) / (double) calls)
                : OptionalDouble.empty();
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
