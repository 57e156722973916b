package org.muster.client;

import java.io.IOException;

/** The connection is no more; whether the agent has done what was asked is not known. */
public final class ConnectionLostException extends IOException {
    ConnectionLostException(AgentAddress address, String reason, Throwable cause) {
        super("connection to " + address + " lost: " + reason, cause);
    }
}
