package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.muster.client.Answers;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "list",
        aliases = "ls",
        description = "All VMs the agent knows by name, with their status and since when it has seen them in it.")
final class VmListCommand implements Callable<Integer> {

    private record Row(String id, String name, String status, JsonNode statusTime, Optional<Instant> since) {}

    @ParentCommand
    private VmCommand vm;

    @Mixin
    private Repeat repeat;

    @Override
    public Integer call() throws Exception {
        try (MusterConnection connection = vm.muster().connect()) {
            repeat.run(vm.muster(), connection, () -> show(vm.muster(), connection));
            return ExitCode.OK;
        }
    }

    private static void show(Muster muster, MusterConnection connection) throws Exception {
        CompletableFuture<JsonNode> asked = connection.call("Host.getVMList", Json.object());
        Map<String, Vm> named = Vm.all(connection).stream()
                .collect(Collectors.toMap(Vm::id, Function.identity(), (first, second) -> first));
        Clock ours = muster.console().clock();
        AgentClock clock = AgentClock.of(connection, ours.millis());
        ArrayNode entries = Json.array();
        Table table = new Table("ID", "NAME", "STATUS", "SINCE");
        List<Row> rows = new ArrayList<>();
        Answers.await(asked).forEach(entry -> rows.add(row(entry, named, clock)));
        rows.sort(Comparator.comparing(Row::name).thenComparing(Row::id));
        for (Row row : rows) {
            entries.add(json(row));
            table.row(
                    row.id(),
                    row.name(),
                    row.status(),
                    row.since().map(since -> Text.time(since, ours)).orElse("-"));
        }
        if (muster.json()) {
            muster.printJson(entries);
        } else {
            muster.print(table);
        }
    }

    private static Row row(JsonNode entry, Map<String, Vm> named, AgentClock clock) {
        String id = entry.isTextual() ? entry.textValue() : entry.path("vmId").asText("");
        Vm known = named.getOrDefault(id, Vm.of(entry));
        JsonNode statusTime = entry.has("statusTime")
                ? entry.get("statusTime")
                : known.stats().path("statusTime");
        String status = entry.path("status").asText(known.status());
        return new Row(id, known.name(), status, statusTime, clock.instant(entry.path("statusSince")));
    }

    private static JsonNode json(Row row) {
        return Json.object()
                .put("vmId", row.id())
                .put("name", row.name())
                .put("status", row.status())
                .put("statusTime", row.statusTime().asText(""))
                .put("since", row.since().map(Instant::toString).orElse(null));
    }
}
