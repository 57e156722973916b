package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "drain",
        description = {
            "Lets the host take no new VMs until --off, also after a restart. What waits still starts, unless it is cancelled."
        })
final class DrainCommand implements Callable<Integer> {
    @ParentCommand
    private HostCommand host;

    @Option(names = "--off", description = "Take new VMs again.")
    private boolean off;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Told to whoever is refused.")
    private String reason;

    @Option(names = "--cancel-queued", description = "Cancel what waits, too.")
    private boolean cancelQueued;

    @Override
    public Integer call() throws Exception {
        if (off && (reason != null || cancelQueued)) {
            throw CommandFailure.usage("--off goes without --reason and --cancel-queued");
        }
        Muster muster = host.muster();
        ObjectNode params = Json.object().put("enabled", !off);
        if (reason != null) {
            params.put("reason", reason);
        }
        try (MusterConnection connection = muster.connect()) {
            JsonNode answer = connection.callAndWait("Host.drain", params);
            int cancelled = cancelQueued ? cancel(connection) : 0;
            if (muster.json()) {
                muster.printJson(((ObjectNode) answer).put("cancelled", cancelled));
            } else {
                muster.print(off ? "new VMs are taken again" : "draining: " + left(answer, cancelled));
            }
            return ExitCode.OK;
        }
    }

    private static String left(JsonNode answer, int cancelled) {
        String waiting = answer.path("waiting").asInt() - cancelled + " waiting, ";
        return waiting + answer.path("running").asInt() + " being started"
                + (cancelled == 0 ? "" : ", " + cancelled + " cancelled");
    }

    private static int cancel(MusterConnection connection) throws Exception {
        JsonNode queue = connection.callAndWait("Host.getQueue", Json.object());
        ObjectNode params = Json.object();
        ArrayNode ids = params.putArray("vmIds");
        queue.path("waiting").forEach(entry -> ids.add(entry.path("create").path("vmId")));
        if (ids.isEmpty()) {
            return 0;
        }
        return connection
                .callAndWait("Host.cancelCreates", params)
                .path("cancelled")
                .size();
    }
}
