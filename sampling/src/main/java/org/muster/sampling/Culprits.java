package org.muster.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Who keeps a call that is late. A pure decision.
 *
 * <p>A healthy guest is occupied for moments only, while its turn in the call lasts. So whoever has been occupied for
 * half of the call's age keeps it, and a late call of which nobody can be blamed means a slow host. A job may be one of
 * minutes that holds up nobody (a migration), so it is blamed only if nobody else is. One that has no answer is blamed only if it was
 * asked for some time: on a slow host every answer takes long.
 */
final class Culprits {
    /** A healthy guest takes milliseconds, on a busy host tens of them. */
    private static final long SHORTEST_NANOS = 150_000_000;

    private Culprits() {}

    /** False if nothing is known of the guest: it was not asked, or only for moments. */
    static boolean told(ControlState state) {
        return state != null
                && (state.kind() != ControlState.Kind.NO_ANSWER || state.since().toNanos() >= SHORTEST_NANOS);
    }

    /** The guests of the call that keep it; empty if nobody does. */
    static List<Guest> of(Call call, Map<UUID, ControlState> states, long now) {
        return of(call, states, true, now);
    }

    /** The same, when only some of its guests were asked: one that is in a job may hold up nobody, and another one keep the call. */
    static List<Guest> ofSome(Call call, Map<UUID, ControlState> states, long now) {
        return of(call, states, false, now);
    }

    private static List<Guest> of(Call call, Map<UUID, ControlState> states, boolean all, long now) {
        long half = Math.max(SHORTEST_NANOS, call.ageNanos(now) / 2);
        List<Guest> culprits = new ArrayList<>();
        List<Guest> inJob = new ArrayList<>();
        for (Guest guest : call.guests) {
            ControlState state = states.get(guest.id);
            if (!told(state)) {
                continue;
            }
            boolean longEnough = state.since().toNanos() >= half;
            switch (state.kind()) {
                case NO_ANSWER -> culprits.add(guest);
                case OCCUPIED -> addIf(call.reachesMonitor() && longEnough, culprits, guest);
                case JOB -> addIf(longEnough, inJob, guest);
                case OK, ERROR -> {}
            }
        }
        return culprits.isEmpty() && all ? inJob : culprits;
    }

    private static void addIf(boolean condition, List<Guest> list, Guest guest) {
        if (condition) {
            list.add(guest);
        }
    }
}
