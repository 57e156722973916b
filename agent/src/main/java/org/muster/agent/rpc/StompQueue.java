package org.muster.agent.rpc;

import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * Frames waiting for one STOMP peer, and which of them go out together.
 *
 * <p>Answers with the same address go together as one JSON array, and notifications go with them, since the engine's
 * client looks at bodies only. Never packed: what is not for the engine's queues (a peer host understands objects only),
 * answers that are arrays already or have no id, frames without JSON. Whatever goes to one address keeps its order. Confined to the
 * connection's event loop.
 */
final class StompQueue implements OutQueue {

    static final int MAX_PACKED_BYTES = 1 << 20; // the engine decodes the answers of all its hosts on one thread

    /** Something to send. */
    private sealed interface Item {
        long size();
    }

    private record Control(StompReply reply) implements Item {
        @Override
        public long size() {
            return CONTROL_SIZE;
        }
    }

    private record Payload(Route route, JsonText body, boolean notification, boolean packable) implements Item {
        @Override
        public long size() {
            return body.length();
        }
    }

    /** What a frame without JSON counts for. */
    static final int CONTROL_SIZE = 512;

    private final Deque<Item> waiting = new ArrayDeque<>(); // bounded by the connection's account

    void addControl(StompReply reply) {
        waiting.add(new Control(reply));
    }

    /** @param packable whether the receiver takes it as an element of an array */
    void addAnswer(Route route, JsonText body, boolean packable) {
        waiting.add(new Payload(route, body, false, packable));
    }

    void addNotification(Route route, JsonText body, boolean packable) {
        waiting.add(new Payload(route, body, true, packable));
    }

    @Override
    public boolean isEmpty() {
        return waiting.isEmpty();
    }

    @Override
    public Taken take(ByteBufAllocator buffers) {
        Item first = waiting.remove();
        if (first instanceof Control control) {
            return new Taken(control.reply().toFrame(), first.size());
        }
        Payload head = (Payload) first;
        if (!head.packable()) {
            return new Taken(StompText.message(head.route(), head.body(), buffers), head.size());
        }
        List<JsonText> bodies = new ArrayList<>();
        bodies.add(head.body());
        Route route = head.notification() ? routeOfFirstAnswer(head.route()) : head.route();
        long size = head.size();
        for (Iterator<Item> rest = waiting.iterator(); rest.hasNext(); ) {
            Item item = rest.next();
            if (item instanceof Control || size + item.size() > MAX_PACKED_BYTES || staysAlone((Payload) item, route)) {
                break; // what comes behind must not overtake it
            }
            if (goesWith((Payload) item, route)) {
                rest.remove();
                bodies.add(((Payload) item).body());
                size += item.size();
            }
        }
        JsonText body = bodies.size() == 1 ? head.body() : JsonText.array(bodies);
        return new Taken(StompText.message(route, body, buffers), size);
    }

    private static boolean goesWith(Payload item, Route route) {
        return item.packable() && (item.notification() || item.route().equals(route));
    }

    private static boolean staysAlone(Payload item, Route route) {
        return !item.packable() && item.route().equals(route);
    }

    private Route routeOfFirstAnswer(Route fallback) {
        for (Item item : waiting) {
            if (item instanceof Control) {
                break;
            }
            Payload payload = (Payload) item;
            if (!payload.notification() && payload.packable()) {
                return payload.route();
            }
        }
        return fallback;
    }
}
