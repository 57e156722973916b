package org.muster.agent.create;

import java.util.Comparator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Creates of one class: by priority, then the batches in turns; and by how long they have waited.
 *
 * <p>Those of a lower priority that are due get every eighth of the places that the class has, the oldest first.
 *
 * <p>Confined to the owner of the {@link QueueOrder} that it is part of.
 */
final class ClassQueue {
    private static final Comparator<CreateRequest> OLDEST_FIRST = Comparator.comparingLong(CreateRequest::queuedAtNanos)
            .thenComparingInt(request -> -request.item().priority())
            .thenComparingLong(request -> request.vm().life()); // in numbers: nothing is made for each comparison

    /** Those of one priority. */
    private static final class Level {
        private final Turns turns;
        private final NavigableSet<CreateRequest> byAge = new TreeSet<>(OLDEST_FIRST);

        Level(Turns turns) {
            this.turns = turns;
        }

        Level copy() {
            Level copy = new Level(turns.copy());
            copy.byAge.addAll(byAge);
            return copy;
        }
    }

    private final NavigableMap<Integer, Level> byPriority = new TreeMap<>(Comparator.reverseOrder());
    private int waiting;
    private int promised;
    private int inARow; // places given to the highest priority in a row while one of a lower priority was due

    ClassQueue copy() {
        ClassQueue copy = new ClassQueue();
        byPriority.forEach((priority, level) -> copy.byPriority.put(priority, level.copy()));
        copy.waiting = waiting;
        copy.promised = promised;
        copy.inARow = inARow;
        return copy;
    }

    /** With those that are promised a place. */
    int size() {
        return waiting + promised;
    }

    /** Those that can be served. */
    int waiting() {
        return waiting;
    }

    private Level level(int priority) {
        return byPriority.computeIfAbsent(priority, p -> new Level(new Turns()));
    }

    void promise(Place place) {
        level(place.priority()).turns.promise(place.batchId());
        promised++;
    }

    void giveBack(Place place) {
        byPriority.get(place.priority()).turns.giveBack(place.batchId());
        forgetIfEmpty(place.priority());
        promised--;
    }

    void add(CreateRequest request) {
        Level level = level(request.item().priority());
        level.turns.add(request);
        level.byAge.add(request);
        waiting++;
    }

    void remove(CreateRequest request) {
        int priority = request.item().priority();
        Level level = byPriority.get(priority);
        level.turns.remove(request);
        level.byAge.remove(request);
        waiting--;
        forgetIfEmpty(priority);
    }

    private void forgetIfEmpty(int priority) {
        if (byPriority.get(priority).turns.size() == 0) {
            byPriority.remove(priority);
        }
    }

    /**
     * Takes the next one out; null if none can be served.
     *
     * @param dueNanos who was queued then or before is due
     */
    CreateRequest poll(long dueNanos) {
        for (Map.Entry<Integer, Level> entry : byPriority.entrySet()) {
            if (!entry.getValue().byAge.isEmpty()) {
                return poll(entry.getKey(), entry.getValue(), dueNanos);
            }
        }
        return null;
    }

    private CreateRequest poll(int priority, Level highest, long dueNanos) {
        CreateRequest lower = oldest(byPriority.tailMap(priority, false));
        boolean due = lower != null && lower.queuedAtNanos() - dueNanos <= 0;
        if (due && inARow >= QueueOrder.PLACES_BETWEEN) {
            inARow = 0;
            remove(lower);
            return lower;
        }
        inARow = due ? inARow + 1 : 0;
        CreateRequest next = highest.turns.poll();
        highest.byAge.remove(next);
        waiting--;
        forgetIfEmpty(priority);
        return next;
    }

    /** The one that has waited longest; null if none waits. */
    CreateRequest oldest() {
        return oldest(byPriority);
    }

    private static CreateRequest oldest(Map<Integer, Level> levels) {
        CreateRequest oldest = null;
        for (Level level : levels.values()) {
            CreateRequest first = level.byAge.isEmpty() ? null : level.byAge.first();
            if (first != null && (oldest == null || OLDEST_FIRST.compare(first, oldest) < 0)) {
                oldest = first;
            }
        }
        return oldest;
    }

    /** How many have been queued at that time or before, counted up to {@code most}. */
    int queuedBy(long nanos, int most) {
        return queuedBy(byPriority, nanos, most);
    }

    private static int queuedBy(Map<Integer, Level> levels, long nanos, int most) {
        int count = 0;
        for (Level level : levels.values()) {
            for (CreateRequest request : level.byAge) {
                if (count == most) {
                    return count;
                }
                if (request.queuedAtNanos() - nanos > 0) {
                    break;
                }
                count++;
            }
        }
        return count;
    }

    /**
     * How many of this class go before the next one that is added at that place; at most, where more than two priorities wait.
     *
     * @param dueNanos who was queued then or before is due
     */
    int ahead(Place place, long dueNanos) {
        int ahead = 0;
        for (Level higher : byPriority.headMap(place.priority()).values()) {
            ahead += higher.turns.size();
        }
        Level own = byPriority.get(place.priority());
        ahead += own == null ? 0 : own.turns.ahead(place.batchId());
        int shares = (ahead + inARow) / QueueOrder.PLACES_BETWEEN;
        return ahead + queuedBy(byPriority.tailMap(place.priority(), false), dueNanos, shares);
    }
}
