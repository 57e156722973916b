package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Map;
import java.util.Optional;

/**
 * An error that the caller is to see as it is.
 *
 * <p>A handler throws it or completes its stage with it. Everything else that comes out of a handler reaches the wire
 * as {@link #INTERNAL} with a reference to the log. Codes 22, 1100 and 5022 would make the engine take the host for
 * lost and are refused here.
 */
public final class RpcException extends RuntimeException {

    public static final int NO_SUCH_VM = 1;
    public static final int PARSE_ERROR = -32700;
    public static final int INVALID_REQUEST = -32600;
    public static final int METHOD_NOT_FOUND = -32601;
    public static final int INVALID_PARAMS = -32602;
    public static final int INTERNAL = -32603;
    /** The principal does not hold the access that the verb needs; from the range that JSON-RPC leaves to servers. */
    public static final int ACCESS_DENIED = -32001;
    /** VDSM's TransientError: try again later. */
    public static final int BUSY = 59;

    /** The table of VMs is not complete yet: the engine asks again, and does not take the host for lost. */
    public static final int RECOVERING = 99;

    // Of what passes by itself: seconds. A request that found no thread needs one that others have done with; the table
    // of VMs takes
    // two seconds, and is waited for by everybody.
    private static final Map<Integer, Integer> RETRY_AFTER = Map.of(BUSY, 1, RECOVERING, 2);

    private final int code;
    private final transient JsonNode data;

    public RpcException(int code, String message) {
        this(code, message, null);
    }

    /**
     * Makes an error with more in it for programs.
     *
     * @param data null for none but, where the refusal is temporary, {@code retryAfter}
     */
    public RpcException(int code, String message, JsonNode data) {
        super(message, null, false, false); // an answer, not a fault: no stack is needed
        if (code == 22 || code == 1100 || code == 5022) {
            throw new IllegalArgumentException("the engine takes code " + code + " for a lost host: " + message);
        }
        this.code = code;
        this.data = data == null ? retryAfter(code) : data;
    }

    private static JsonNode retryAfter(int code) {
        Integer seconds = RETRY_AFTER.get(code);
        return seconds == null ? null : JsonNodeFactory.instance.objectNode().put("retryAfter", seconds);
    }

    /** Of a verb about one VM. */
    public static RpcException noSuchVm(String id) {
        return new RpcException(NO_SUCH_VM, "Virtual machine does not exist: {'vmId': '" + Clip.text(id) + "'}");
    }

    public int code() {
        return code;
    }

    public Optional<JsonNode> data() {
        return Optional.ofNullable(data);
    }
}
