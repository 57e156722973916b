package org.muster.sampling;

import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;

/**
 * All guests that are sampled, and what is known of those that are not at present and may be again: whoever is being destroyed is
 * not asked, and if that fails it goes on with what was known. Thread-safe; the {@link Guest}s in it are the sampler's.
 */
final class GuestTable {
    private final ConcurrentMap<UUID, Guest> guests = new ConcurrentHashMap<>();
    private final ConcurrentMap<UUID, Guest> leaving = new ConcurrentHashMap<>();

    Optional<GuestStats> latest(UUID id) {
        Guest guest = guests.get(id);
        if (guest == null) {
            guest = leaving.get(id);
        }
        if (guest == null) {
            guest = guests.get(id); // it may have come back between the two looks
        }
        return Optional.ofNullable(guest).map(Guest::stats);
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
        Guest before = leaving.get(id);
        boolean added =
                guests.putIfAbsent(id, before == null ? new Guest(id, nowNanos) : new Guest(before, nowNanos)) == null;
        if (added && before != null) {
            leaving.remove(id, before);
        }
        return added;
    }

    void remove(UUID id) {
        Guest guest = guests.remove(id);
        if (guest != null) {
            guest.leave();
        }
        leaving.remove(id); // after that: see retain
    }

    /**
     * Makes the table hold exactly these guests; the known ones keep what is known of them.
     *
     * @param running as of {@code nowNanos} or later, each once; a guest that was added meanwhile may not be in it, and stays
     * @param mayReturn of those that are not in it, who may be again: what is known of them is kept aside
     */
    void retain(Collection<UUID> running, Predicate<UUID> mayReturn, long nowNanos) {
        for (UUID id : running) {
            if (!guests.containsKey(id)) {
                add(id, nowNanos);
            }
        }
        leaving.keySet().removeIf(id -> !mayReturn.test(id));
        if (guests.size() == running.size()) {
            return;
        }
        Set<?> present = running instanceof Set<?> set ? set : new HashSet<>(running);
        for (Guest guest : guests.values()) {
            if (!present.contains(guest.id) && guest.bornAtNanos - nowNanos <= 0) {
                leave(guest, mayReturn.test(guest.id));
            }
        }
    }

    private void leave(Guest guest, boolean mayReturn) {
        if (mayReturn) {
            leaving.put(guest.id, guest); // first: at no time is nothing known of it
        }
        if (!guests.remove(guest.id, guest)) {
            leaving.remove(guest.id, guest); // somebody else has removed it meanwhile, for good
        }
        guest.leave();
    }

    Collection<Guest> all() {
        return guests.values();
    }
}
