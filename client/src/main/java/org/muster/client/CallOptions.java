package org.muster.client;

import java.time.Duration;
import java.util.Optional;

/**
 * What one call wants different from the connection's defaults.
 *
 * @param timeout empty: the connection's call time-out
 * @param correlationId sent as the header {@code ovirtCorrelationId}, which the agent writes to its log
 */
public record CallOptions(Optional<Duration> timeout, Optional<String> correlationId) {
    public CallOptions {
        timeout.ifPresent(value -> ConnectOptions.check("timeout", value));
    }

    public static CallOptions defaults() {
        return new CallOptions(Optional.empty(), Optional.empty());
    }

    public static CallOptions within(Duration timeout) {
        return new CallOptions(Optional.of(timeout), Optional.empty());
    }

    public CallOptions correlatedAs(String id) {
        return new CallOptions(timeout, Optional.of(id));
    }
}
