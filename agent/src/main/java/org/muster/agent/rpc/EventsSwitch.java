package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.util.Optional;

/** Whether a JSON-lines connection gets notifications, set by its own requests. Thread-safe. */
final class EventsSwitch {

    private final boolean present;
    private volatile boolean on; // volatile: set where the request is parsed, read by publishers

    private EventsSwitch(boolean present) {
        this.present = present;
    }

    static EventsSwitch off() {
        return new EventsSwitch(true);
    }

    /** For a protocol that has subscriptions of its own: the methods do not exist there. */
    static EventsSwitch absent() {
        return new EventsSwitch(false);
    }

    boolean isOn() {
        return on;
    }

    Optional<JsonNode> serve(String method) {
        if (!present || !(method.equals(VerbTable.SUBSCRIBE) || method.equals(VerbTable.UNSUBSCRIBE))) {
            return Optional.empty();
        }
        on = method.equals(VerbTable.SUBSCRIBE);
        return Optional.of(BooleanNode.TRUE);
    }
}
