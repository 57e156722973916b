package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Hands notifications to connections. */
public final class NotificationHub implements Notifications {
    @Override
    public void publish(String method, ObjectNode params, boolean ownKind) {}
}
