package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "queue",
        description = {
            "What is being started and what waits for it, in the order in which it will be started.",
            "AGE is in seconds: of one that waits since it was accepted, of the others since it got its slot."
        })
final class QueueCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Mixin
    private Repeat repeat;

    @Override
    public Integer call() throws Exception {
        try (MusterConnection connection = muster.connect()) {
            repeat.run(muster, connection, () -> show(connection.callAndWait("Host.getQueue", Json.object())));
            return ExitCode.OK;
        }
    }

    private void show(JsonNode queue) {
        if (muster.json()) {
            muster.printJson(queue);
            return;
        }
        Table table = new Table("PLACE", "NAME", "CLASS", ">PRIORITY", "<BATCH", ">AGE", "+STATE");
        for (JsonNode entry : queue.path("running")) {
            String hung = entry.path("hung").asBoolean() ? ", HUNG" : "";
            add(table, "-", entry, entry.path("create").path("state").asText() + hung);
        }
        for (JsonNode create : queue.path("unsettled")) {
            add(table, "-", Json.object().set("create", create), "UNSETTLED");
        }
        for (JsonNode entry : queue.path("waiting")) {
            add(table, entry.path("position").asText(), entry, waits(entry));
        }
        muster.print(table);
        muster.print(summary(queue));
    }

    private static String waits(JsonNode entry) {
        String why = entry.path("waitsFor").asText();
        return why.isEmpty() ? "about to start" : "waits for " + why;
    }

    private static void add(Table table, String place, JsonNode entry, String state) {
        JsonNode create = entry.path("create");
        table.row(
                place,
                create.path("name").asText(),
                create.path("class").asText(),
                create.path("priority").asText(),
                create.path("batchId").asText(),
                entry.has("age") ? Text.seconds(entry.path("age").asDouble() / 1000) : "-",
                state);
    }

    private static String summary(JsonNode queue) {
        String line = queue.path("running").size() + " being started, "
                + queue.path("waiting").size() + " of at most "
                + queue.path("capacity").asInt() + " waiting";
        if (!queue.path("draining").asBoolean()) {
            return line;
        }
        String reason = queue.path("drainReason").asText();
        return line + "; DRAINING, no new ones are taken" + (reason.isEmpty() ? "" : ": " + reason);
    }
}
