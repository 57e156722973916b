package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * What is really so on a host, asked behind the agent's back: libvirt by virsh, QEMU and the kernel by /proc and /sys.
 *
 * <p>Every virsh has a deadline, so a check never hangs the test. Note that {@code virsh list} and all-domain
 * statistics do not answer while some frozen guest is being destroyed.
 */
public final class Truth {
    private static final Duration DEADLINE = Duration.ofSeconds(10);
    private static final int CLOCK_TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux x86-64

    private final PrivateHypervisor host;

    /** One row of what the agent reports; the status is Up, Paused, Down, or another, which is not judged. */
    public record Row(UUID id, String name, String status) {}

    /** @param state in virsh's words, such as running, paused, shut off; empty if it did not answer in time */
    public record Domain(UUID id, String name, Optional<String> state) {
        private boolean is(String word) {
            return state.filter(word::equals).isPresent();
        }
    }

    private Truth(PrivateHypervisor host) {
        this.host = host;
    }

    public static Truth of(PrivateHypervisor host) {
        return new Truth(host);
    }

    /** Every domain that libvirt knows, running or only defined. */
    public List<Domain> domains() {
        // One listing for the pairs of UUID and name: two listings could differ.
        return virsh("list", "--all", "--uuid", "--name").lines().stream()
                .map(line -> line.split("\\s+", 2))
                .map(pair -> new Domain(UUID.fromString(pair[0]), pair[1].strip(), stateOf(pair[0])))
                .toList();
    }

    /** Libvirt's state and reason of a domain, such as {@code running (booted)}; empty when there is no such domain. */
    public Optional<String> stateAndReason(String nameOrUuid) {
        Shell.Result result = virshUnchecked("domstate", "--reason", nameOrUuid);
        return result.ok() ? Optional.of(result.output().strip()) : Optional.empty();
    }

    /** Statistics of a domain, by virsh's names; the options choose groups, such as {@code --block}. */
    public Map<String, String> domstats(String nameOrUuid, String... options) {
        var arguments = new ArrayList<>(List.of("domstats", "--raw"));
        arguments.addAll(List.of(options));
        arguments.add(nameOrUuid);
        var stats = new HashMap<String, String>();
        for (String line : virsh(arguments.toArray(String[]::new)).lines()) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                stats.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return Map.copyOf(stats);
    }

    /** CPU time of a process by the kernel's account, user and system together, to 10 ms. */
    public static Duration cpuTime(long pid) {
        String stat = read(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        long ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        return Duration.ofMillis(ticks * 1000 / CLOCK_TICKS_PER_SECOND);
    }

    /** Bytes a process has handed to write calls, by the kernel's account. */
    public static long bytesWritten(long pid) {
        return read(Path.of("/proc/" + pid + "/io"))
                .lines()
                .filter(line -> line.startsWith("wchar: "))
                .mapToLong(line -> Long.parseLong(line.substring(7)))
                .findFirst()
                .orElseThrow();
    }

    /** The kernel's counter of a tap device on the host, such as rx_bytes; rx on the host's side is tx of the guest. */
    public long tapStatistic(String tap, String counter) {
        return Long.parseLong(host.inside(DEADLINE, "cat", "/sys/class/net/" + tap + "/statistics/" + counter)
                .strip());
    }

    /** The QEMU processes of the host, by the UUID on their command line. */
    public Map<UUID, List<Long>> qemuPids() {
        var pids = new HashMap<UUID, List<Long>>();
        for (long pid : host.members()) {
            uuidOfQemu(pid)
                    .ifPresent(id ->
                            pids.computeIfAbsent(id, any -> new ArrayList<>()).add(pid));
        }
        return Map.copyOf(pids);
    }

    /**
     * Every way in which a table contradicts libvirt and QEMU, one sentence each; empty when it is right.
     *
     * <p>A domain in transition may be reported in its old or new state: poll with {@link #awaitAgreement}.
     */
    public List<String> differences(List<Row> table) {
        var found = new ArrayList<String>();
        List<Domain> domains = domains();
        Map<UUID, List<Long>> qemu = qemuPids();
        for (Row row : table) {
            if (table.stream().filter(other -> other.id().equals(row.id())).count() > 1) {
                found.add(row + " is reported more than once");
            }
            if (row.status().equals("Up")
                    && domains.stream().noneMatch(d -> d.id().equals(row.id()) && d.is("running"))) {
                found.add(row + " is reported Up, libvirt has it " + stateIn(domains, row.id()));
            }
            if (row.status().equals("Paused")
                    && domains.stream().noneMatch(d -> d.id().equals(row.id()) && d.is("paused"))) {
                found.add(row + " is reported Paused, libvirt has it " + stateIn(domains, row.id()));
            }
        }
        for (Domain domain : domains) {
            if (domain.is("running") || domain.is("paused")) {
                judgeActive(domain, table, qemu.getOrDefault(domain.id(), List.of()), found);
            }
        }
        qemu.forEach((id, pids) -> {
            // whatever libvirt says of it, for that may be wrong too
            if (table.stream()
                    .anyMatch(row -> row.id().equals(id) && row.status().equals("Down"))) {
                found.add(id + " is reported Down, and QEMU " + pids + " runs it");
            }
            if (pids.size() > 1) {
                found.add("two QEMU processes or more for " + id + ": " + pids);
            }
            if (domains.stream().noneMatch(domain -> domain.id().equals(id))) {
                found.add("QEMU " + pids + " runs " + id + ", which libvirt does not know");
            }
        });
        return found;
    }

    /** Returns when the table agrees; throws {@link AssertionError} with the last differences at the deadline. */
    public void awaitAgreement(Supplier<List<Row>> table, Duration deadline) {
        var last = new ArrayList<String>();
        try {
            Await.until("the table agrees with libvirt", deadline, () -> {
                last.clear();
                last.addAll(differences(table.get()));
                return last.isEmpty();
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ":\n  " + String.join("\n  ", last), e);
        }
    }

    private static void judgeActive(Domain domain, List<Row> table, List<Long> pids, List<String> found) {
        Optional<Row> row =
                table.stream().filter(r -> r.id().equals(domain.id())).findFirst();
        if (row.isEmpty()) {
            found.add(domain + " is not reported");
        } else if (row.get().status().equals("Down")) {
            found.add(domain + " is reported Down");
        } else if (!row.get().name().equals(domain.name())) {
            found.add(domain + " is reported with the name " + row.get().name());
        }
        if (pids.isEmpty()) {
            found.add(domain + " has no QEMU process");
        }
    }

    private static String stateIn(List<Domain> domains, UUID id) {
        return domains.stream()
                .filter(domain -> domain.id().equals(id))
                .map(domain -> domain.state().orElse("without an answer"))
                .findFirst()
                .orElse("not at all");
    }

    private Optional<String> stateOf(String uuid) {
        Shell.Result result = virshUnchecked("domstate", uuid);
        return result.ok() ? Optional.of(result.output().strip()) : Optional.empty();
    }

    private static Optional<UUID> uuidOfQemu(long pid) {
        List<String> arguments;
        try {
            arguments = List.of(
                    Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"));
        } catch (IOException e) {
            return Optional.empty(); // ended meanwhile
        }
        int at = arguments.indexOf("-uuid");
        return at >= 0 && at + 1 < arguments.size()
                ? Optional.of(UUID.fromString(arguments.get(at + 1)))
                : Optional.empty();
    }

    private Shell.Result virsh(String... arguments) {
        return Shell.check(DEADLINE, host.virshCommand(arguments));
    }

    private Shell.Result virshUnchecked(String... arguments) {
        return Shell.run(DEADLINE, host.virshCommand(arguments));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
