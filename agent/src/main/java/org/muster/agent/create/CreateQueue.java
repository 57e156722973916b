package org.muster.agent.create;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.muster.agent.domain.Vm;

/**
 * Requests that wait for a slot, in the order of {@link QueueOrder}; at most {@code capacity} of them.
 *
 * <p>Places are promised before the journal is written and taken after, so that an answer never promises more than there
 * is.
 *
 * <p>Confined to the lock of {@link Dispatcher}.
 */
final class CreateQueue {
    private final QueueOrder order;
    private final Map<UUID, CreateRequest> byId = new HashMap<>();
    private int capacity;
    private int promised;

    CreateQueue(int capacity) {
        this(capacity, new QueueOrder(QueueOrder.AGE_AFTER));
    }

    CreateQueue(int capacity, QueueOrder order) {
        this.capacity = capacity;
        this.order = order;
    }

    void setCapacity(int newCapacity) {
        capacity = newCapacity;
    }

    int capacity() {
        return capacity;
    }

    int size() {
        return byId.size();
    }

    /** Waiting, or about to. */
    int taken() {
        return byId.size() + promised;
    }

    /**
     * Promises the places that there is room for, the most urgent first.
     *
     * @return by place asked for: its position, 1 being served next; 0 if there is no room
     */
    List<Integer> promise(List<Place> wanted, long nowNanos) {
        List<Integer> positions = new ArrayList<>(Collections.nCopies(wanted.size(), 0));
        Comparator<Integer> urgency = Comparator.comparing(
                        (Integer i) -> wanted.get(i).createClass())
                .thenComparing(i -> -wanted.get(i).priority());
        IntStream.range(0, wanted.size())
                .boxed()
                .sorted(urgency)
                .limit(Math.max(0, capacity - taken()))
                .forEach(i -> positions.set(i, promise(wanted.get(i), nowNanos)));
        return positions;
    }

    private int promise(Place place, long nowNanos) {
        int position = order.position(place, nowNanos);
        order.promise(place);
        promised++;
        return position;
    }

    void giveBack(List<Place> places) {
        promised -= places.size();
        places.forEach(order::giveBack);
    }

    /** Takes a promised place. */
    void add(CreateRequest request) {
        promised--;
        addBeyondCapacity(request);
        order.giveBack(Place.of(request)); // after: so that its batch keeps its turn
    }

    /** For what was accepted before: it is never refused. It replaces a former VM's of its UUID. */
    void addBeyondCapacity(CreateRequest request) {
        remove(request.vm().id());
        order.add(request);
        byId.put(request.vm().id(), request);
    }

    CreateRequest poll(long nowNanos) {
        CreateRequest first = order.poll(nowNanos);
        if (first != null) {
            byId.remove(first.vm().id());
        }
        return first;
    }

    /** Takes the request out; null if it does not wait. */
    CreateRequest remove(UUID id) {
        CreateRequest request = byId.remove(id);
        if (request != null) {
            order.remove(request);
        }
        return request;
    }

    /** Takes the request of just that VM out, if it waits; not that of a later one of its UUID. */
    void removeLife(Vm vm) {
        CreateRequest request = byId.get(vm.id());
        if (request != null && request.vm().life() == vm.life()) {
            remove(vm.id());
        }
    }

    List<CreateRequest> removeIf(Predicate<CreateRequest> matches) {
        List<CreateRequest> found = new ArrayList<>();
        byId.values().stream().filter(matches).forEach(found::add);
        found.forEach(request -> remove(request.vm().id()));
        return found;
    }

    /** What waits, to be looked at outside the lock. */
    QueueOrder snapshot() {
        return order.copy();
    }
}
