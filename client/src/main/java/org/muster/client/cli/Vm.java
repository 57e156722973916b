package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/**
 * A VM as the agent reports it.
 *
 * @param name empty when the agent reports none, as it may for a VM that is down
 * @param stats its entry in Host.getAllVmStats
 */
record Vm(String id, String name, String status, JsonNode stats) {
    static Vm of(JsonNode stats) {
        return new Vm(
                stats.path("vmId").asText(""),
                stats.path("vmName").asText(""),
                stats.path("status").asText("unknown"),
                stats);
    }

    /** All VMs the agent knows, in its order. */
    static List<Vm> all(MusterConnection connection) throws RpcError, IOException, InterruptedException {
        List<Vm> vms = new ArrayList<>();
        for (JsonNode stats : connection.callAndWait("Host.getAllVmStats", Json.object())) {
            vms.add(of(stats));
        }
        return vms;
    }

    /** {@code name (id)}, or the id alone. */
    String label() {
        return name.isEmpty() ? id : name + " (" + id + ")";
    }
}
