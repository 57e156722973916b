package org.muster.agent.simulation;

import java.util.Optional;
import java.util.UUID;
import org.muster.agent.simulation.FakeHypervisor.Op;

/** What becomes of the calls that nobody scripts one by one. Thread-safe; never blocks. */
@FunctionalInterface
interface Course {
    /** Everything succeeds at once. */
    Course SMOOTH = call -> Optional.empty();

    /**
     * A call that has begun.
     *
     * @param id null if it concerns no domain
     * @param name the domain's, empty if it has none
     * @param startsUnderWay this one included, if it is one
     */
    record Begun(Op op, UUID id, String name, int startsUnderWay) {}

    /** Empty: it succeeds at once. */
    Optional<Fault> of(Begun call);
}
