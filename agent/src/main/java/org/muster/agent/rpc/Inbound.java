package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;

/**
 * One message from a peer, and where its answer goes.
 *
 * @param body a JSON text, never changed
 * @param correlationId clipped
 * @param answers takes at most one answer; on any thread
 */
@SuppressWarnings("ArrayRecordComponent") // handed on and never changed or compared
record Inbound(Peer peer, byte[] body, Optional<String> correlationId, long receivedAtNanos, Answers answers) {

    /** The way back to the peer. Thread-safe. */
    @FunctionalInterface
    interface Answers {
        /**
         * Takes the answer.
         *
         * @param alone true if it must be a message by itself: it is an array already, or has no id, and the engine's client
         *     fails at such an answer and leaves out whatever follows it in an array
         */
        void answer(JsonText body, boolean alone);
    }

    /** A connection, as far as serving its requests goes. Thread-safe. */
    interface Peer {
        Principal principal();

        boolean remote();

        /** Where it is, for people and logs. */
        String address();

        /** Of this host, to which the peer is connected; empty over the local socket. */
        Optional<InetAddress> localAddress();

        PendingRequests pending();

        /** What workers do for this peer, in its order. */
        Sequence sequence();

        /** What is read from memory for this peer, and what else is to be encoded; in its order. */
        Sequence readings();

        /** The connection's event loop: timers only. */
        ScheduledExecutorService timers();

        /** Serves what belongs to the connection and not to the agent; empty for all other methods. */
        Optional<JsonNode> builtIn(String method);
    }
}
