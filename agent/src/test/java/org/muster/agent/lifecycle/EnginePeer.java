package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.muster.agent.rpc.RawPeer;

/**
 * The engine's end of a connection, byte for byte. Whatever comes is held against the rules for every frame and every message
 * (engine-contract 1.4, 1.6, 1.9, 2.1, 2.6, 6.1) before a test looks at it.
 */
final class EnginePeer implements AutoCloseable {
    private static final Set<Integer> FORBIDDEN = Set.of(22, 1100, 5022); // the engine would take the host for lost
    private static final int LONGEST_HEAD = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RawPeer raw;
    private final Map<String, JsonNode> answers = new HashMap<>();
    private final List<JsonNode> events = new ArrayList<>();
    private final List<String> destinations = new ArrayList<>();
    private final Set<String> asked = new HashSet<>();
    private int answered;

    private EnginePeer(RawPeer raw) {
        this.raw = raw;
    }

    /** Connects and subscribes as the engine does. */
    static EnginePeer on(RawPeer raw) {
        EnginePeer peer = new EnginePeer(raw);
        try {
            raw.send("CONNECT\nheart-beat:0,15000\naccept-version:1.2\nhost:null\n\n\0");
            raw.subscribe("e", "jms.queue.events");
            raw.subscribe("r", "jms.topic.vdsm_responses");
            RawPeer.Frame connected = raw.frame();
            assertThat(connected.command()).isEqualTo("CONNECTED");
            return peer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the word of how all VMs are, which comes to whoever looks like the engine, beside or before the first answers. */
    EnginePeer greeted() {
        event(message -> message.get("method").textValue().startsWith("|virt|VM_status|"));
        return this;
    }

    RawPeer raw() {
        return raw;
    }

    /** Sends a call and returns its id. */
    String send(String method, String params) {
        String id = UUID.randomUUID().toString();
        asked.add(id);
        try {
            raw.request("{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + ",\"id\":\"" + id
                    + "\"}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return id;
    }

    /** Waits for the answer to a call, whatever it is. */
    JsonNode answer(String id) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!answers.containsKey(id)) {
            read(deadline);
        }
        return answers.remove(id);
    }

    JsonNode respond(String method, String params) {
        return answer(send(method, params));
    }

    /** The result of a call that must succeed. */
    JsonNode call(String method, String params) {
        JsonNode answer = respond(method, params);
        assertThat(answer.has("error")).as("%s: %s", method, answer).isFalse();
        return answer.get("result");
    }

    /** The error of a call that must fail. */
    JsonNode error(String method, String params) {
        JsonNode answer = respond(method, params);
        assertThat(answer.has("error")).as("%s must fail: %s", method, answer).isTrue();
        return answer.get("error");
    }

    JsonNode create(String name, UUID id) {
        return create(name, id, UnaryOperator.identity());
    }

    /** @param change of a domain as small as can be */
    JsonNode create(String name, UUID id, UnaryOperator<String> change) {
        String xml = JsonNodeFactory.instance
                .textNode(change.apply(ContractHost.xml(name, id)))
                .toString();
        return call(
                "VM.create", "{\"vmID\":\"" + id + "\",\"vmParams\":{\"vmId\":\"" + id + "\",\"xml\":" + xml + "}}");
    }

    /** Reads until an event comes, or has come, that fits; each is returned once. */
    JsonNode event(Predicate<JsonNode> wanted) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (int i = 0; ; i++) {
            while (i >= events.size()) {
                read(deadline);
            }
            if (wanted.test(events.get(i))) {
                return events.remove(i);
            }
        }
    }

    /** The VM's next event with this status; the word of how all VMs are, which every new engine gets, is none. */
    JsonNode statusEvent(UUID vm, String status) {
        return event(message -> message.get("method").asText().equals("|virt|VM_status|" + vm)
                && message.at("/params/" + vm + "/status").asText().equals(status));
    }

    /** Calls without an answer so far. */
    int outstanding() {
        return asked.size() - answered;
    }

    /** Where the frames were addressed to, in their order. */
    List<String> destinations() {
        return destinations;
    }

    private void read(long deadline) {
        try {
            RawPeer.Frame frame = raw.frameBefore(deadline);
            assertThat(frame.command()).as(frame.body()).isEqualTo("MESSAGE");
            assertThat(frame.headBytes()).isLessThanOrEqualTo(LONGEST_HEAD);
            assertThat(frame.headers())
                    .containsOnlyKeys("destination", "subscription", "content-type", "content-length")
                    .containsEntry("content-type", "application/json");
            String destination = frame.headers().get("destination");
            assertThat(frame.headers())
                    .containsEntry("subscription", destination.equals("jms.queue.events") ? "e" : "r");
            destinations.add(destination);
            JsonNode body = frame.json();
            if (body.isArray()) {
                assertThat(body).isNotEmpty();
                body.forEach(this::take);
            } else {
                take(body);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void take(JsonNode message) {
        assertThat(message.get("jsonrpc").textValue()).isEqualTo("2.0");
        if (!message.has("id")) {
            assertThat(message.get("method").textValue().split("\\|", -1))
                    .as("nothing, and three parts that are something")
                    .hasSize(4)
                    .satisfies(parts -> assertThat(parts[0]).isEmpty())
                    .satisfies(parts -> assertThat(List.of(parts).subList(1, 4)).doesNotContain(""));
            events.add(message);
            return;
        }
        checkAnswer(message);
        if (message.get("id").isTextual()) {
            assertThat(asked)
                    .as("an answer to somebody else: %s", message)
                    .contains(message.get("id").textValue());
            answers.put(message.get("id").textValue(), message);
            answered++;
        }
    }

    /** An answer is a result or an error, and never an error that stands for a lost host. */
    static void checkAnswer(JsonNode message) {
        assertThat(message.has("result")).as("%s", message).isNotEqualTo(message.has("error"));
        if (message.has("error")) {
            JsonNode error = message.get("error");
            assertThat(error.get("code").isInt()).as("%s", error).isTrue();
            assertThat(error.get("message").textValue()).isNotBlank();
            assertThat(FORBIDDEN)
                    .as("%s", error)
                    .doesNotContain(error.get("code").intValue());
        } else {
            assertThat(message.get("result").isNull()).as("%s", message).isFalse();
        }
    }

    @Override
    public void close() throws IOException {
        raw.close();
    }
}
