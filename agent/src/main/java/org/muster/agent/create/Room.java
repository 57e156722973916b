package org.muster.agent.create;

import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.muster.libvirt.DomainNeeds;

/**
 * What the host could give to guests right now. What is not known is empty, and nobody is refused for it.
 *
 * @param memoryKib ordinary memory, swap included
 * @param hugePagesKib by size of a page in KiB; a size that is not in it is one that the host does not have
 * @param hugePagesKnown whether {@code hugePagesKib} means anything
 * @param defaultPageKib the size taken where a guest names none
 * @param arch of the host; empty if not known
 * @param machines its machine types; empty if not known
 */
public record Room(
        OptionalLong memoryKib,
        Map<Long, Long> hugePagesKib,
        boolean hugePagesKnown,
        OptionalLong defaultPageKib,
        String arch,
        Set<String> machines) {
    /** Nothing is known of it. */
    public static final Room UNKNOWN =
            new Room(OptionalLong.empty(), Map.of(), false, OptionalLong.empty(), "", Set.of());

    public Room {
        hugePagesKib = Map.copyOf(hugePagesKib);
        machines = Set.copyOf(machines);
    }

    /** False if the host is known not to have it. */
    boolean has(DomainNeeds.Machine machine) {
        boolean ours = machine.arch().isEmpty() || machine.arch().equals(arch);
        return !ours || machines.isEmpty() || machines.contains(machine.type());
    }

    /** Where it comes from; must not block. */
    public interface Source extends Supplier<Room> {}

    /** The size of page that is meant, 0 if that cannot be told. */
    long pageKib(long asked) {
        return asked == DomainNeeds.DEFAULT_PAGES ? defaultPageKib.orElse(0) : asked;
    }
}
