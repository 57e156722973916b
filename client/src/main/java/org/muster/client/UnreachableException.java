package org.muster.client;

import java.io.IOException;

/** No connection to the agent came about; the message says to where and why. */
public final class UnreachableException extends IOException {
    UnreachableException(AgentAddress address, String reason, Throwable cause) {
        super("no agent answers at " + address + ": " + reason, cause);
    }
}
