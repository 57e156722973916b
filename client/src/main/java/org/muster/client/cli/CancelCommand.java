package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "cancel",
        description = {
            "Takes creates that still wait out of the queue; what is being started or runs is left alone.",
            "Give VMs, or a batch."
        })
final class CancelCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Parameters(arity = "0..*", paramLabel = "NAME|ID", description = "Names, ids, or beginnings of ids.")
    private List<String> wanted = new ArrayList<>();

    @Option(names = "--batch", paramLabel = "ID", description = "All that waits of this batch.")
    private String batch;

    private final Map<String, String> labels = new HashMap<>(); // as they were asked for, by id

    @Override
    public Integer call() throws Exception {
        if (wanted.isEmpty() == (batch == null)) {
            throw CommandFailure.usage("give either VMs or --batch");
        }
        try (MusterConnection connection = muster.connect()) {
            ObjectNode params = Json.object();
            if (batch != null) {
                params.put("batchId", batch);
            } else {
                ArrayNode ids = params.putArray("vmIds");
                for (Vm vm : VmNames.resolve(connection, wanted)) {
                    ids.add(vm.id());
                    labels.put(vm.id(), vm.label());
                }
            }
            return report(connection.callAndWait("Host.cancelCreates", params));
        }
    }

    private int report(JsonNode answer) {
        int cancelled = answer.path("cancelled").size();
        int kept = answer.path("kept").size();
        if (muster.json()) {
            muster.printJson(answer);
        } else {
            muster.print(cancelled + " cancelled" + (kept == 0 ? "" : ", " + kept + " not"));
        }
        if (batch == null) {
            for (JsonNode each : answer.path("kept")) {
                String id = each.path("vmId").asText();
                muster.console()
                        .problem("not cancelled: " + labels.getOrDefault(id, id) + ": "
                                + each.path("reason").asText());
            }
        }
        // of a batch it is no surprise that some have been started already
        return kept > 0 && batch == null ? ExitCode.REFUSED : ExitCode.OK;
    }
}
