package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "history",
        description = {
            "What became of creates, the oldest first: at least of the last 1000, also of VMs that are gone.",
            "TOTAL is from the click (or the request) to the VM being up, QUEUE what it waited, START what libvirt took.",
            "ACCEPTED without a date is today."
        })
final class HistoryCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Parameters(arity = "0..*", paramLabel = "NAME|ID", description = "Only these: names, ids, or beginnings of ids.")
    private List<String> wanted = new ArrayList<>();

    @Option(names = "--batch", paramLabel = "ID", description = "Only this batch, with what was refused of it.")
    private String batch;

    @Option(names = "--limit", paramLabel = "N", defaultValue = "100", description = "The last N (default 100).")
    private int limit;

    @Mixin
    private Repeat repeat;

    @Override
    public Integer call() throws Exception {
        if (limit < 1 || limit > 10_000) {
            throw CommandFailure.usage("--limit must be 1 to 10000, got " + limit);
        }
        ObjectNode params = Json.object();
        if (batch != null) {
            params.put("batchId", batch);
        }
        if (wanted.isEmpty()) {
            params.put("limit", limit);
        }
        boolean[] found = {true};
        try (MusterConnection connection = muster.connect()) {
            repeat.run(muster, connection, () -> {
                JsonNode history = connection.callAndWait("Host.getHistory", params);
                found[0] = show(history) || wanted.isEmpty();
            });
            if (!found[0]) {
                muster.console().problem("the history has no create with the name or id " + String.join(", ", wanted));
            }
            return found[0] ? ExitCode.OK : ExitCode.REFUSED;
        }
    }

    /** Tells whether there was anything to show. */
    private boolean show(JsonNode history) {
        List<JsonNode> creates = meant(history.path("creates"));
        if (muster.json()) {
            ArrayNode all = Json.array();
            creates.forEach(all::add);
            ObjectNode answer = Json.object();
            answer.set("creates", all);
            answer.set("refused", history.path("refused"));
            muster.printJson(answer);
        } else {
            muster.print(table(creates, history.path("refused")));
        }
        return !creates.isEmpty();
    }

    /** The wanted ones, the last accepted first. */
    private List<JsonNode> meant(JsonNode creates) {
        List<JsonNode> meant = new ArrayList<>();
        for (JsonNode create : creates) {
            if (meant.size() < limit && (wanted.isEmpty() || wanted.stream().anyMatch(name -> fits(create, name)))) {
                meant.add(create);
            }
        }
        return meant;
    }

    private static boolean fits(JsonNode create, String name) {
        return create.path("name").asText().equals(name)
                || create.path("vmId").asText().startsWith(name.toLowerCase(Locale.ROOT));
    }

    private Table table(List<JsonNode> creates, JsonNode refused) {
        Table table = new Table("ACCEPTED", "NAME", "STATE", ">TOTAL", ">QUEUE", ">START", "<BATCH", "+REASON");
        for (int i = creates.size() - 1; i >= 0; i--) {
            JsonNode create = creates.get(i);
            JsonNode phases = create.path("phases");
            table.row(
                    time(create.path("acceptedAt")),
                    create.path("name").asText(),
                    create.path("state").asText(),
                    seconds(phases.has("userTotal") ? phases.get("userTotal") : phases.path("total")),
                    seconds(phases.path("queueWait")),
                    seconds(phases.path("createCall")),
                    create.path("batchId").asText(),
                    create.path("reason").asText());
        }
        for (JsonNode verdict : refused) {
            table.row(
                    "-",
                    verdict.path("vmId").asText(),
                    "REFUSED",
                    "-",
                    "-",
                    "-",
                    batch,
                    verdict.path("code").asText() + ": "
                            + verdict.path("reason").asText());
        }
        return table;
    }

    private String time(JsonNode millis) {
        return millis.isNumber()
                ? Text.time(
                        Instant.ofEpochMilli(millis.longValue()),
                        muster.console().clock())
                : "-";
    }

    private static String seconds(JsonNode millis) {
        return millis.isNumber() ? Text.seconds(millis.doubleValue() / 1000) : "-";
    }
}
