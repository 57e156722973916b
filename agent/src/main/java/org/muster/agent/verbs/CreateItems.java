package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.muster.agent.create.BatchAnswer;
import org.muster.agent.create.BatchRequest;
import org.muster.agent.create.CreateClass;
import org.muster.agent.create.CreateService;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.WireType;
import org.muster.libvirt.DomainXml.Problem;

/** The items of Host.createVms: each is judged on its own, so a bad one spoils nothing but itself. Stateless. */
final class CreateItems {
    private static final int XML_CHARS = 4 << 20;
    private static final int VALUE_CHARS = 65_536;
    private static final double MOST_MILLIS = 1e15; // the year 33658

    /** How an item looks, for the API's description. */
    static final WireType TYPE = SavedState.beside(
            Param.optional("vmId", WireType.uuid(), "made by the agent if absent"),
            Param.optional("xml", WireType.text(1, XML_CHARS), "the domain XML"),
            Param.optional("values", WireType.map(WireType.text(VALUE_CHARS)), "keys of the template"),
            Param.optional("class", WireType.oneOf("HA", "RERUN", "NORMAL", "PRESTART"), "default NORMAL"),
            Param.optional("priority", WireType.integer(0, 100), "the higher first; default 0"),
            Param.optional("launchPaused", WireType.bool(), "default: what the XML's metadata say"),
            Param.optional(
                    "requestedAt", WireType.number(0, MOST_MILLIS), "when a person asked for it, ms since 1970"));

    /** How the verdict on one looks. */
    static final WireType VERDICT = verdict();

    /** How the answer to all of them looks. */
    static final WireType ANSWER = WireType.object(
            Param.required("batchId", WireType.text(1, 128), "as asked"),
            Param.required("replayed", WireType.bool(), "true: the batch was known, and nothing was started"),
            Param.optional("dryRun", WireType.bool(), "true: nothing was accepted, it only would be"),
            Param.required("vms", WireType.array(VERDICT, 10_000), "in the order asked"));

    /** So many are enough to look at, and an answer with ten thousand would be tens of megabytes. */
    static final int MOST_XML = 100;

    /** Text that can be written into a domain's metadata, and into a log: not empty, no control characters, and none that XML cannot hold. */
    static final String XML_TEXT = "[^\\x00-\\x1f\\x7f\\ud800-\\udfff\\ufffe\\uffff]+";

    private static final int MOST_PRIORITY = 100;
    private static final int CLIP = 80;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private CreateItems() {}

    private static WireType verdict() {
        WireType text = WireType.text(Integer.MAX_VALUE);
        WireType problem = WireType.object(
                Param.required("field", text, "where, as a path"),
                Param.required("rule", text, "what is asked for"),
                Param.required("value", text, "what was sent, clipped"));
        return WireType.object(
                Param.optional("vmId", text, "of a refused item as it was sent"),
                Param.required("status", WireType.oneOf("ACCEPTED", "REFUSED"), "the verdict"),
                Param.optional("queuePosition", WireType.integer(0, Integer.MAX_VALUE), "of an accepted one, from 1"),
                Param.optional("code", WireType.integer(Integer.MIN_VALUE, Integer.MAX_VALUE), "why refused"),
                Param.optional("reason", text, "the same in words"),
                Param.optional("problems", WireType.array(problem, 10_000), "all that is wrong with a refused one"),
                Param.optional(
                        "xml",
                        text,
                        "with dryRun and withXml: the domain that libvirt would get, but for the host's names of networks and"
                                + " paths of images, which are put in at the start"));
    }

    /** Every item, with what is wrong with how it was sent. */
    static List<BatchRequest.Item> parse(ArrayNode items) {
        List<BatchRequest.Item> parsed = new ArrayList<>(items.size());
        items.forEach(item -> parsed.add(parse(parsed.size(), item)));
        return parsed;
    }

    private static BatchRequest.Item parse(int index, JsonNode node) {
        List<Problem> problems = new ArrayList<>();
        SavedState.in(node).forEach(field -> problems.add(new Problem(field, SavedState.RULE, "")));
        boolean unsupported = !problems.isEmpty();
        if (!node.isObject()) {
            problems.add(new Problem("item", "must be an object", clip(node)));
        }
        return new BatchRequest.Item(
                index,
                text(node, "vmId", Integer.MAX_VALUE, problems),
                text(node, "xml", XML_CHARS, problems),
                values(node.get("values"), problems),
                createClass(node, problems),
                priority(node, problems),
                flag(node, problems),
                requestedAt(node, problems),
                problems,
                unsupported ? CreateVerbs.UNSUPPORTED : RpcException.INVALID_PARAMS);
    }

    private static Optional<String> text(JsonNode node, String field, int most, List<Problem> problems) {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isTextual()) {
            problems.add(new Problem(field, "must be a text", clip(value)));
            return Optional.empty();
        }
        if (value.textValue().length() > most) {
            problems.add(tooLong(field, value.textValue(), most));
            return Optional.empty();
        }
        return Optional.of(value.textValue());
    }

    private static Problem tooLong(String field, String text, int most) {
        return new Problem(field, "must have at most " + most + " characters", text.length() + " characters");
    }

    private static Map<String, String> values(JsonNode node, List<Problem> problems) {
        Map<String, String> values = new TreeMap<>();
        if (node == null || node.isNull()) {
            return values;
        }
        if (!node.isObject()) {
            problems.add(new Problem("values", "must be an object", clip(node)));
            return values;
        }
        ((ObjectNode) node).properties().forEach(entry -> value(entry.getKey(), entry.getValue(), values, problems));
        return values;
    }

    private static void value(String key, JsonNode value, Map<String, String> values, List<Problem> problems) {
        if (problems.size() > BatchAnswer.MOST_PROBLEMS) {
            return; // no more of them are told
        }
        if (!value.isValueNode() || value.isNull()) {
            problems.add(new Problem("values." + key, "must be a text, number or boolean", clip(value)));
        } else if (value.asText().length() > VALUE_CHARS) {
            problems.add(tooLong("values." + key, value.asText(), VALUE_CHARS));
        } else {
            values.put(key, value.asText());
        }
    }

    private static CreateClass createClass(JsonNode node, List<Problem> problems) {
        JsonNode value = node.get("class");
        if (value == null || value.isNull()) {
            return CreateClass.NORMAL;
        }
        for (CreateClass createClass : CreateClass.values()) {
            if (createClass.name().equals(value.textValue())) {
                return createClass;
            }
        }
        problems.add(new Problem("class", "must be one of " + Arrays.toString(CreateClass.values()), clip(value)));
        return CreateClass.NORMAL;
    }

    private static int priority(JsonNode node, List<Problem> problems) {
        JsonNode value = node.get("priority");
        if (value == null || value.isNull()) {
            return 0;
        }
        if (!value.isInt() || value.intValue() < 0 || value.intValue() > MOST_PRIORITY) {
            problems.add(new Problem("priority", "must be a whole number from 0 to " + MOST_PRIORITY, clip(value)));
            return 0;
        }
        return value.intValue();
    }

    private static Optional<Boolean> flag(JsonNode node, List<Problem> problems) {
        JsonNode value = node.get("launchPaused");
        if (value == null || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isBoolean()) {
            problems.add(new Problem("launchPaused", "must be true or false", clip(value)));
            return Optional.empty();
        }
        return Optional.of(value.booleanValue());
    }

    private static long requestedAt(JsonNode node, List<Problem> problems) {
        JsonNode value = node.get("requestedAt");
        if (value == null || value.isNull()) {
            return 0;
        }
        if (!value.isNumber() || !(value.doubleValue() >= 0 && value.doubleValue() <= MOST_MILLIS)) {
            problems.add(new Problem("requestedAt", "must be a number from 0 to 1e15, ms since 1970", clip(value)));
            return 0;
        }
        return value.longValue();
    }

    static String clip(JsonNode node) {
        String text = node.isTextual() ? node.textValue() : node.toString();
        return text.length() <= CLIP ? text : text.substring(0, CLIP - 3) + "...";
    }

    static ObjectNode answer(BatchAnswer answer) {
        ArrayNode vms = JSON.arrayNode();
        answer.items().forEach(verdict -> vms.add(verdict(verdict)));
        ObjectNode result = JSON.objectNode();
        result.put("batchId", answer.batchId());
        result.put("replayed", answer.replayed());
        result.set("vms", vms);
        return result;
    }

    static ObjectNode rehearsed(CreateService.Rehearsed rehearsed, boolean withXml) {
        ObjectNode answer = answer(rehearsed.answer()).put("dryRun", true);
        int shown = 0;
        for (int i = 0; withXml && i < rehearsed.xmls().size() && shown < MOST_XML; i++) {
            String xml = rehearsed.xmls().get(i);
            if (!xml.isEmpty()) {
                ((ObjectNode) answer.path("vms").get(i)).put("xml", xml);
                shown++;
            }
        }
        return answer;
    }

    static ObjectNode verdict(BatchAnswer.Verdict verdict) {
        if (verdict.isAccepted()) {
            return JSON.objectNode()
                    .put("vmId", verdict.vmId())
                    .put("status", "ACCEPTED")
                    .put("queuePosition", verdict.queuePosition());
        }
        return refused(verdict.vmId(), verdict.code(), verdict.reason(), verdict.problems());
    }

    private static ObjectNode refused(String vmId, int code, String reason, List<Problem> problems) {
        ObjectNode refused = JSON.objectNode();
        if (!vmId.isEmpty()) {
            refused.put("vmId", vmId);
        }
        refused.put("status", "REFUSED").put("code", code).put("reason", reason);
        refused.set("problems", problems(problems));
        return refused;
    }

    static ArrayNode problems(List<Problem> problems) {
        ArrayNode array = JSON.arrayNode();
        for (Problem problem : problems) {
            array.addObject()
                    .put("field", problem.field())
                    .put("rule", problem.rule())
                    .put("value", problem.value());
        }
        return array;
    }
}
