package org.muster.sampling;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Guests that were in a call of one tier which hung on another guest, and have not answered since.
 *
 * <p>They are asked in parts, so that those that hang are told from those that do not in few rounds. Confined to the
 * thread {@code sampler}.
 */
final class Suspects {
    static final int PARTS = 4;

    private final Tier tier;
    private final Set<Guest> guests = new LinkedHashSet<>();
    private int partSize = 1;
    private int canarySize = 1;
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
        partSize = Math.max(1, (guests.size() + PARTS - 1) / PARTS);
        canarySize = 1;
        streak = 0;
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

    /** A part has come back: the rest may be asked in larger ones. */
    void answered(int howMany) {
        streak += howMany;
        canarySize = Math.min(partSize, 2 * canarySize);
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
