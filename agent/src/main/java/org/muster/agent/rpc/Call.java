package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.util.Optional;
import java.util.UUID;

/**
 * One call of a verb, its parameters already checked against the declaration.
 *
 * @param params by name, whatever way they were sent; holds declared parameters only, and an optional one sent as null
 *     is absent. The handler's own: nobody else reads or changes it
 * @param correlationId the engine's flow id, for logs; clipped
 * @param receivedAtNanos {@link System#nanoTime} when the message was decoded
 * @param remote true over TCP, false over the local socket
 * @param localAddress of this host, to which the peer is connected; empty over the local socket
 */
public record Call(
        String verb,
        ObjectNode params,
        Principal principal,
        Optional<String> correlationId,
        long receivedAtNanos,
        boolean remote,
        Optional<InetAddress> localAddress) {

    /** Tells whether an optional parameter was given. */
    public boolean has(String name) {
        return params.has(name);
    }

    /** Returns a parameter declared as text. Errors: {@link IllegalArgumentException} if it is absent. */
    public String text(String name) {
        return required(name).textValue();
    }

    public Optional<String> optionalText(String name) {
        return Optional.ofNullable(params.get(name)).map(JsonNode::textValue);
    }

    /**
     * Returns a parameter declared as {@link WireType#vm}.
     *
     * <p>Errors: {@link RpcException} of VDSM's number for a VM that does not exist if it is no UUID;
     * {@link IllegalArgumentException} if it is absent.
     */
    public UUID vm(String name) {
        String text = text(name);
        if (!WireType.Uuid.is(text)) {
            throw RpcException.noSuchVm(text);
        }
        return UUID.fromString(text);
    }

    /** Returns a parameter declared as integer, or {@code absent} if it was not given. */
    public long integer(String name, long absent) {
        return has(name) ? params.get(name).longValue() : absent;
    }

    /** Returns a parameter declared as boolean, or {@code absent} if it was not given. */
    public boolean flag(String name, boolean absent) {
        return has(name) ? params.get(name).booleanValue() : absent;
    }

    private JsonNode required(String name) {
        JsonNode value = params.get(name);
        if (value == null) {
            throw new IllegalArgumentException(verb + " was called without " + name + ", which it does not require");
        }
        return value;
    }
}
