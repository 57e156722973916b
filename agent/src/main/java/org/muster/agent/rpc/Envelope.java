package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * JSON-RPC 2.0: messages to requests, and answers to bytes.
 *
 * <p>An answer has either {@code result}, never null, or {@code error} with an integer code: the engine's client takes
 * even {@code "error":null} for a failure. Thread-safe.
 */
final class Envelope {

    /**
     * A request, or what has to be answered in its place.
     *
     * @param id a string, a number or its text, or JSON's null; Java's null for a notification, which is never answered
     * @param params Java's null if there are none
     * @param problem what is wrong with it, or null if it can be served
     */
    record Request(JsonNode id, String method, JsonNode params, RpcException problem) {

        boolean isNotification() {
            return id == null;
        }
    }

    /**
     * A message.
     *
     * @param batch true if it came as an array and its answers must go back as one
     */
    record Message(boolean batch, List<Request> requests) {}

    private static final byte[] BEFORE_ID = ascii("{\"jsonrpc\":\"2.0\",\"id\":");
    private static final byte[] BEFORE_RESULT = ascii(",\"result\":");
    private static final byte[] END = ascii("}");
    private static final JsonText TRUE = JsonText.of(ascii("true"));

    private final Json json;
    private final int maxBatch;

    Envelope(Json json, int maxBatch) {
        this.json = json;
        this.maxBatch = maxBatch;
    }

    /** Never fails: a message that cannot be understood becomes a request with a problem and id null. */
    Message parse(byte[] body) {
        try {
            JsonNode tree = json.parse(body);
            if (!tree.isArray()) {
                return new Message(false, List.of(request(tree, idAsWritten(tree, body))));
            }
            return batch(tree, body);
        } catch (RpcException e) {
            return single(e);
        }
    }

    private Message batch(JsonNode array, byte[] body) {
        if (array.isEmpty()) {
            return single(invalid("an empty batch"));
        }
        if (array.size() > maxBatch) {
            return single(invalid("a batch must be of at most " + maxBatch + " requests, got " + array.size()));
        }
        boolean changes = false;
        for (JsonNode element : array) {
            changes |= changesInATree(element.path("id"));
        }
        List<JsonNode> written = changes ? json.numberIds(body) : List.of();
        List<Request> requests = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            requests.add(request(array.get(i), changes ? written.get(i) : null));
        }
        return new Message(true, requests);
    }

    private JsonNode idAsWritten(JsonNode request, byte[] body) {
        return changesInATree(request.path("id")) ? json.numberIds(body).get(0) : null;
    }

    /** Tells whether a number may have been written in another way than it would be by us. */
    private static boolean changesInATree(JsonNode id) {
        return id.isNumber() && (id.isFloatingPointNumber() || id.intValue() == 0);
    }

    /** @param written its id as it stands in the message; null if that makes no difference */
    private static Request request(JsonNode node, JsonNode written) {
        if (!node.isObject()) {
            return broken(NullNode.instance, "must be an object, got " + Clip.json(node));
        }
        JsonNode id = written == null ? node.get("id") : written;
        if (id != null && written == null && !id.isTextual() && !id.isNumber() && !id.isNull()) {
            return broken(NullNode.instance, "id must be a string, a number or null, got " + Clip.json(id));
        }
        JsonNode answerTo = id == null ? NullNode.instance : id;
        JsonNode version = node.path("jsonrpc");
        if (!"2.0".equals(version.textValue())) {
            return broken(answerTo, "jsonrpc must be \"2.0\", got " + shown(version));
        }
        JsonNode method = node.path("method");
        if (!method.isTextual()) {
            return broken(answerTo, "method must be a string, got " + shown(method));
        }
        JsonNode params = node.get("params");
        return new Request(id, method.textValue(), params == null || params.isNull() ? null : params, null);
    }

    /** Shape: {@code {"jsonrpc":"2.0","id":…,"result":…}}. */
    JsonText success(JsonNode id, JsonText result) {
        return result.between(List.of(BEFORE_ID, json.write(id), BEFORE_RESULT), END);
    }

    /** A result as text; no value at all is {@code true}. */
    JsonText result(JsonNode result) {
        if (result instanceof EncodedJson encoded) {
            return encoded.text();
        }
        boolean empty = result == null || result instanceof NullNode || result instanceof MissingNode;
        return empty || result.equals(BooleanNode.TRUE) ? TRUE : JsonText.of(json.write(result));
    }

    /** Shape: {@code {"jsonrpc":"2.0","id":…,"error":{"code":…,"message":…[,"data":…]}}}. */
    JsonText error(JsonNode id, RpcException error) {
        ObjectNode answer = answer(id);
        ObjectNode detail = answer.putObject("error").put("code", error.code()).put("message", error.getMessage());
        error.data().ifPresent(data -> detail.set("data", data));
        return JsonText.of(json.write(answer));
    }

    /** Shape: {@code {"jsonrpc":"2.0","method":…,"params":{…}}}, without an id. */
    byte[] notification(String method, ObjectNode params) {
        ObjectNode event =
                JsonNodeFactory.instance.objectNode().put("jsonrpc", "2.0").put("method", method);
        event.set("params", params);
        return json.write(event);
    }

    private static ObjectNode answer(JsonNode id) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("jsonrpc", "2.0");
        answer.set("id", id);
        return answer;
    }

    private static Message single(RpcException problem) {
        return new Message(false, List.of(new Request(NullNode.instance, "", null, problem)));
    }

    private static Request broken(JsonNode id, String what) {
        return new Request(id, "", null, invalid(what));
    }

    private static RpcException invalid(String what) {
        return new RpcException(RpcException.INVALID_REQUEST, "Invalid request: " + what);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? Problem.MISSING : Clip.json(value);
    }
}
