package org.muster.agent.rpc;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What one STOMP connection subscribed to. Confined to the connection's event loop. */
final class Subscriptions {

    enum Outcome {
        ADDED,
        DUPLICATE,
        FULL
    }

    private final Map<String, String> destinationById = new LinkedHashMap<>();
    private final int limit;
    private final Listener listener;
    private final Set<String> givenUp = new HashSet<>(); // of the engine's queues, which are few
    private boolean everEvents;

    /** Is told of every change. */
    interface Listener {
        void added(String id, String destination);

        void removed(String id, String destination);
    }

    Subscriptions(int limit, Listener listener) {
        this.limit = limit;
        this.listener = listener;
    }

    Outcome add(String id, String destination) {
        if (destinationById.containsKey(id)) {
            return Outcome.DUPLICATE;
        }
        if (destinationById.size() >= limit) {
            return Outcome.FULL;
        }
        destinationById.put(id, destination);
        givenUp.remove(destination);
        listener.added(id, destination);
        everEvents |= destination.equals(Route.EVENTS);
        return Outcome.ADDED;
    }

    /** An unknown id is no error on this wire. */
    void remove(String id) {
        String destination = destinationById.remove(id);
        if (destination != null) {
            listener.removed(id, destination);
            if (Route.isEngineQueue(destination) && !has(destination)) {
                givenUp.add(destination);
            }
        }
    }

    /** The connection has ended. */
    void clear() {
        List.copyOf(destinationById.keySet()).forEach(this::remove);
    }

    /**
     * The way to a destination, with this connection's own id for it.
     *
     * <p>Shape: empty if it does not listen there. Not having subscribed to a queue of the engine's is listening without an id:
     * its client now and then loses the frame. Having given it up is not.
     */
    Optional<Route> route(String destination) {
        Optional<Route> subscribed = destinationById.entrySet().stream()
                .filter(subscription -> subscription.getValue().equals(destination))
                .map(subscription -> new Route(destination, subscription.getKey()))
                .findFirst();
        boolean mayBeLost = Route.isEngineQueue(destination) && !givenUp.contains(destination);
        return subscribed.or(() -> mayBeLost ? Optional.of(new Route(destination, "")) : Optional.empty());
    }

    boolean has(String destination) {
        return destinationById.containsValue(destination);
    }

    boolean isEmpty() {
        return destinationById.isEmpty();
    }

    /** Tells whether events were never subscribed to; giving them up is not losing them. */
    boolean neverEvents() {
        return !everEvents;
    }

    /** Tells whether there is nothing but the engine's own queues. */
    boolean onlyEngineQueues() {
        return destinationById.values().stream().allMatch(Route::isEngineQueue);
    }

    /** Tells whether one of the engine's own queues is there. */
    boolean anyEngineQueue() {
        return destinationById.values().stream().anyMatch(Route::isEngineQueue);
    }

    /** Tells whether the response queue is all there is. */
    boolean exactlyResponses() {
        return Set.copyOf(destinationById.values()).equals(Set.of(Route.RESPONSES));
    }

    int limit() {
        return limit;
    }
}
