package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The description of the whole API, made from the declarations that calls are checked against; the verb {@code
 * rpc.discover} answers with it. Source: the OpenRPC specification, version 1.3.2.
 *
 * <p>The same declarations give the same bytes. Stateless.
 */
public final class OpenRpc {
    static final String DISCOVER = "rpc.discover";

    private static final String RECOVERING = "Recovering";
    private static final String SPECIFICATION = "1.3.2";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** What any verb may answer, by the name in the document. */
    private static final Map<String, Verb.ErrorCode> COMMON = new TreeMap<>(Map.of(
            "InvalidParams",
            new Verb.ErrorCode(
                    RpcException.INVALID_PARAMS,
                    "a parameter breaks its rule; data.problems names every field, rule and value"),
            "AccessDenied",
            new Verb.ErrorCode(RpcException.ACCESS_DENIED, "the caller does not hold the access that the verb needs"),
            "Busy",
            new Verb.ErrorCode(RpcException.BUSY, "too much is under way already: try again later"),
            "Internal",
            new Verb.ErrorCode(RpcException.INTERNAL, "a fault of the agent, with a reference to its log"),
            "Unexpected",
            new Verb.ErrorCode(16, "no answer in time: the outcome is unknown"),
            RECOVERING,
            new Verb.ErrorCode(RpcException.RECOVERING, "the table of VMs is not complete yet: try again soon")));

    private OpenRpc() {}

    /**
     * Adds {@code rpc.discover}, which describes the verbs given and itself.
     *
     * @param version of the agent
     */
    public static List<Verb> withDiscovery(List<Verb> verbs, List<EventKind> events, String version) {
        ObjectNode document = JSON.objectNode(); // filled below, before anybody can ask
        List<Verb> all = new ArrayList<>(verbs);
        all.add(Verb.named(DISCOVER, "This description, as an OpenRPC document.")
                .always()
                .access(Access.MONITOR)
                .returns(WireType.map(WireType.any()), "OpenRPC " + SPECIFICATION)
                .sharedResult()
                .memory(call -> CompletableFuture.completedFuture(document)));
        List<Verb> described = new ArrayList<>(all);
        described.addAll(VerbTable.ofTheConnection());
        described.sort(Comparator.comparing(Verb::name));
        fill(document, described, events, version);
        return all;
    }

    private static void fill(ObjectNode document, List<Verb> verbs, List<EventKind> events, String version) {
        document.put("openrpc", SPECIFICATION);
        document.putObject("info")
                .put("title", "Muster")
                .put("description", "A host agent for KVM hypervisors.")
                .put("version", version)
                .putObject("license")
                .put("name", "Apache-2.0")
                .put("url", "https://www.apache.org/licenses/LICENSE-2.0");
        ArrayNode methods = document.putArray("methods");
        verbs.forEach(verb -> methods.add(method(verb)));
        ObjectNode errors = document.putObject("components").putObject("errors");
        COMMON.forEach((name, error) -> errors.set(name, error(error)));
        ArrayNode notifications = document.putArray("x-notifications");
        events.stream()
                .sorted(Comparator.comparing(EventKind::name))
                .forEach(event -> notifications.add(notification(event)));
    }

    private static ObjectNode method(Verb verb) {
        ObjectNode method = JSON.objectNode().put("name", verb.name()).put("summary", verb.summary());
        method.put("paramStructure", "either");
        ArrayNode params = method.putArray("params");
        verb.params().forEach(param -> params.add(descriptor(param)));
        ObjectNode result = method.putObject("result").put("name", "result");
        result.put("description", verb.result().description());
        result.set("schema", verb.result().type().schema());
        ArrayNode errors = method.putArray("errors");
        verb.errors().forEach(error -> errors.add(error(error)));
        COMMON.keySet().stream()
                .filter(name -> !(verb.always() && name.equals(RECOVERING)))
                .forEach(name -> errors.addObject().put("$ref", "#/components/errors/" + name));
        method.put("x-access", verb.access().name().toLowerCase(Locale.ROOT));
        return method;
    }

    private static ObjectNode descriptor(Param param) {
        ObjectNode descriptor = JSON.objectNode().put("name", param.name()).put("description", param.description());
        descriptor.put("required", param.required());
        descriptor.set("schema", param.type().schema());
        return descriptor;
    }

    private static ObjectNode error(Verb.ErrorCode error) {
        return JSON.objectNode().put("code", error.code()).put("message", error.meaning());
    }

    private static ObjectNode notification(EventKind event) {
        ObjectNode notification = JSON.objectNode().put("name", event.name()).put("summary", event.summary());
        notification.put("x-own-kind", event.ownKind());
        ArrayNode params = notification.putArray("params");
        event.params().forEach(param -> params.add(descriptor(param)));
        return notification;
    }
}
