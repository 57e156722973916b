package org.muster.agent.ops;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.muster.agent.domain.Vm;
import org.muster.sampling.GuestStats;

/**
 * The guests that are sampled, as they were at one moment, each with its samples: what per-VM series are made of.
 *
 * @param nowNanos the sampler's clock
 */
record GuestSet(List<Guest> guests, long nowNanos) {

    /** @param labels those that every series of the guest has */
    record Guest(Vm vm, GuestStats stats, String labels) {}

    /** Libvirt's names are unique, but the table may still have a guest whose name another one has already. */
    static GuestSet of(Iterable<Vm> vms, Function<UUID, Optional<GuestStats>> samples, long nowNanos) {
        List<Guest> guests = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Vm vm : vms) {
            Optional<GuestStats> stats = vm.sampled() ? samples.apply(vm.id()) : Optional.empty();
            if (stats.isPresent() && names.add(vm.name())) {
                guests.add(new Guest(vm, stats.get(), Labels.of("domain", vm.name())));
            }
        }
        return new GuestSet(guests, nowNanos);
    }
}
