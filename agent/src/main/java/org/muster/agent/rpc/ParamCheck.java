package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Brings the parameters of a call into the form its verb declares, or says everything that is wrong with them. */
final class ParamCheck {

    /**
     * Checked parameters.
     *
     * @param unknown what was sent that the verb does not declare, and is ignored
     */
    record Checked(ObjectNode params, Undeclared unknown) {}

    private ParamCheck() {}

    /**
     * Checks by name or, for an array, by position.
     *
     * <p>Errors: {@link RpcException} with {@code INVALID_PARAMS} that names every field, rule and value.
     *
     * @param sent null if the call has no parameters
     */
    static Checked check(List<Param> declared, JsonNode sent) {
        if (sent != null && !sent.isContainerNode()) {
            throw new RpcException(
                    RpcException.INVALID_PARAMS,
                    "Invalid params: params must be an object or an array, got " + Clip.json(sent));
        }
        Map<String, JsonNode> given = sent == null ? Map.of() : byName(declared, sent);
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        Problems problems = new Problems();
        for (Param param : declared) {
            JsonNode value = given.get(param.name());
            problems.checkMember("", param, value);
            if (value != null && !(value.isNull() && !param.required())) {
                params.set(param.name(), value);
            }
        }
        if (!problems.isEmpty()) {
            ObjectNode data = JsonNodeFactory.instance.objectNode();
            data.set("problems", problems.toJson());
            throw new RpcException(RpcException.INVALID_PARAMS, "Invalid params: " + problems, data);
        }
        return new Checked(params, undeclared(declared, sent));
    }

    private static Undeclared undeclared(List<Param> declared, JsonNode sent) {
        Undeclared found = new Undeclared();
        if (sent != null && sent.isArray()) {
            for (int i = 0; i < sent.size() && i < declared.size(); i++) {
                declared.get(i).type().undeclared(declared.get(i).name(), sent.get(i), found);
            }
            found.addNameless(Math.max(0, sent.size() - declared.size()));
        } else if (sent != null) {
            Undeclared.in("", declared, sent, found);
        }
        return found;
    }

    private static Map<String, JsonNode> byName(List<Param> declared, JsonNode sent) {
        Map<String, JsonNode> given = new HashMap<>();
        if (sent.isObject()) {
            sent.properties().forEach(member -> given.put(member.getKey(), member.getValue()));
        } else {
            for (int i = 0; i < sent.size() && i < declared.size(); i++) {
                given.put(declared.get(i).name(), sent.get(i));
            }
        }
        return given;
    }
}
