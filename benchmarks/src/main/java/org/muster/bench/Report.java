package org.muster.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** What came of a benchmark: as a file for programs, as a picture, and as a table for whoever waits. Immutable. */
record Report(String name, Machine machine, List<Row> rows) {
    private static final String METHOD =
            "Muster and floor in turn; medians; low to high: interval of the median of what is judged, by order statistics;"
                    + " a bound is missed only if all of it lies beyond";

    Report {
        rows = List.copyOf(rows);
    }

    boolean ok() {
        return rows.stream().allMatch(Row::ok);
    }

    /** Writes NAME.json and NAME.svg into the folder. */
    void write(Path folder) throws BenchException {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve(name + ".json"), toJson().toPrettyString() + "\n");
            Files.writeString(folder.resolve(name + ".svg"), Picture.of(this));
        } catch (IOException e) {
            throw new BenchException("the result cannot be written into " + folder + ": " + e.getMessage(), e);
        }
    }

    ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("name", name);
        json.set("machine", machine.toJson());
        json.put("method", METHOD);
        ArrayNode list = json.putArray("rows");
        rows.forEach(row -> list.add(row.toJson()));
        return json;
    }

    String table() {
        StringBuilder text = new StringBuilder();
        text.append("machine: ").append(machine).append('\n');
        text.append(line("metric", "Muster", "floor", "ratio", "judged", "low", "high", "bound", ""));
        for (Row row : rows) {
            text.append(line(
                    row.metric(),
                    number(row.value()) + " " + row.unit(),
                    number(row.floor()) + " " + row.unit(),
                    number(row.ratio()),
                    row.bound().judged().word() + " " + number(row.judgedValue()),
                    number(row.interval().low()),
                    number(row.interval().high()),
                    number(row.bound().value()),
                    row.ok() ? "ok" : "MISSED"));
        }
        for (Row row : rows) {
            text.append("%s: %d rounds, interval covers %.1f %%; %s\n"
                    .formatted(row.metric(), row.rounds(), 100 * row.interval().coverage(), row.note()));
        }
        return text.toString();
    }

    private static String line(String metric, String... cells) {
        return "%-18s %12s %12s %8s %18s %8s %8s %8s  %s"
                        .formatted(prepend(metric, cells))
                        .stripTrailing() + "\n";
    }

    private static Object[] prepend(String first, String[] rest) {
        Object[] all = new Object[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
