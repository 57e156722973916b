package org.muster.client;

import java.io.IOException;

/** No connection to the agent came about; the message says to where and why. */
public final class UnreachableException extends IOException {
    /** How far the attempt came. */
    public enum Kind {
        /** Nothing listens there, or nobody knows the name, or no way leads there. */
        NOTHING_THERE,
        /** This user may not open the socket. */
        NOT_ALLOWED,
        /** Somebody took the connection, but does not answer as an agent does. */
        NO_HANDSHAKE
    }

    private final Kind kind;

    UnreachableException(Kind kind, AgentAddress address, String reason, Throwable cause) {
        super("no agent answers at " + address + ": " + reason, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
