package org.muster.agent.lifecycle;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answer to Host.getCapabilities: only what is known for true, read from libvirtd and the kernel, never guessed.
 * Source of names and types: engine-contract 3.4.
 *
 * <p>{@link #refresh} blocks in libvirtd, seconds long on a fresh one; {@link #current} answers from memory.
 */
final class Capabilities {
    private static final Logger LOG = LoggerFactory.getLogger(Capabilities.class);
    private static final int KIB_PER_MIB = 1024;

    private final Hypervisor hypervisor;
    private final String bootId;
    private final String version;
    private volatile ObjectNode known; // replaced as a whole, never changed

    Capabilities(Hypervisor hypervisor, String bootId, String version) {
        this.hypervisor = hypervisor;
        this.bootId = bootId;
        this.version = version;
        this.known = fromKernel();
    }

    ObjectNode current() {
        return known;
    }

    void refresh() {
        try {
            ObjectNode fresh = fromKernel();
            fromLibvirt(fresh, hypervisor.host());
            known = fresh;
        } catch (HypervisorException e) {
            LOG.warn("libvirtd does not tell what the host can: {}", e.getMessage());
        }
    }

    private ObjectNode fromKernel() {
        ObjectNode caps = JsonNodeFactory.instance.objectNode();
        caps.put("software_version", version);
        caps.put("boot_uuid", bootId);
        caps.putArray("vmTypes").add("kvm");
        ObjectNode packages = caps.putObject("packages2");
        packages.putObject("vdsm").put("version", version).put("release", "muster");
        try {
            packages.putObject("kernel")
                    .put("version", HostIdentity.kernelRelease())
                    .put("release", "");
            Map<String, String> os = HostIdentity.osRelease();
            caps.putObject("operatingSystem")
                    .put("name", os.getOrDefault("ID", ""))
                    .put("version", os.getOrDefault("VERSION_ID", ""))
                    .put("release", os.getOrDefault("VERSION_CODENAME", ""))
                    .put("pretty_name", os.getOrDefault("PRETTY_NAME", ""));
        } catch (IOException e) {
            LOG.warn("the kernel does not tell what it is: {}", e.toString());
        }
        return caps;
    }

    private static void fromLibvirt(ObjectNode caps, HostFacts facts) {
        ObjectNode packages = (ObjectNode) caps.get("packages2");
        packages.putObject("libvirt")
                .put("version", version(facts.libvirtVersion()))
                .put("release", "");
        packages.putObject("qemu-kvm")
                .put("version", version(facts.qemuVersion()))
                .put("release", "");
        caps.put("hostname", facts.hostname());
        caps.put("uuid", facts.uuid());
        caps.put("kvmEnabled", Boolean.toString(facts.kvm()));
        caps.put("cpuModel", facts.cpuModel());
        caps.put("cpuFlags", String.join(",", facts.cpuFeatures()));
        if (facts.cpuMhz() > 0) {
            caps.put("cpuSpeed", String.format(Locale.ROOT, "%.2f", (double) facts.cpuMhz()));
        }
        int sockets = facts.cells() * facts.socketsPerCell();
        caps.put("cpuSockets", Integer.toString(sockets));
        caps.put("cpuCores", Integer.toString(sockets * facts.coresPerSocket()));
        caps.put("cpuThreads", Integer.toString(facts.cpus()));
        caps.put("memSize", Long.toString(facts.memoryKib() / KIB_PER_MIB));
        ArrayNode machines = caps.putArray("emulatedMachines");
        facts.machines().forEach(machines::add);
        topology(caps, facts);
    }

    private static void topology(ObjectNode caps, HostFacts facts) {
        ArrayNode topology = caps.putArray("cpuTopology");
        ObjectNode nodes = caps.putObject("numaNodes");
        for (HostFacts.Cell cell : facts.numaCells()) {
            ObjectNode node = nodes.putObject(Integer.toString(cell.id()));
            ArrayNode cpus = node.putArray("cpus");
            node.put("totalMemory", Long.toString(cell.memoryKib() / KIB_PER_MIB));
            for (HostFacts.Cpu cpu : cell.cpus()) {
                cpus.add(cpu.id());
                topology.addObject()
                        .put("cpu_id", cpu.id())
                        .put("numa_cell_id", cell.id())
                        .put("socket_id", cpu.socket())
                        .put("die_id", Math.max(0, cpu.die()))
                        .put("core_id", cpu.core());
            }
        }
        caps.put(
                "onlineCpus",
                facts.numaCells().stream()
                        .flatMap(cell -> cell.cpus().stream())
                        .map(cpu -> Integer.toString(cpu.id()))
                        .collect(Collectors.joining(",")));
    }

    private static String version(long number) {
        return number / 1_000_000 + "." + number / 1000 % 1000 + "." + number % 1000;
    }
}
