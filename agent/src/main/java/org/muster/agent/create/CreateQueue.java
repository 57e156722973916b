package org.muster.agent.create;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Requests that wait for a slot: by class, then priority, then in order of arrival; at most {@code capacity} of them.
 *
 * <p>Places are promised before the journal is written and taken after, so that an answer never promises more than there
 * is.
 *
 * <p>Confined to the lock of {@link Dispatcher}.
 */
final class CreateQueue {
    private record Place(CreateRequest request, long arrival) {}

    private static final Comparator<Place> ORDER = Comparator.comparing((Place p) -> p.request.createClass())
            .thenComparing(p -> -p.request.item().priority())
            .thenComparingLong(Place::arrival);

    private final TreeSet<Place> waiting = new TreeSet<>(ORDER);
    private final Map<UUID, Place> byId = new HashMap<>();
    private int capacity;
    private int promised;
    private long arrivals;

    CreateQueue(int capacity) {
        this.capacity = capacity;
    }

    void setCapacity(int newCapacity) {
        capacity = newCapacity;
    }

    int capacity() {
        return capacity;
    }

    int size() {
        return waiting.size();
    }

    /** Promises up to {@code wanted} places and answers how many. */
    int promise(int wanted) {
        int granted = Math.max(0, Math.min(wanted, capacity - waiting.size() - promised));
        promised += granted;
        return granted;
    }

    /** The position that the next promised place has: 1 is served next. */
    int lastPosition() {
        return waiting.size() + promised;
    }

    void giveBack(int places) {
        promised -= places;
    }

    /** Takes a promised place. */
    void add(CreateRequest request) {
        promised--;
        addBeyondCapacity(request);
    }

    /** For what was accepted before: it is never refused. */
    void addBeyondCapacity(CreateRequest request) {
        Place place = new Place(request, arrivals++);
        waiting.add(place);
        byId.put(request.vm().id(), place);
    }

    CreateRequest poll() {
        Place first = waiting.pollFirst();
        if (first == null) {
            return null;
        }
        byId.remove(first.request.vm().id());
        return first.request;
    }

    /** Takes the request out; null if it does not wait. */
    CreateRequest remove(UUID id) {
        Place place = byId.remove(id);
        if (place == null) {
            return null;
        }
        waiting.remove(place);
        return place.request;
    }

    List<CreateRequest> removeIf(Predicate<CreateRequest> matches) {
        List<CreateRequest> found = new ArrayList<>();
        waiting.removeIf(place -> {
            boolean out = matches.test(place.request);
            if (out) {
                byId.remove(place.request.vm().id());
                found.add(place.request);
            }
            return out;
        });
        return found;
    }
}
