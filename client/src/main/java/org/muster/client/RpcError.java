package org.muster.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** The agent answered a call with an error. */
public final class RpcError extends Exception {
    private final int code;
    private final String reason;
    private final transient JsonNode data; // null: the agent sent none

    RpcError(int code, String reason, JsonNode data) {
        super(reason + " (code " + code + ")");
        this.code = code;
        this.reason = reason;
        this.data = data;
    }

    /** An answer of the agent that names no more than a code and its reason. */
    public RpcError(int code, String reason) {
        this(code, reason, null);
    }

    /** The JSON-RPC or VDSM error code, as sent. */
    public int code() {
        return code;
    }

    /** The agent's message, as sent; {@link #getMessage} has the code added. */
    public String reason() {
        return reason;
    }

    /** The member {@code data} of the error, where the agent sent one. */
    public Optional<JsonNode> data() {
        return Optional.ofNullable(data);
    }
}
