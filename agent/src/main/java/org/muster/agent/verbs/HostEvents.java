package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.muster.agent.domain.EventClock;
import org.muster.agent.rpc.Notifications;

/** Tells the engine that the host's network changed: it asks for the capabilities then. Source: engine-contract 6.3. */
public final class HostEvents {
    private final Notifications notifications;
    private final EventClock clock;

    public HostEvents(Notifications notifications, EventClock clock) {
        this.notifications = notifications;
        this.clock = clock;
    }

    /** Hands over and returns. */
    public void networkChanged() {
        notifications.publish(
                "|net|host_conn|no_id", JsonNodeFactory.instance.objectNode().put("notify_time", clock.now()), false);
    }
}
