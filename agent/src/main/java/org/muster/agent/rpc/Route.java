package org.muster.agent.rpc;

import java.util.Set;

/**
 * Where a MESSAGE is addressed to.
 *
 * @param subscription the receiver's own id of its subscription; empty if it has none
 */
record Route(String destination, String subscription) {

    static final String REQUESTS = "jms.topic.vdsm_requests";
    static final String STORAGE_REQUESTS = "jms.topic.vdsm_irs_requests";
    static final String RESPONSES = "jms.topic.vdsm_responses";
    static final String STORAGE_RESPONSES = "jms.topic.vdsm_irs_responses";
    static final String EVENTS = "jms.queue.events";

    private static final Set<String> ENGINE_QUEUES = Set.of(RESPONSES, STORAGE_RESPONSES, EVENTS);

    /** Tells whether requests are taken at this destination. */
    static boolean takesRequests(String destination) {
        return isOrBelow(destination, REQUESTS) || isOrBelow(destination, STORAGE_REQUESTS);
    }

    /** Tells whether the engine reads there, whose client understands arrays; a peer host's queue has a random name. */
    static boolean isEngineQueue(String destination) {
        return ENGINE_QUEUES.contains(destination);
    }

    private static boolean isOrBelow(String destination, String queue) {
        return destination.equals(queue) || destination.startsWith(queue + ".");
    }
}
