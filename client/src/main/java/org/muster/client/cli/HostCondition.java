package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/** What keeps samples of VMs from coming that no VM is to blame for: a part of Host.getStats. */
final class HostCondition {
    private static final int NO_SUCH_METHOD = -32601;
    private static final Map<String, String> WORDS = Map.of(
            "degraded", "so many VMs hang that others cannot be asked for all their values",
            "saturated", "libvirtd answers, but calls do not get through it",
            "libvirtd-down", "libvirtd does not answer, or is not there");

    private HostCondition() {}

    /** The agent's account of its sampling; an empty object from one that tells none. */
    static JsonNode sampling(MusterConnection connection) throws RpcError, IOException, InterruptedException {
        return stats(connection).path("sampling");
    }

    /** The host's statistics; an empty object from an agent that tells none. */
    static JsonNode stats(MusterConnection connection) throws RpcError, IOException, InterruptedException {
        try {
            return connection.callAndWait("Host.getStats", Json.object());
        } catch (RpcError e) {
            if (e.code() == NO_SUCH_METHOD) {
                return Json.object();
            }
            throw e;
        }
    }

    /** A line for people; empty when nothing is the matter. */
    static Optional<String> line(JsonNode sampling) {
        String condition = sampling.path("condition").asText("ok");
        if (condition.equals("ok")) {
            return Optional.empty();
        }
        return Optional.of("host: " + condition + " (" + WORDS.getOrDefault(condition, "unknown") + "); "
                + sampling.path("frozen").asText("0") + " VMs frozen");
    }
}
