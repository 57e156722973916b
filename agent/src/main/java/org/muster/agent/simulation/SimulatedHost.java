package org.muster.agent.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.muster.libvirt.HostFacts;

/** What libvirtd would tell of the host that a script describes. Stateless. */
final class SimulatedHost {
    private static final long KIB_PER_MIB = 1024;
    private static final int MHZ = 2250;

    private SimulatedHost() {}

    static HostFacts facts(Script script) {
        Script.Host host = script.host();
        int cpusPerCell = host.cpus() / host.cells();
        int coresPerCell = cpusPerCell / host.threadsPerCore();
        long memoryKib = host.memoryMib() * KIB_PER_MIB;
        List<HostFacts.Cell> cells = new ArrayList<>();
        for (int cell = 0; cell < host.cells(); cell++) {
            List<HostFacts.Cpu> cpus = new ArrayList<>();
            for (int i = 0; i < cpusPerCell; i++) {
                cpus.add(new HostFacts.Cpu(cell * cpusPerCell + i, cell, 0, i / host.threadsPerCore()));
            }
            cells.add(new HostFacts.Cell(cell, memoryKib / host.cells(), cpus));
        }
        return new HostFacts(
                9_000_000,
                7_002_000,
                host.name(),
                new UUID(Draws.mix(script.seed(), 1), Draws.mix(script.seed(), 2)).toString(),
                "x86_64",
                host.cpuModel(),
                "AMD",
                List.of(),
                List.of(),
                List.of(host.cpuModel()),
                MHZ,
                OptionalLong.empty(),
                Optional.empty(),
                host.cpus(),
                host.cells(),
                1,
                coresPerCell,
                host.threadsPerCore(),
                memoryKib,
                List.of("pc-i440fx-7.2", "pc", "pc-q35-7.2", "q35"),
                true,
                cells,
                Map.of("manufacturer", "Muster", "product", "simulated host"));
    }
}
