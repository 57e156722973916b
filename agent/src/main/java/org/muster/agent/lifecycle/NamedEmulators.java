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
    private final CpuClocks clocks;

    NamedEmulators(VmTable table, Emulators emulators, CpuClocks clocks) {
        this.table = table;
        this.emulators = emulators;
        this.clocks = clocks;
    }

    @Override
    public Optional<Boolean> stopped(UUID domain) {
        return state(domain).map(Emulators::isStopped);
    }

    @Override
    public Optional<Boolean> standsStill(UUID domain) {
        return state(domain).map(Emulators::standsStill);
    }

    /** The clocks have most of their processes' files open, which makes it cheap to ask about all of them. */
    private Optional<Character> state(UUID domain) {
        return clocks.processState(domain).or(() -> table.get(domain).flatMap(vm -> emulators.state(vm.name())));
    }
}
