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
     * @param unknown how many were sent that the verb does not declare, and ignored
     */
    record Checked(ObjectNode params, int unknown) {}

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
        int used = 0;
        for (Param param : declared) {
            JsonNode value = given.get(param.name());
            used += value == null ? 0 : 1;
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
        return new Checked(params, (sent == null ? 0 : sent.size()) - used);
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
