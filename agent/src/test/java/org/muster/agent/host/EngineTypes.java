package org.muster.agent.host;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads answers the way the engine's parsers do: what would throw there, or be lost there, is a complaint here. Source:
 * engine-contract 3.3.
 */
public final class EngineTypes {

    /** What a field is read as. */
    @FunctionalInterface
    public interface Type {
        /** Null if the value is right, else what is wrong with it. */
        String complaint(JsonNode value);
    }

    /** A field of an object. */
    public record Field(String name, boolean required, Type type) {}

    public static final Type TEXT = v -> v.isTextual() ? null : "must be a string, is lost otherwise";
    public static final Type BOOL =
            v -> v.isBoolean() || (v.isTextual() && v.asText().matches("true|false")) ? null : "must be a bool";
    public static final Type STRICT_BOOL = v -> v.isBoolean() ? null : "must be a JSON bool";
    public static final Type DOUBLE = v -> v.isFloatingPointNumber() || (v.isTextual() && decimal(v.asText()))
            ? null
            : "must be a float or decimal text: an integer ends the whole reply";
    public static final Type INT = v -> (v.isIntegralNumber() && v.canConvertToInt())
                    || (v.isTextual() && v.asText().matches("-?\\d{1,9}(\\..*)?"))
            ? null
            : "must be an integer of 32 bits or text of one";
    public static final Type STRICT_INT =
            v -> v.isIntegralNumber() && v.canConvertToInt() ? null : "must be a JSON integer of 32 bits";
    public static final Type LONG = v -> (v.isIntegralNumber() && v.canConvertToLong())
                    || (v.isTextual() && v.asText().matches("-?\\d{1,18}(\\..*)?"))
            ? null
            : "must be an integer or text of one";
    public static final Type COUNTER = v -> v.isIntegralNumber() || (v.isTextual() && whole(v.asText()))
            ? null
            : "must be a whole number or text of one";
    public static final Type THP = oneOf("always", "madvise", "never");
    public static final Type DATE =
            v -> v.isTextual() && v.asText().matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d [A-Z]{3}")
                    ? null
                    : "must be YYYY-MM-DDTHH:MM:SS TZ";

    private EngineTypes() {}

    public static Type oneOf(String... words) {
        return v -> List.of(words).contains(v.asText()) && v.isTextual() ? null : "must be one of " + List.of(words);
    }

    public static Type matching(String regex) {
        return v -> v.isTextual() && v.asText().matches(regex) ? null : "must be text that matches " + regex;
    }

    public static Type arrayOf(Type element) {
        return v -> {
            if (!v.isArray()) {
                return "must be an array";
            }
            for (JsonNode item : v) {
                String complaint = item.isNull() ? "null element" : element.complaint(item);
                if (complaint != null) {
                    return "element " + item + " " + complaint;
                }
            }
            return null;
        };
    }

    public static Type mapOf(Type value) {
        return v -> {
            if (!v.isObject()) {
                return "must be an object";
            }
            for (Map.Entry<String, JsonNode> entry : v.properties()) {
                String complaint = value.complaint(entry.getValue());
                if (complaint != null) {
                    return entry.getKey() + ": " + complaint;
                }
            }
            return null;
        };
    }

    public static Type object(Field... fields) {
        return v -> {
            List<String> complaints = v.isObject() ? check(v, List.of(fields)) : List.of("must be an object");
            return complaints.isEmpty() ? null : complaints.toString();
        };
    }

    public static Field must(String name, Type type) {
        return new Field(name, true, type);
    }

    public static Field may(String name, Type type) {
        return new Field(name, false, type);
    }

    /** Everything that is wrong with an answer; nulls anywhere in it are, too. */
    public static List<String> check(JsonNode answer, List<Field> fields) {
        List<String> complaints = new ArrayList<>();
        for (Field field : fields) {
            JsonNode value = answer.get(field.name());
            if (value == null) {
                if (field.required()) {
                    complaints.add(field.name() + " is missing");
                }
            } else {
                String complaint = value.isNull() ? "is null" : field.type().complaint(value);
                if (complaint != null) {
                    String text = value.toString();
                    complaints.add(
                            field.name() + " " + complaint + ", got " + text.substring(0, Math.min(80, text.length())));
                }
            }
        }
        nulls("", answer, complaints);
        return complaints;
    }

    private static void nulls(String path, JsonNode node, List<String> complaints) {
        if (node.isNull()) {
            complaints.add(path + " is null");
        }
        node.properties().forEach(entry -> nulls(path + "." + entry.getKey(), entry.getValue(), complaints));
        if (node.isArray()) {
            node.forEach(item -> nulls(path + "[]", item, complaints));
        }
    }

    private static boolean decimal(String text) {
        try {
            return new BigDecimal(text).signum() >= -1;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static boolean whole(String text) {
        try {
            return new BigInteger(text.replaceFirst("\\..*", "")).signum() >= -1;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
