package org.muster.agent.lifecycle;

import java.util.Optional;
import java.util.UUID;
import org.muster.agent.domain.VmTable;
import org.muster.agent.host.Emulators;
import org.muster.agent.stats.EmulatorView;

/** The emulators of the VMs in the table, which the host knows by their domains' names. Thread-safe; never blocks. */
final class NamedEmulators implements EmulatorView {
    private final VmTable table;
    private final Emulators emulators;

    NamedEmulators(VmTable table, Emulators emulators) {
        this.table = table;
        this.emulators = emulators;
    }

    @Override
    public Optional<Boolean> stopped(UUID domain) {
        return table.get(domain).flatMap(vm -> emulators.stopped(vm.name()));
    }

    @Override
    public Optional<Boolean> standsStill(UUID domain) {
        return table.get(domain).flatMap(vm -> emulators.standsStill(vm.name()));
    }
}
