package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import org.muster.agent.domain.EventClock;
import org.muster.agent.rpc.EventKind;
import org.muster.agent.rpc.Notifications;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/** Tells the engine that the host's network changed: it asks for the capabilities then. Source: engine-contract 6.3. */
public final class HostEvents {
    private static final String NETWORK_CHANGED = "|net|host_conn|no_id";

    /** For the API description. */
    public static final List<EventKind> KINDS = List.of(new EventKind(
            NETWORK_CHANGED,
            "A link, an address or a network of the host changed: its capabilities are to be asked for.",
            false,
            List.of(Param.required(
                    "notify_time", WireType.integer(0, Long.MAX_VALUE), "milliseconds, on the clock of statusTime"))));

    private final Notifications notifications;
    private final EventClock clock;

    public HostEvents(Notifications notifications, EventClock clock) {
        this.notifications = notifications;
        this.clock = clock;
    }

    /** Hands over and returns. */
    public void networkChanged() {
        notifications.publish(
                NETWORK_CHANGED, JsonNodeFactory.instance.objectNode().put("notify_time", clock.now()), false);
    }
}
