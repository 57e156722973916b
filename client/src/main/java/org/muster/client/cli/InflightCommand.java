package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "inflight",
        description = {
            "The calls that are in libvirt now and have not returned, the oldest first.",
            "OVERDUE: longer than its kind should ever take; its VM, its storage or libvirtd hangs.",
            "FOR is what the call's connection is for."
        })
final class InflightCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Mixin
    private Repeat repeat;

    @Option(names = "--overdue", description = "Only calls that are overdue.")
    private boolean overdue;

    @Override
    public Integer call() throws Exception {
        try (MusterConnection connection = muster.connect()) {
            repeat.run(muster, connection, () -> show(connection.callAndWait("Host.getCalls", Json.object())));
            return ExitCode.OK;
        }
    }

    private void show(JsonNode answer) {
        if (muster.json()) {
            muster.printJson(overdue ? onlyOverdue(answer) : answer);
            return;
        }
        Table table = new Table(">AGE", "CALL", "FOR", "VM", "<THREAD", "+STATE");
        for (JsonNode call : answer.path("calls")) {
            boolean late = call.path("overdue").asBoolean();
            if (late || !overdue) {
                table.row(
                        Text.seconds(call.path("age").asDouble() / 1000),
                        call.path("operation").asText(),
                        call.path("role").asText(),
                        call.path("vmName").asText(call.path("vmId").asText("-")),
                        call.path("thread").asText(),
                        late ? "OVERDUE" : "");
            }
        }
        muster.print(table);
        muster.print(answer.path("inFlight").asInt() + " calls in libvirt, "
                + answer.path("overdue").asInt() + " overdue of at most "
                + answer.path("maxStuck").asInt());
    }

    private static ObjectNode onlyOverdue(JsonNode answer) {
        ObjectNode only = Json.object();
        answer.properties().forEach(member -> only.set(member.getKey(), member.getValue()));
        ArrayNode calls = only.putArray("calls");
        for (JsonNode call : answer.path("calls")) {
            if (call.path("overdue").asBoolean()) {
                calls.add(call);
            }
        }
        return only;
    }
}
