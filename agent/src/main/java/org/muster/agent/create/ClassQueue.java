package org.muster.agent.create;

import java.util.Comparator;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Creates of one class: by priority, then the batches in turns; and by how long they have waited.
 *
 * <p>Confined to the owner of the {@link QueueOrder} that it is part of.
 */
final class ClassQueue {
    private static final Comparator<CreateRequest> OLDEST_FIRST = Comparator.comparingLong(CreateRequest::queuedAtNanos)
            .thenComparingInt(request -> -request.item().priority())
            .thenComparingLong(request -> request.vm().life()); // in numbers: nothing is made for each comparison

    private final NavigableMap<Integer, Turns> byPriority = new TreeMap<>(Comparator.reverseOrder());
    private final NavigableSet<CreateRequest> byAge = new TreeSet<>(OLDEST_FIRST);
    private int promised;

    ClassQueue copy() {
        ClassQueue copy = new ClassQueue();
        byPriority.forEach((priority, turns) -> copy.byPriority.put(priority, turns.copy()));
        copy.byAge.addAll(byAge);
        copy.promised = promised;
        return copy;
    }

    /** With those that are promised a place. */
    int size() {
        return byAge.size() + promised;
    }

    /** Those that can be served. */
    int waiting() {
        return byAge.size();
    }

    private Turns turns(int priority) {
        return byPriority.computeIfAbsent(priority, p -> new Turns());
    }

    void promise(Place place) {
        turns(place.priority()).promise(place.batchId());
        promised++;
    }

    void giveBack(Place place) {
        byPriority.get(place.priority()).giveBack(place.batchId());
        forgetIfEmpty(place.priority());
        promised--;
    }

    void add(CreateRequest request) {
        turns(request.item().priority()).add(request);
        byAge.add(request);
    }

    void remove(CreateRequest request) {
        int priority = request.item().priority();
        byPriority.get(priority).remove(request);
        forgetIfEmpty(priority);
        byAge.remove(request);
    }

    private void forgetIfEmpty(int priority) {
        if (byPriority.get(priority).size() == 0) {
            byPriority.remove(priority);
        }
    }

    /** Takes the next one out; null if none can be served. */
    CreateRequest poll() {
        for (var entry : byPriority.entrySet()) {
            CreateRequest request = entry.getValue().poll();
            if (request != null) {
                forgetIfEmpty(entry.getKey());
                byAge.remove(request);
                return request;
            }
        }
        return null;
    }

    /** The one that has waited longest; null if none waits. */
    CreateRequest oldest() {
        return byAge.isEmpty() ? null : byAge.first();
    }

    /** How many have been queued at that time or before, counted up to {@code most}. */
    int queuedBy(long nanos, int most) {
        int count = 0;
        for (CreateRequest request : byAge) {
            if (count == most || request.queuedAtNanos() - nanos > 0) {
                return count;
            }
            count++;
        }
        return count;
    }

    /** How many of this class go before the next one that is added at that place. */
    int ahead(Place place) {
        int ahead = 0;
        for (Turns higher : byPriority.headMap(place.priority()).values()) {
            ahead += higher.size();
        }
        Turns own = byPriority.get(place.priority());
        return own == null ? ahead : ahead + own.ahead(place.batchId());
    }
}
