package org.muster.agent.simulation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.HypervisorException.Kind;

/**
 * What a simulated host is and what happens on it, checked. Keys, defaults and meaning: docs/simulation.md.
 *
 * @param seed of everything that chance decides
 * @param load share of its vCPUs that a guest uses, on average, 0 to 0.5
 */
record Script(
        long seed,
        double load,
        Host host,
        CallGuard.Workers workers,
        Paces paces,
        List<Group> groups,
        List<Freeze> freezes,
        List<Failure> failures,
        List<Outage> outages,
        List<Action> actions) {

    /**
     * The host.
     *
     * @param threadsPerCore a divisor of the CPUs of a cell
     */
    record Host(String name, int cpus, int cells, int threadsPerCore, long memoryMib, String cpuModel) {}

    /**
     * How long calls take, and guests.
     *
     * @param destroyFrozen of a guest that is frozen
     * @param boot from a guest's start, or reset, until its agent is there
     */
    record Paces(Pace define, Pace start, Pace destroy, Pace destroyFrozen, Pace boot) {}

    /** What kind of console a guest has. */
    enum Console {
        VNC,
        SPICE,
        NONE
    }

    /**
     * Guests of one kind that run when the simulation begins.
     *
     * @param name with one place for a number, such as {@code web-%03d}
     * @param agent whether a guest agent runs in them
     * @param ours false for guests that neither we nor the engine made
     */
    record Group(
            int count,
            String name,
            int vcpus,
            long memoryMib,
            int disks,
            int nics,
            Console console,
            boolean agent,
            boolean ours) {

        /** The name of one of them: as String.format has it, which takes longer for thousands than the rest of a start. */
        String guest(int number) {
            int place = name.indexOf('%');
            int end = name.indexOf('d', place);
            int width = end - place > 1 ? Character.digit(name.charAt(end - 1), 10) : 0;
            String digits = Integer.toString(number);
            return name.substring(0, place)
                    + "0".repeat(Math.max(0, width - digits.length()))
                    + digits
                    + name.substring(end + 1);
        }
    }

    /**
     * Which guests: of those that run at the moment, in the order in which they came.
     *
     * @param names {@code *} and {@code ?} stand for any text and any character
     */
    record Choice(Names names, int count) {}

    /**
     * When something happens, from the simulation's start on.
     *
     * @param every empty: once
     */
    record When(Duration at, Optional<Duration> every) {}

    /**
     * Guests stop answering.
     *
     * @param lasts empty: for good
     */
    record Freeze(When when, Choice choice, Optional<Duration> lasts) {}

    /**
     * Calls fail.
     *
     * @param every which of those that match: each n-th
     */
    record Failure(FakeHypervisor.Op operation, Names names, int every, Kind kind, String message) {}

    /** libvirtd is gone for a while. */
    record Outage(When when, Duration lasts) {}

    /** What a guest does by itself. */
    enum Deed {
        POWER_OFF,
        REBOOT,
        CRASH
    }

    /** Guests do something by themselves. */
    record Action(When when, Choice choice, Deed deed) {}
}
