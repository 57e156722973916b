package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.TreeMap;
import org.muster.client.Json;

/** A JSON object as a table of its members: nested objects one level down as {@code a.b}, deeper values as JSON. */
final class Members {
    private Members() {}

    static Table table(JsonNode object) {
        Table table = new Table("FIELD", "+VALUE");
        Map<String, JsonNode> sorted = new TreeMap<>();
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            sorted.put(member.getKey(), member.getValue());
        }
        sorted.forEach((name, value) -> addRows(table, name, value));
        return table;
    }

    private static void addRows(Table table, String name, JsonNode value) {
        if (value.isObject() && !value.isEmpty()) {
            for (Map.Entry<String, JsonNode> member : value.properties()) {
                table.row(name + "." + member.getKey(), text(member.getValue()));
            }
        } else {
            table.row(name, text(value));
        }
    }

    static String text(JsonNode value) {
        return value.isTextual() ? value.textValue() : Json.write(value);
    }
}
