package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.muster.client.AgentAddress;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/**
 * The agent's event clock (milliseconds since its host's boot, plus 2^31-1) as time of day.
 *
 * @param bootMillis when the agent's host started, in milliseconds of the epoch; empty: not known, and then no time is
 */
record AgentClock(OptionalLong bootMillis) {
    private static final long OFFSET_MILLIS = Integer.MAX_VALUE;

    /** Over a Unix socket the agent's host is ours, and so is its clock; over TCP its capabilities tell when it booted. */
    static AgentClock of(MusterConnection connection, long wallMillis)
            throws RpcError, IOException, InterruptedException {
        if (connection.address() instanceof AgentAddress.Unix) {
            return local(wallMillis, System.nanoTime());
        }
        JsonNode boot =
                connection.callAndWait("Host.getCapabilities", Json.object()).path("bootTime");
        long seconds = boot.asLong(0);
        return new AgentClock(seconds > 0 ? OptionalLong.of(seconds * 1000) : OptionalLong.empty());
    }

    /** On Linux {@code System.nanoTime} is CLOCK_MONOTONIC, the very clock the agent stamps with. */
    static AgentClock local(long wallMillis, long monotonicNanos) {
        return new AgentClock(OptionalLong.of(wallMillis - monotonicNanos / 1_000_000));
    }

    /** @param statusTime as sent: text or number; empty when either it or the boot is not known */
    Optional<Instant> instant(JsonNode statusTime) {
        double stamp = statusTime.asDouble(0);
        if (bootMillis.isEmpty() || stamp < OFFSET_MILLIS) {
            return Optional.empty();
        }
        return Optional.of(Instant.ofEpochMilli(bootMillis.getAsLong() + (long) stamp - OFFSET_MILLIS));
    }
}
