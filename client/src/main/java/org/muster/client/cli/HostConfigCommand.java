package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "config",
        description = {
            "The agent's configuration in force and where each value comes from; secrets masked. For administrators of the agent.",
            "PENDING is what the files say now and only a restart applies; the other keys a reload does.",
            "What the files would give, without an agent: musterd --config FILE --check-config."
        })
final class HostConfigCommand implements Callable<Integer> {
    @ParentCommand
    private HostCommand host;

    @Option(names = "--changed", description = "Only keys that are not at their default.")
    private boolean changed;

    @Override
    public Integer call() throws Exception {
        Muster muster = host.muster();
        try (MusterConnection connection = muster.connect()) {
            JsonNode answer = connection.callAndWait("Host.getConfig", Json.object());
            if (muster.json()) {
                muster.printJson(answer);
                return ExitCode.OK;
            }
            muster.print(table(answer.path("settings")));
            return ExitCode.OK;
        }
    }

    private Table table(JsonNode settings) {
        boolean anyWaits = false;
        for (JsonNode key : settings) {
            anyWaits |= key.has("pending");
        }
        Table table = anyWaits
                ? new Table("KEY", "+VALUE", "APPLIED BY", "+PENDING", "+FROM")
                : new Table("KEY", "+VALUE", "APPLIED BY", "+FROM"); // at 80 columns the room is needed
        for (JsonNode key : settings) {
            boolean isDefault = key.path("origin").asText().equals("default") && !key.has("pending");
            if (!changed || !isDefault) {
                List<String> cells = new ArrayList<>(List.of(
                        key.path("key").asText(),
                        key.path("value").asText(),
                        key.path("live").asBoolean() ? "reload" : "restart"));
                if (anyWaits) {
                    cells.add(key.path("pending").asText(""));
                }
                cells.add(key.path("origin").asText());
                table.row(cells.toArray(String[]::new));
            }
        }
        return table;
    }
}
