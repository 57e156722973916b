package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.muster.agent.logging.Audit;

/**
 * The audit's lines about calls: who asked for what, and what came of it. Of the parameters everything short is told, but no
 * secret: neither what is called like one, nor XML, in which console passwords and cloud-init files are. Stateless.
 */
final class CallAudit {
    private static final int LONGEST = 128;
    private static final int DEEPEST = 2;
    private static final int MOST_ITEMS = 5;
    private static final Pattern SECRET = Pattern.compile(
            "(?i).*(pass(word|phrase)?|otp|ticket|secret|token|credential|privatekey|payload|xml|template|tpmdata|nvramdata).*");

    private CallAudit() {}

    /** Tells whether calls of it are written down: of all that may change something. */
    static boolean covers(Verb verb) {
        return verb.access() != Access.MONITOR;
    }

    /**
     * A call that has ended.
     *
     * @param outcome 0 or the error's code
     * @param result absent when it failed
     */
    static void ended(Verb verb, Call call, String address, int outcome, Optional<JsonNode> result, Duration took) {
        if (!covers(verb)) {
            return;
        }
        Map<String, String> line = caller(verb, call.principal(), address);
        call.params()
                .properties()
                .forEach(param -> line.put(param.getKey(), shown(param.getKey(), param.getValue(), 0)));
        line.put("outcome", Integer.toString(outcome));
        result.flatMap(verb::summarize).ifPresent(text -> line.put("result", text));
        line.put("ms", Long.toString(took.toMillis()));
        call.correlationId().ifPresent(flow -> line.put("flow", flow));
        Audit.call(line);
    }

    /** A call that its caller may not make. */
    static void denied(Verb verb, Principal principal, String address, Optional<String> flow) {
        Map<String, String> line = caller(verb, principal, address);
        line.put("needs", verb.access().name().toLowerCase(Locale.ROOT));
        flow.ifPresent(id -> line.put("flow", id));
        Audit.refused(line);
    }

    private static Map<String, String> caller(Verb verb, Principal principal, String address) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("verb", verb.name());
        line.put("who", principal.name());
        line.put("role", principal.access().name().toLowerCase(Locale.ROOT));
        line.put("from", address);
        return line;
    }

    private static String shown(String name, JsonNode value, int depth) {
        if (SECRET.matcher(name).matches()) {
            return "(not told)";
        }
        if (value.isArray()) {
            return array(name, value, depth);
        }
        if (value.isObject()) {
            return object(value, depth);
        }
        String text = value.asText();
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    }

    private static String array(String name, JsonNode array, int depth) {
        if (array.isEmpty() || !array.get(0).isValueNode()) {
            return array.size() + " items";
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(array.size(), MOST_ITEMS); i++) {
            text.append(i == 0 ? "" : ",").append(shown(name, array.get(i), depth + 1));
        }
        return array.size() <= MOST_ITEMS ? text.toString() : text + ",… (" + array.size() + " in all)";
    }

    private static String object(JsonNode object, int depth) {
        if (depth >= DEEPEST) {
            return object.size() + " fields";
        }
        StringBuilder text = new StringBuilder("{");
        int shown = 0;
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (shown++ == MOST_ITEMS) {
                text.append(", … (").append(object.size()).append(" in all)");
                break;
            }
            text.append(shown == 1 ? "" : ", ").append(field.getKey()).append(": ");
            text.append(shown(field.getKey(), field.getValue(), depth + 1));
        }
        return text.append('}').toString();
    }
}
