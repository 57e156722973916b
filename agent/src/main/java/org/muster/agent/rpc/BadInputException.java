package org.muster.agent.rpc;

/** Bytes that are no message of the protocol; the connection is told why and closed, since no next message can be found. */
final class BadInputException extends Exception {

    private final boolean atEnd;

    BadInputException(String message) {
        this(message, false);
    }

    private BadInputException(String message, boolean atEnd) {
        super(message, null, false, false); // an answer, not a fault: no stack is needed
        this.atEnd = atEnd;
    }

    /** The peer ended its side in the middle of a message. */
    static BadInputException atEnd(String message) {
        return new BadInputException(message, true);
    }

    /** Whether all that came before was right, so that it is to be answered first. */
    boolean isAtEnd() {
        return atEnd;
    }
}
