package org.muster.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * JSON-RPC on a link: bodies to answers and events, deadlines to time-outs, the end to the failure of all that is left.
 *
 * <p>Called by the reader thread, which also completes the futures and calls the listeners; {@code listen}: any thread.
 */
final class RpcSession implements Link.Session {
    private final AgentAddress address;
    private final CallTable calls;
    private final List<EventListener> listeners = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    RpcSession(AgentAddress address, CallTable calls) {
        this.address = address;
        this.calls = calls;
    }

    /** Completes when the link has ended: normally when this side closed it, else with ConnectionLostException. */
    CompletableFuture<Void> closed() {
        return closed;
    }

    /** Adds a listener, and tells whether it is the first. */
    boolean listen(EventListener listener) {
        boolean first = listeners.isEmpty();
        listeners.add(listener);
        return first;
    }

    /** Takes a body: one object, or an array of answers and events mixed, each on its own. */
    @Override
    public void message(byte[] body) throws IOException {
        JsonNode content;
        try {
            content = Json.parse(body);
        } catch (JsonProcessingException e) {
            throw new MalformedFrameException("the agent sent a MESSAGE that is no JSON: " + e.getOriginalMessage());
        }
        if (!content.isArray()) {
            element(content);
            return;
        }
        for (JsonNode element : content) {
            element(element);
        }
    }

    private void element(JsonNode element) throws IOException {
        if (!element.isObject()) {
            throw new MalformedFrameException("the agent sent a JSON value that is no object");
        }
        if (element.hasNonNull("id")) {
            // No such call any more: it timed out, and its caller has been told so.
            calls.remove(element.get("id").asText()).ifPresent(call -> answer(call.answer(), element));
        } else if (element.hasNonNull("method")) {
            event(element);
        } else {
            answerWithoutId(element);
        }
    }

    private static void answer(CompletableFuture<JsonNode> future, JsonNode element) {
        if (element.hasNonNull("error")) {
            future.completeExceptionally(rpcError(element.get("error")));
        } else if (element.has("result")) {
            future.complete(element.get("result"));
        } else {
            future.completeExceptionally(new IOException("the agent sent an answer with neither result nor error"));
        }
    }

    private static RpcError rpcError(JsonNode error) {
        String reason = error.path("message").asText("");
        return new RpcError(
                error.path("code").asInt(), reason.isEmpty() ? "error without a message" : reason, error.get("data"));
    }

    /** The agent could not read a request, so it cannot say which: with one outstanding it can only be that one. */
    private void answerWithoutId(JsonNode element) throws IOException {
        RpcError error = rpcError(element.path("error"));
        CallTable.Call only = calls.removeOnly()
                .orElseThrow(() -> new IOException("the agent could not read a request: " + error.getMessage(), error));
        only.answer().completeExceptionally(error);
    }

    private void event(JsonNode element) throws IOException {
        JsonNode params = element.path("params");
        String method = element.get("method").asText();
        long notifyTime = params.path("notify_time").asLong(-1);
        try {
            for (EventListener listener : listeners) {
                listener.onEvent(method, params, notifyTime);
            }
        } catch (RuntimeException e) {
            throw new IOException("a listener failed at the event " + method + ": " + e, e);
        }
    }

    @Override
    public long nanosUntilNext(long now, long longest) {
        return calls.nanosUntilNext(now, longest);
    }

    @Override
    public void tick(long now) {
        for (CallTable.Call call : calls.takeExpired(now)) {
            call.answer().completeExceptionally(new CallTimeoutException(address, call.method(), call.timeout()));
        }
    }

    @Override
    public void ended(Throwable cause) {
        ConnectionLostException lost = new ConnectionLostException(address, reason(cause), cause);
        for (CallTable.Call call : calls.close(lost)) {
            call.answer().completeExceptionally(lost);
        }
        if (cause == null) {
            closed.complete(null);
        } else {
            closed.completeExceptionally(lost);
        }
    }

    private static String reason(Throwable cause) {
        if (cause == null) {
            return "closed by this program";
        }
        return cause instanceof IOException && cause.getMessage() != null ? cause.getMessage() : cause.toString();
    }

    /** The request as it goes over the wire. */
    static byte[] request(String id, String method, JsonNode params) {
        ObjectNode request = Json.object();
        request.put("jsonrpc", "2.0").put("method", method).set("params", params);
        return Json.bytes(request.put("id", id));
    }
}
