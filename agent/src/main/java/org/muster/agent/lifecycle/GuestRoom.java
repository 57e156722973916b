package org.muster.agent.lifecycle;

import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.muster.agent.create.DiskProbe;
import org.muster.agent.create.Room;
import org.muster.agent.host.DiskPaths;
import org.muster.agent.host.FreeMemory;
import org.muster.agent.host.HostRoot;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.Hypervisor;

/** What this machine has for guests; nothing is known of it where they run elsewhere, as simulated ones do. Thread-safe. */
final class GuestRoom implements Room.Source, DiskProbe {
    private final HostRoot root;
    private final Hypervisor hypervisor;
    private final Supplier<Optional<HostFacts>> facts;
    private final DiskPaths disks;

    /** @param facts what libvirtd said of the host, from memory */
    GuestRoom(HostRoot root, Hypervisor hypervisor, Supplier<Optional<HostFacts>> facts) {
        this.root = root;
        this.hypervisor = hypervisor;
        this.facts = facts;
        this.disks = new DiskPaths(root, hypervisor::daemonPid);
    }

    @Override
    public Room get() {
        if (!hypervisor.local()) {
            return Room.UNKNOWN;
        }
        FreeMemory free = FreeMemory.read(root);
        Optional<HostFacts> known = facts.get();
        return new Room(
                free.availableKib(),
                free.hugePagesKib(),
                free.hugePagesKnown(),
                free.defaultPageKib(),
                known.map(HostFacts::arch).orElse(""),
                known.map(host -> Set.copyOf(host.machines())).orElse(Set.of()));
    }

    @Override
    public Optional<String> problem(String path, Consumer<String> touching) {
        return hypervisor.local() ? disks.problem(path, touching) : Optional.empty();
    }

    @Override
    public boolean sameForGuests(String path) {
        return hypervisor.local() && disks.sameForGuests(path);
    }
}
