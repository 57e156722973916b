package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "factors",
        description = {
            "Measures on running guests what a sampling cycle's time is made of: Host.getSamplingFactors.",
            "Takes some seconds and loads libvirtd meanwhile; with --sweep fifteen seconds more."
        })
final class FactorsCommand implements Callable<Integer> {
    @ParentCommand
    private StatsCommand stats;

    @Option(names = "--guests", paramLabel = "N", description = "Ask as many guests at most. Default: 100.")
    private Integer guests;

    @Option(names = "--sweep", description = "Also ask with more and more calls side by side.")
    private boolean sweep;

    @Override
    public Integer call() throws Exception {
        Muster muster = stats.muster();
        ObjectNode params = Json.object().put("sweep", sweep);
        if (guests != null) {
            params.put("guests", guests);
        }
        try (MusterConnection connection = muster.connect()) {
            JsonNode report = connection.callAndWait("Host.getSamplingFactors", params);
            if (muster.json()) {
                muster.printJson(report);
            } else {
                print(muster, report);
            }
            return ExitCode.OK;
        }
    }

    private void print(Muster muster, JsonNode report) {
        muster.print("%d guests, a round trip takes %s us; measured in %s ms"
                .formatted(
                        report.path("guests").intValue(),
                        number(report, "roundTripMicros"),
                        number(report, "tookMillis")));
        Table groups = new Table("GROUP", ">US A CALL", ">US A GUEST", "MS BY GUESTS IN THE CALL");
        report.path("groups").properties().forEach(group -> {
            StringBuilder bulk = new StringBuilder();
            for (Map.Entry<String, JsonNode> size :
                    group.getValue().path("bulkMillis").properties()) {
                bulk.append(bulk.isEmpty() ? "" : "  ")
                        .append(size.getKey())
                        .append(": ")
                        .append(decimal(size.getValue().doubleValue()));
            }
            groups.row(
                    group.getKey(),
                    number(group.getValue(), "fixedMicros"),
                    number(group.getValue(), "perGuestMicros"),
                    bulk.toString());
        });
        muster.print("");
        muster.print(groups);
        JsonNode weights = report.path("weights");
        muster.print(
                "a call takes %s round trips, %s us a guest, and %s us more a guest whose monitor is asked; %s %% unexplained"
                        .formatted(
                                number(weights, "roundTrips"),
                                number(weights, "perGuestMicros"),
                                number(weights, "perMonitorMicros"),
                                number(weights, "unexplainedPercent")));
        muster.print("");
        muster.print(cycles(report.path("cycles")));
        if (sweep) {
            muster.print("");
            muster.print(sweep(report.path("sweep")));
        }
        report.path("notes").forEach(note -> muster.print("note: " + note.asText()));
    }

    private static Table cycles(JsonNode cycles) {
        Table table = new Table(
                "CYCLE", ">MS", ">OWN CPU", ">ROUND TRIP", ">MONITORS", ">LIBVIRT", ">OWN SYSCALLS", ">LIBVIRTD'S");
        for (JsonNode cycle : cycles) {
            table.row(
                    cycle.path("cycle").asText(),
                    number(cycle, "wallMillis"),
                    number(cycle, "ownCpuMillis"),
                    number(cycle, "roundTripMillis"),
                    number(cycle, "monitorMillis"),
                    number(cycle, "libvirtMillis"),
                    calls(cycle, "agentSystemCalls"),
                    calls(cycle, "libvirtdSystemCalls"));
        }
        return table;
    }

    private static String calls(JsonNode cycle, String name) {
        return cycle.path(name).isNumber() ? cycle.path(name).asText() : "-";
    }

    private static Table sweep(JsonNode points) {
        Table table = new Table("GROUP", ">AT ONCE", ">CALLS/S", ">P50 MS", ">INFLATION");
        for (JsonNode point : points) {
            table.row(
                    point.path("group").asText(),
                    point.path("concurrency").asText(),
                    number(point, "callsPerSecond"),
                    number(point, "p50Millis"),
                    number(point, "inflation"));
        }
        return table;
    }

    private static String number(JsonNode node, String member) {
        return decimal(node.path(member).doubleValue());
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
    }
}
