package org.muster.agent.lifecycle;

import java.util.Optional;
import java.util.UUID;
import org.muster.agent.domain.VmTable;
import org.muster.agent.host.Emulators;
import org.muster.agent.stats.CpuClocks;
import org.muster.agent.stats.EmulatorView;

/** The emulators of the VMs in the table, which the host knows by their domains' names. Thread-safe; never blocks. */
final class NamedEmulators implements EmulatorView {
    private final VmTable table;
    private final Emulators emulators;
    private final CpuClocks
            clocks; // have most of their processes' files open, which makes it cheap to ask about all of them

    NamedEmulators(VmTable table, Emulators emulators, CpuClocks clocks) {
        this.table = table;
        this.emulators = emulators;
        this.clocks = clocks;
    }

    @Override
    public Optional<Boolean> stopped(UUID domain) {
        Optional<Character> state = clocks.processState(domain);
        return state.isPresent()
                ? state.map(Emulators::isStopped)
                : table.get(domain).flatMap(vm -> emulators.stopped(vm.name()));
    }

    @Override
    public Optional<Boolean> standsStill(UUID domain) {
        Optional<Character> state = clocks.processState(domain);
        return state.isPresent()
                ? state.map(Emulators::standsStill)
                : table.get(domain).flatMap(vm -> emulators.standsStill(vm.name()));
    }
}
