package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "create-stats",
        description = {
            "How long creates took, phase by phase in milliseconds, since the agent's start or --reset; and the slowest of them.",
            "validate, journal, queueWait, prepare, toRunning and publish follow one another and add up to total."
        })
final class CreateStatsCommand implements Callable<Integer> {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
    private static final List<String> SHOWN =
            List.of("validate", "journal", "queueWait", "prepare", "toRunning", "publish", "total");

    @ParentCommand
    private Muster muster;

    @Option(names = "--batch", paramLabel = "ID", description = "Only this batch.")
    private String batch;

    @Option(names = "--reset", description = "Begin anew from now on; what was until now is shown once more.")
    private boolean reset;

    @Option(
            names = "--slowest",
            paramLabel = "N",
            defaultValue = "5",
            description = "Show the N slowest, 0 to 20. Default: ${DEFAULT-VALUE}.")
    private int slowest;

    @Mixin
    private Repeat repeat;

    @Override
    public Integer call() throws Exception {
        if (slowest < 0 || slowest > 20) {
            throw CommandFailure.usage("--slowest must be 0 to 20, got " + slowest);
        }
        if (batch != null && reset) {
            throw CommandFailure.usage("--reset is not for one batch");
        }
        ObjectNode params = Json.object();
        if (batch != null) {
            params.put("batchId", batch);
        }
        boolean[] toReset = {reset}; // once, however often it is shown
        try (MusterConnection connection = muster.connect()) {
            repeat.run(muster, connection, () -> {
                JsonNode stats = connection.callAndWait("Host.getCreateStats", params);
                if (toReset[0]) {
                    toReset[0] = false;
                    connection.callAndWait("Host.resetCreateStats", Json.object());
                }
                print(stats);
            });
            return ExitCode.OK;
        }
    }

    private void print(JsonNode stats) {
        if (muster.json()) {
            muster.printJson(stats);
        } else {
            show(stats);
        }
    }

    private void show(JsonNode stats) {
        muster.print(summary(stats));
        if (stats.path("timed").longValue() == 0) {
            return;
        }
        Table table = new Table("CLASS", "PHASE", ">COUNT", ">MEAN", ">P50", ">P90", ">P95", ">P99", ">MAX");
        rows(table, "all", stats.path("phases"));
        if (stats.path("classes").size() > 1) {
            stats.path("classes").properties().forEach(each -> rows(table, each.getKey(), each.getValue()));
        }
        muster.print(table);
        if (stats.path("calls").size() > 1) {
            muster.print("");
            muster.print(calls(stats.path("calls")));
        }
        if (slowest > 0) {
            muster.print("");
            muster.print(slowest(stats.path("slowest"), slowest));
        }
    }

    private String summary(JsonNode stats) {
        StringBuilder line = new StringBuilder(since(stats.path("since").longValue()));
        int before = line.length();
        for (Map.Entry<String, JsonNode> outcome : stats.path("outcomes").properties()) {
            if (outcome.getValue().longValue() > 0) {
                line.append(line.length() == before ? "" : ", ")
                        .append(outcome.getValue().asText())
                        .append(' ')
                        .append(outcome.getKey());
            }
        }
        if (line.length() == before) {
            line.append("no create has ended");
        }
        line.append(underWay(stats));
        JsonNode span = stats.path("batch");
        if (span.path("started").asInt() > 0) {
            line.append("; in ").append(Text.seconds(span.path("makespan").doubleValue() / 1000));
            line.append(String.format(
                    Locale.ROOT, ", %.2f a second", span.path("perSecond").doubleValue()));
        }
        return line.toString();
    }

    /** @param millis 0 if it is not known */
    private String since(long millis) {
        return millis == 0
                ? ""
                : "since "
                        + TIME.format(Instant.ofEpochMilli(millis)
                                .atZone(muster.console().clock().getZone()))
                        + ": ";
    }

    /** Of a batch only as long as there is something to tell. */
    private static String underWay(JsonNode stats) {
        boolean all = stats.has("mostWaiting");
        if (!all && stats.path("running").asLong() + stats.path("waiting").asLong() == 0) {
            return "";
        }
        return "; now " + stats.path("running").asText() + " being started, "
                + stats.path("waiting").asText() + " waiting"
                + (all
                        ? "; the most that ever waited: "
                                + stats.path("mostWaiting").asText()
                        : "");
    }

    private static void rows(Table table, String who, JsonNode phases) {
        for (Map.Entry<String, JsonNode> phase : phases.properties()) {
            JsonNode times = phase.getValue();
            table.row(
                    who,
                    phase.getKey(),
                    times.path("count").asText(),
                    millis(times.path("mean")),
                    millis(times.path("p50")),
                    millis(times.path("p90")),
                    millis(times.path("p95")),
                    millis(times.path("p99")),
                    millis(times.path("max")));
        }
    }

    private static Table calls(JsonNode calls) {
        Table table = new Table(">LIBVIRT CALLS AT ONCE", ">COUNT", ">MEAN", ">INFLATION");
        for (JsonNode call : calls) {
            table.row(
                    call.path("atOnce").asText(),
                    call.path("count").asText(),
                    millis(call.path("mean")),
                    millis(call.path("inflation")));
        }
        return table;
    }

    private static Table slowest(JsonNode creates, int most) {
        String[] headers = new String[SHOWN.size() + 2];
        headers[0] = "SLOWEST";
        headers[1] = "CLASS";
        for (int i = 0; i < SHOWN.size(); i++) {
            headers[i + 2] = ">" + SHOWN.get(i).toUpperCase(Locale.ROOT);
        }
        Table table = new Table(headers);
        for (int i = 0; i < Math.min(most, creates.size()); i++) {
            JsonNode create = creates.get(i);
            String[] row = new String[headers.length];
            row[0] = create.path("name").asText();
            row[1] = create.path("class").asText();
            for (int j = 0; j < SHOWN.size(); j++) {
                row[j + 2] = millis(create.path("phases").path(SHOWN.get(j)));
            }
            table.row(row);
        }
        return table;
    }

    private static String millis(JsonNode value) {
        if (!value.isNumber()) {
            return "-";
        }
        double millis = value.doubleValue();
        return String.format(Locale.ROOT, millis < 10 ? "%.2f" : millis < 100 ? "%.1f" : "%.0f", millis);
    }
}
