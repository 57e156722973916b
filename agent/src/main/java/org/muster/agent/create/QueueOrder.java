package org.muster.agent.create;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which create is next: the more urgent class, then the higher priority, then the batches in turns, then the
 * order of arrival.
 *
 * <p>Classes are strict, but nobody starves: once a create of a less urgent class has waited for {@code ageAfter}, it and
 * its like get every eighth place, the oldest first. They are not promoted: two hundred aged office VMs would go before a
 * dead host's HA VMs. A class's seven places are counted anew whenever a less urgent one was served, so a
 * burst of n HA VMs never shares more than its own n/7 places. Priorities within a class are strict in the same way: of the places
 * that the class has, every eighth is theirs who have a lower priority and are due; what other classes get is the same.
 *
 * <p>Without threads and clocks. Confined to its owner. Costs O(log n) and the priorities that wait, and for a position their batches
 * too.
 */
final class QueueOrder {
    /** How long a create of a less urgent class waits before it gets a share. */
    static final Duration AGE_AFTER = Duration.ofSeconds(30);

    static final int PLACES_BETWEEN = 7;

    private static final CreateClass[] CLASSES = CreateClass.values();

    private final long ageAfterNanos;
    private final Map<CreateClass, ClassQueue> queues = new EnumMap<>(CreateClass.class);

    // By class: places given to it and more urgent ones in a row while a less urgent one was due.
    private final int[] inARow = new int[CLASSES.length];

    /** @param ageAfter longer than anybody waits: no ageing */
    QueueOrder(Duration ageAfter) {
        this.ageAfterNanos = ageAfter.toNanos();
        for (CreateClass createClass : CLASSES) {
            queues.put(createClass, new ClassQueue());
        }
    }

    /** The same order to be taken apart somewhere else. */
    QueueOrder copy() {
        QueueOrder copy = new QueueOrder(Duration.ofNanos(ageAfterNanos));
        queues.forEach((createClass, queue) -> copy.queues.put(createClass, queue.copy()));
        System.arraycopy(inARow, 0, copy.inARow, 0, inARow.length);
        return copy;
    }

    /** Keeps a place for a create that is being written down: it counts for positions, but is not served yet. */
    void promise(Place place) {
        queues.get(place.createClass()).promise(place);
    }

    void giveBack(Place place) {
        queues.get(place.createClass()).giveBack(place);
    }

    void add(CreateRequest request) {
        queues.get(request.createClass()).add(request);
    }

    /** Takes out a request that waits. */
    void remove(CreateRequest request) {
        queues.get(request.createClass()).remove(request);
    }

    /** Takes the next one out; null if none waits. */
    CreateRequest poll(long nowNanos) {
        for (CreateClass head : CLASSES) {
            if (queues.get(head).waiting() > 0) {
                return poll(head, nowNanos);
            }
        }
        return null;
    }

    private CreateRequest poll(CreateClass head, long nowNanos) {
        int lastDue = leastUrgentDue(nowNanos);
        CreateRequest due = inARow[head.ordinal()] >= PLACES_BETWEEN ? oldestDue(head, nowNanos) : null;
        CreateRequest next = due == null ? queues.get(head).poll(nowNanos - ageAfterNanos) : due;
        if (due != null) {
            remove(due);
        }
        int served = next.createClass().ordinal();
        for (int i = 0; i < inARow.length; i++) {
            inARow[i] = i < served || i >= lastDue ? 0 : inARow[i] + 1;
        }
        return next;
    }

    private int leastUrgentDue(long nowNanos) {
        for (int i = CLASSES.length - 1; i >= 0; i--) {
            if (isDue(queues.get(CLASSES[i]).oldest(), nowNanos)) {
                return i;
            }
        }
        return -1;
    }

    private boolean isDue(CreateRequest request, long nowNanos) {
        return request != null && nowNanos - request.queuedAtNanos() >= ageAfterNanos;
    }

    /** Of those less urgent than {@code head} that have waited long enough, the oldest; null if there is none. */
    private CreateRequest oldestDue(CreateClass head, long nowNanos) {
        CreateRequest oldest = null;
        for (int i = head.ordinal() + 1; i < CLASSES.length; i++) {
            CreateRequest candidate = queues.get(CLASSES[i]).oldest();
            boolean due = isDue(candidate, nowNanos);
            if (due && (oldest == null || candidate.queuedAtNanos() - oldest.queuedAtNanos() < 0)) {
                oldest = candidate;
            }
        }
        return oldest;
    }

    /** The place in line of the next one that is added there, if nobody else came: 1 is served next. */
    int position(Place place, long nowNanos) {
        int mine = place.createClass().ordinal();
        int ahead = queues.get(place.createClass()).ahead(place, nowNanos - ageAfterNanos);
        for (int i = 0; i < mine; i++) {
            ahead += queues.get(CLASSES[i]).size();
        }
        int shares = (ahead + inARow[mine]) / PLACES_BETWEEN;
        int due = 0;
        for (int i = mine + 1; i < CLASSES.length && due < shares; i++) {
            due += queues.get(CLASSES[i]).queuedBy(nowNanos - ageAfterNanos, shares - due);
        }
        return ahead + due + 1;
    }

    /** All that wait, as they would be served if nobody else came and no more of them came of age. Takes all out. */
    List<CreateRequest> drain(long nowNanos) {
        List<CreateRequest> all = new ArrayList<>();
        for (CreateRequest next = poll(nowNanos); next != null; next = poll(nowNanos)) {
            all.add(next);
        }
        return all;
    }
}
