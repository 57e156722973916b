package org.muster.agent.rpc;

/** Bytes that are no message of the protocol; the connection is told why and closed, since no next message can be found. */
final class BadInputException extends Exception {

    BadInputException(String message) {
        super(message, null, false, false); // an answer, not a fault: no stack is needed
    }
}
