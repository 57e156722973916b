package org.muster.sampling;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Guests that a tier is to ask without waiting for its next cycle; those that come within a tick share a call.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class OutOfTurn {
    private final Set<Guest> guests = new LinkedHashSet<>();
    private long sinceNanos; // that the first of them waits
    private long dueNanos;

    void add(Guest guest, long now, long tickNanos) {
        if (guests.isEmpty()) {
            sinceNanos = now;
            dueNanos = now + tickNanos;
        }
        guests.add(guest);
    }

    boolean due(long now) {
        return !guests.isEmpty() && now - dueNanos >= 0;
    }

    /** How long the first of them has been waiting. */
    long waitedNanos(long now) {
        return now - sinceNanos;
    }

    void putOff(long untilNanos) {
        dueNanos = untilNanos;
    }

    void moveTo(Set<Guest> wanted) {
        wanted.addAll(guests);
        guests.clear();
    }

    void clear() {
        guests.clear();
    }

    /** When they are due; {@code otherwise} if that is later, or there are none. */
    long nextNanos(long otherwise) {
        return guests.isEmpty() || dueNanos - otherwise > 0 ? otherwise : dueNanos;
    }
}
