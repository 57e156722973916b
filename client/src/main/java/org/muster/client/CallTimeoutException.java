package org.muster.client;

import java.io.IOException;
import java.time.Duration;

/** The agent did not answer a call in time; it may still carry it out. */
public final class CallTimeoutException extends IOException {
    CallTimeoutException(AgentAddress address, String method, Duration timeout) {
        super(method + " got no answer from " + address + " within " + timeout.toMillis() / 1000.0 + " s");
    }
}
