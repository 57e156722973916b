package org.muster.agent.rpc;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who subscribed to which destination, over all STOMP connections: a SEND reaches the subscribers of its destination and of
 * every dotted parent of it. A request reaches only those that may operate: it may hold a console's password.
 *
 * <p>Thread-safe; never blocks.
 */
final class Topics {

    /** Takes what others send; on any thread. */
    interface Receiver {
        /** Tells whether it may see what others ask for. */
        boolean mayReadRequests();

        void forwarded(Route route, byte[] body);
    }

    private record Subscription(Receiver receiver, String id) {}

    private final Map<String, Set<Subscription>> byDestination = new ConcurrentHashMap<>(); // bounded per connection

    void add(String destination, String id, Receiver receiver) {
        byDestination.compute(destination, (name, known) -> {
            Set<Subscription> all = known == null ? ConcurrentHashMap.newKeySet() : known;
            all.add(new Subscription(receiver, id));
            return all;
        });
    }

    void remove(String destination, String id, Receiver receiver) {
        byDestination.computeIfPresent(destination, (name, known) -> {
            known.remove(new Subscription(receiver, id));
            return known.isEmpty() ? null : known;
        });
    }

    /** Hands the body to every subscriber; false if there is none. */
    boolean forward(String destination, byte[] body) {
        boolean reached = false;
        boolean request = Route.takesRequests(destination);
        for (String name = destination; name != null; name = parent(name)) {
            for (Subscription subscription : byDestination.getOrDefault(name, Set.of())) {
                if (!request || subscription.receiver().mayReadRequests()) {
                    subscription.receiver().forwarded(new Route(destination, subscription.id()), body);
                    reached = true;
                }
            }
        }
        return reached;
    }

    private static String parent(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? null : name.substring(0, dot);
    }
}
