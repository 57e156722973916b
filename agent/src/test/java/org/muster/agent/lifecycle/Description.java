package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What {@code rpc.discover} says, to hold what is sent against it: everything that must be there is there and has its type, and
 * nothing is there that is not described. Immutable.
 */
final class Description {
    private final JsonNode document;

    Description(JsonNode document) {
        this.document = document;
    }

    /** Checks the result of a call. */
    void checkAnswer(String verb, JsonNode answer) {
        for (JsonNode method : document.get("methods")) {
            if (method.get("name").asText().equals(verb)) {
                check(verb, method.get("result").get("schema"), answer);
                return;
            }
        }
        throw new AssertionError(verb + " is not described");
    }

    /** Checks a notification. */
    void checkEvent(JsonNode message) {
        String method = message.get("method").asText();
        String kind = method.substring(0, method.lastIndexOf('|'));
        for (JsonNode event : document.get("x-notifications")) {
            String name = event.get("name").asText();
            if (name.substring(0, name.lastIndexOf('|')).equals(kind)) {
                checkParams(method, event.get("params"), message.get("params"));
                return;
            }
        }
        throw new AssertionError(method + " is not described");
    }

    private static void checkParams(String event, JsonNode described, JsonNode params) {
        Set<String> missing = new TreeSet<>();
        Set<String> left = new TreeSet<>();
        params.fieldNames().forEachRemaining(left::add);
        JsonNode each = null; // what is under a name that differs
        for (JsonNode param : described) {
            String name = param.get("name").asText();
            if (name.startsWith("<")) {
                each = param.get("schema");
            } else if (left.remove(name)) {
                check(event + " " + name, param.get("schema"), params.get(name));
            } else if (param.get("required").asBoolean()) {
                missing.add(name);
            }
        }
        assertThat(missing).as("%s lacks: %s", event, params).isEmpty();
        for (String name : left) {
            assertThat(each).as("%s: %s is not described", event, name).isNotNull();
            check(event, each, params.get(name));
        }
    }

    private static void check(String what, JsonNode schema, JsonNode value) {
        assertThat(JsonSchemaFactory.getInstance(VersionFlag.V7)
                        .getSchema(schema)
                        .validate(value))
                .as("%s: %s", what, value)
                .isEmpty();
        Set<String> undescribed = new TreeSet<>();
        undescribed("", schema, value, undescribed);
        assertThat(undescribed).as("%s sends what is not described", what).isEmpty();
    }

    private static void undescribed(String path, JsonNode schema, JsonNode value, Set<String> found) {
        if (schema.has("properties")) {
            for (Map.Entry<String, JsonNode> member : value.properties()) {
                JsonNode known = schema.get("properties").get(member.getKey());
                if (known == null) {
                    found.add(path + "." + member.getKey());
                } else {
                    undescribed(path + "." + member.getKey(), known, member.getValue(), found);
                }
            }
        } else if (schema.has("items")) {
            value.forEach(element -> undescribed(path + "[]", schema.get("items"), element, found));
        } else if (schema.has("additionalProperties")) {
            value.properties()
                    .forEach(member -> undescribed(
                            path + "." + member.getKey(),
                            schema.get("additionalProperties"),
                            member.getValue(),
                            found));
        }
    }
}
