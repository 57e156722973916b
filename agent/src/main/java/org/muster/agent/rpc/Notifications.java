package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Where the rest of the agent tells what happened. */
@FunctionalInterface
public interface Notifications {

    /**
     * Sends a notification to every connection that wants it; none is kept for those that come later.
     *
     * <p>Thread-safe. Never blocks: encodes once on the calling thread and hands over. A connection that cannot keep
     * up is closed, not waited for. Errors: none.
     *
     * @param method {@code |component|operation|id}, three non-empty parts, as the engine splits it
     * @param params not to be changed afterwards
     * @param ownKind true for kinds that VDSM does not have: they never go to a connection that looks like the engine's
     */
    void publish(String method, ObjectNode params, boolean ownKind);
}
