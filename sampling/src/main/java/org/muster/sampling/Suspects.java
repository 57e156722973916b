package org.muster.sampling;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Guests that were in a call of one tier which hung on another guest, and have not answered since.
 *
 * <p>They are asked one by one and side by side, so that one that hangs costs nobody else a round: finding it out takes a
 * quarter of a second, and a healthy guest that waited for three of them in turn would be older than one and a half
 * intervals of two seconds. Only very many share calls. Confined to the thread {@code sampler}.
 */
final class Suspects {
    /** As many as may hang; those that answer free their place within milliseconds. */
    static final int SIDE_BY_SIDE = 12;

    private static final int MOST_PARTS = 128; // one by one up to that; each call has a round trip of its own
    private static final int CANARIES = 4; // so the largest has a fourth of them

    private final Tier tier;
    private final Set<Guest> guests = new LinkedHashSet<>();
    private int partSize = 1;
    private int canarySize = 1;
    private int canaryMost = 1;
    private int streak; // how many have answered since one hung

    Suspects(Tier tier) {
        this.tier = tier;
    }

    void add(Collection<Guest> more) {
        for (Guest guest : more) {
            if (!guest.gone() && guest.frozen == null) {
                guest.suspect = tier;
                guests.add(guest);
            }
        }
        forgetCleared();
        partSize = share(MOST_PARTS);
        canaryMost = share(CANARIES);
        canarySize = 1;
        streak = 0;
    }

    private int share(int parts) {
        return Math.max(1, (guests.size() + parts - 1) / parts);
    }

    boolean isEmpty() {
        forgetCleared();
        return guests.isEmpty();
    }

    int size() {
        forgetCleared();
        return guests.size();
    }

    /** The next part, or an empty list if all are being asked. */
    List<Guest> part() {
        return first(partSize);
    }

    /** A small part, which grows as long as nobody in it hangs. */
    List<Guest> canary() {
        return first(canarySize);
    }

    /**
     * Whether to ask one in the place that is kept for guests above suspicion: there is no more to lose than what was won
     * that way, as long as nobody has hung since.
     */
    boolean worthTheLastPlace(int aboveSuspicion) {
        return !isEmpty() && aboveSuspicion <= streak;
    }

    /** A part has come back: the next canary may be a larger one. */
    void answered(int howMany) {
        streak += howMany;
        canarySize = Math.min(canaryMost, 2 * canarySize);
    }

    List<Guest> idle() {
        return first(Integer.MAX_VALUE);
    }

    void clear() {
        guests.forEach(g -> g.suspect = g.suspect == tier ? null : g.suspect);
        guests.clear();
    }

    private List<Guest> first(int most) {
        List<Guest> part = new ArrayList<>();
        for (Guest guest : guests) {
            if (part.size() == most) {
                break;
            }
            if (isSuspect(guest) && guest.call == null) {
                part.add(guest);
            }
        }
        return part;
    }

    private void forgetCleared() {
        guests.removeIf(g -> !isSuspect(g));
    }

    private boolean isSuspect(Guest guest) {
        return guest.suspect == tier && guest.frozen == null && !guest.gone();
    }
}
