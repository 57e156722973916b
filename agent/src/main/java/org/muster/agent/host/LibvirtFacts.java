package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.muster.libvirt.HostFacts;

/** What libvirtd says of the host, as far as the capabilities want it. Source of names and types: engine-contract 3.4. */
final class LibvirtFacts {
    private static final long KIB_PER_MIB = 1024;
    private static final long SMALL_PAGE_MOST_KIB = 64; // the largest size that pages have without being asked for
    private static final int NEAREST = 10;
    private static final int NUMBER_PER_MAJOR = 1_000_000;
    private static final int NUMBER_PER_MINOR = 1000;

    private final HostFacts facts;

    LibvirtFacts(HostFacts facts) {
        this.facts = facts;
    }

    void put(ObjectNode caps, KernelFacts kernel) {
        ObjectNode packages = caps.withObjectProperty("packages2");
        packages.putObject("libvirt")
                .put("version", version(facts.libvirtVersion()))
                .put("release", "0");
        packages.putObject("qemu-kvm")
                .put("version", version(facts.qemuVersion()))
                .put("release", "0");
        caps.put("hostname", facts.hostname());
        caps.put("uuid", facts.uuid());
        clusterLevels(caps.putArray("clusterLevels"));
        caps.put("kvmEnabled", Boolean.toString(facts.kvm()));
        caps.put("cpuModel", kernel.cpuName().orElse(facts.cpuModel()));
        caps.put("cpuFlags", String.join(",", flags(kernel)));
        if (facts.cpuMhz() > 0) {
            caps.put("cpuSpeed", String.format(Locale.ROOT, "%.2f", (double) facts.cpuMhz()));
        }
        facts.tscHz().ifPresent(hertz -> caps.put("tscFrequency", Long.toString(hertz)));
        facts.tscScaling().ifPresent(scaling -> caps.put("tscScaling", scaling));
        // the kernel's figure first: it is what free memory is told of, and libvirt adds up the cells, which may have
        // less
        caps.put("memSize", Long.toString(kernel.memoryKib().orElse(facts.memoryKib()) / KIB_PER_MIB));
        ArrayNode machines = caps.putArray("emulatedMachines");
        facts.machines().forEach(machines::add);
        topology(caps);
        cells(caps);
    }

    /** The levels whose features libvirt and QEMU have. */
    private void clusterLevels(ArrayNode levels) {
        List.of("4.2", "4.3", "4.4", "4.5", "4.6").forEach(levels::add);
        if (facts.libvirtVersion() >= 8 * NUMBER_PER_MAJOR) {
            levels.add("4.7");
        }
        if (facts.libvirtVersion() >= 10 * NUMBER_PER_MAJOR + 10 * NUMBER_PER_MINOR
                && facts.qemuVersion() >= 9 * NUMBER_PER_MAJOR + NUMBER_PER_MINOR) {
            levels.add("4.8");
        }
    }

    /** The kernel's names, libvirt's names, and a model_X for each CPU model that a guest can have here. */
    private Set<String> flags(KernelFacts kernel) {
        Set<String> flags = new LinkedHashSet<>(kernel.cpuFlags());
        flags.addAll(facts.cpuFeatures());
        flags.addAll(facts.guestFeatures());
        facts.usableModels().forEach(model -> flags.add("model_" + model));
        return flags;
    }

    /** Counted in the topology; a CPU that is offline has no place in it. */
    private void topology(ObjectNode caps) {
        ArrayNode topology = caps.putArray("cpuTopology");
        Set<Integer> sockets = new HashSet<>();
        Set<List<Integer>> cores = new HashSet<>();
        for (HostFacts.Cell cell : facts.numaCells()) {
            for (HostFacts.Cpu cpu : cell.cpus()) {
                if (cpu.socket() >= 0 && cpu.core() >= 0) {
                    int die = Math.max(0, cpu.die()); // libvirt leaves it out where there is but one
                    sockets.add(cpu.socket());
                    cores.add(List.of(cpu.socket(), die, cpu.core()));
                    topology.addObject()
                            .put("cpu_id", cpu.id())
                            .put("numa_cell_id", cell.id())
                            .put("socket_id", cpu.socket())
                            .put("die_id", die)
                            .put("core_id", cpu.core());
                }
            }
        }
        boolean told = !sockets.isEmpty();
        int socketsOfNode = facts.cells() * facts.socketsPerCell();
        caps.put("cpuSockets", Integer.toString(told ? sockets.size() : socketsOfNode));
        caps.put("cpuCores", Integer.toString(told ? cores.size() : socketsOfNode * facts.coresPerSocket()));
        caps.put("cpuThreads", Integer.toString(told ? topology.size() : facts.cpus()));
    }

    private void cells(ObjectNode caps) {
        ObjectNode nodes = caps.putObject("numaNodes");
        ObjectNode distances = caps.putObject("numaNodeDistance");
        for (HostFacts.Cell cell : facts.numaCells()) {
            String id = Integer.toString(cell.id());
            ObjectNode node = nodes.putObject(id);
            ArrayNode cpus = node.putArray("cpus");
            cell.cpus().stream().filter(cpu -> cpu.socket() >= 0).forEach(cpu -> cpus.add(cpu.id()));
            node.put("totalMemory", Long.toString(cell.memoryKib() / KIB_PER_MIB));
            ObjectNode pages = node.putObject("hugepages");
            cell.pages().forEach((size, count) -> {
                if (size > SMALL_PAGE_MOST_KIB) {
                    pages.putObject(size.toString()).put("totalPages", count);
                }
            });
            distances(id, cell, distances);
        }
    }

    /** In the order of the cells; a host of one cell may not tell, and is as near to itself as ACPI has it. */
    private void distances(String id, HostFacts.Cell cell, ObjectNode into) {
        List<Integer> all = facts.numaCells().stream()
                .map(other -> cell.distances().get(other.id()))
                .filter(Objects::nonNull)
                .toList();
        if (all.size() == facts.numaCells().size()) {
            ArrayNode list = into.putArray(id);
            all.forEach(list::add);
        } else if (facts.numaCells().size() == 1) {
            into.putArray(id).add(NEAREST);
        }
    }

    private static String version(long number) {
        return number / NUMBER_PER_MAJOR + "." + number / NUMBER_PER_MINOR % 1000 + "." + number % NUMBER_PER_MINOR;
    }
}
