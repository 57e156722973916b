package org.muster.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Who keeps a call that is late. A pure decision.
 *
 * <p>A healthy guest is occupied for moments only, while its turn in the call lasts. So whoever has been occupied for
 * half of the call's age keeps it, and a late call of which nobody can be blamed means a slow host.
 */
final class Culprits {
    private Culprits() {}

    /** The guests of the call that keep it; empty if nobody does. */
    static List<Guest> of(Call call, Map<UUID, ControlState> states, long now) {
        long half = call.ageNanos(now) / 2;
        List<Guest> culprits = new ArrayList<>();
        for (Guest guest : call.guests) {
            ControlState state = states.get(guest.id);
            if (state != null && keeps(state, half, call.reachesMonitor())) {
                culprits.add(guest);
            }
        }
        return culprits;
    }

    private static boolean keeps(ControlState state, long halfAgeNanos, boolean reachesMonitor) {
        return switch (state.kind()) {
            case NO_ANSWER -> true;
            case OCCUPIED -> reachesMonitor && state.since().toNanos() >= halfAgeNanos;
            case JOB -> state.since().toNanos() >= halfAgeNanos;
            case OK, ERROR -> false;
        };
    }
}
