package org.muster.client;

import com.fasterxml.jackson.databind.JsonNode;

/** Told of every event of the agent, in the order sent. */
@FunctionalInterface
public interface EventListener {
    /**
     * One event.
     *
     * <p>Runs on the connection's reader thread and must not block: nothing else is read meanwhile. An exception thrown
     * from here ends the connection, with that exception as the cause.
     *
     * @param method such as {@code |virt|VM_status|<vmId>}
     * @param params as sent, {@code notify_time} included
     * @param notifyTime the agent's event clock in milliseconds (monotonic since the host's boot, plus 2^31-1); -1 when the
     *     event carries none
     */
    void onEvent(String method, JsonNode params, long notifyTime);
}
