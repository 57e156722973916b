package org.muster.client;

import java.io.IOException;

/** What the peer sent is no STOMP, or more of it than we take. */
final class MalformedFrameException extends IOException {
    MalformedFrameException(String message) {
        super(message);
    }
}
