package org.muster.sampling;

import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** All guests that are sampled. Thread-safe; the {@link Guest}s in it are the sampler's. */
final class GuestTable {
    private final ConcurrentMap<UUID, Guest> guests = new ConcurrentHashMap<>();

    Optional<GuestStats> latest(UUID id) {
        return Optional.ofNullable(guests.get(id)).map(Guest::stats);
    }

    /** The guest of that UUID that was there already when a sample was taken; null if there is none. */
    Guest find(UUID id, long takenAtNanos) {
        Guest guest = guests.get(id);
        return guest == null || guest.bornAtNanos - takenAtNanos > 0 ? null : guest;
    }

    Guest find(UUID id) {
        return guests.get(id);
    }

    /** False if it was there already. */
    boolean add(UUID id, long nowNanos) {
        return guests.putIfAbsent(id, new Guest(id, nowNanos)) == null;
    }

    void remove(UUID id) {
        Guest guest = guests.remove(id);
        if (guest != null) {
            guest.leave();
        }
    }

    /**
     * Makes the table hold exactly these guests; the known ones keep what is known of them.
     *
     * @param running as of {@code nowNanos} or later, each once; a guest that was added meanwhile may not be in it, and stays
     */
    void retain(Collection<UUID> running, long nowNanos) {
        for (UUID id : running) {
            if (!guests.containsKey(id)) {
                add(id, nowNanos);
            }
        }
        if (guests.size() == running.size()) {
            return;
        }
        Set<?> present = running instanceof Set<?> set ? set : new HashSet<>(running);
        for (Iterator<Guest> all = guests.values().iterator(); all.hasNext(); ) {
            Guest guest = all.next();
            if (!present.contains(guest.id) && guest.bornAtNanos - nowNanos <= 0) {
                all.remove();
                guest.leave();
            }
        }
    }

    Collection<Guest> all() {
        return guests.values();
    }
}
