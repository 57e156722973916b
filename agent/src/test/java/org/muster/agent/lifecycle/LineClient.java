package org.muster.agent.lifecycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.muster.rig.Await;

/** JSON-RPC, one text per line, as simple as it can be: the tests' own end of the wire. */
final class LineClient implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_SECONDS = 100;

    /**
     * An event about one VM.
     *
     * @param atNanos when it was read
     */
    record Event(UUID vm, JsonNode status, long notifyTime, long atNanos) {
        String text() {
            return status.path("status").asText();
        }
    }

    /**
     * An event of a kind that is Muster's own.
     *
     * @param atNanos when it was read
     */
    record Own(String method, JsonNode params, long atNanos) {}

    private final Socket socket;
    private final OutputStream out;
    private final AtomicLong ids = new AtomicLong();
    private final Map<Long, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final List<Own> own = new CopyOnWriteArrayList<>();
    private final BlockingQueue<JsonNode> unasked = new LinkedBlockingQueue<>();

    LineClient(int port) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            out = socket.getOutputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread reader = new Thread(this::read, "line-client");
        reader.setDaemon(true);
        reader.start();
        call("Events.subscribe");
    }

    private void read() {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                take(JSON.readTree(line));
            }
        } catch (IOException e) {
            calls.values().forEach(call -> call.completeExceptionally(e));
        }
    }

    private void take(JsonNode message) {
        if (message.hasNonNull("id")) {
            CompletableFuture<JsonNode> call = calls.get(message.get("id").asLong());
            if (call != null) {
                call.complete(message);
            }
        } else if (message.path("method").asText().startsWith("|virt|VM_status|")) {
            long now = System.nanoTime();
            message.get("params").properties().stream()
                    .filter(entry -> !entry.getKey().equals("notify_time"))
                    .forEach(entry -> events.add(new Event(
                            UUID.fromString(entry.getKey()),
                            entry.getValue(),
                            message.get("params").get("notify_time").asLong(),
                            now)));
        } else if (message.path("method").asText().startsWith("|muster|")) {
            own.add(new Own(message.get("method").asText(), message.get("params"), System.nanoTime()));
        } else {
            unasked.add(message);
        }
    }

    /** Sends a call; {@link #answer} waits for it. */
    long send(String method, String params) {
        long id = ids.incrementAndGet();
        calls.put(id, new CompletableFuture<>());
        write("{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + ",\"id\":" + id + "}\n");
        return id;
    }

    synchronized void write(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The whole response, error or not. */
    JsonNode answer(long id) {
        try {
            return calls.get(id).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("no answer to call " + id, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } finally {
            calls.remove(id);
        }
    }

    boolean answered(long id) {
        return calls.get(id).isDone();
    }

    JsonNode respond(String method, String params) {
        return answer(send(method, params));
    }

    /** The result of a call that must succeed. */
    JsonNode call(String method, String params) {
        JsonNode response = respond(method, params);
        if (response.has("error")) {
            throw new AssertionError(method + ": " + response.get("error"));
        }
        return response.get("result");
    }

    JsonNode call(String method) {
        return call(method, "{}");
    }

    /** The error of a call that must fail. */
    JsonNode error(String method, String params) {
        JsonNode response = respond(method, params);
        if (!response.has("error")) {
            throw new AssertionError(method + " must fail: " + response);
        }
        return response.get("error");
    }

    /** An answer that belongs to no call of ours: a parse error. */
    JsonNode nextUnasked() {
        try {
            JsonNode message = unasked.poll(10, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("nothing came");
            }
            return message;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    List<Event> events(UUID vm) {
        return events.stream().filter(event -> event.vm().equals(vm)).toList();
    }

    /** What was told of the VM's condition from {@code sinceNanos} on, in order. */
    List<String> conditions(UUID vm, long sinceNanos) {
        return own.stream()
                .filter(told -> told.method().equals("|muster|VM_condition|" + vm) && told.atNanos() >= sinceNanos)
                .map(told -> told.params().get(vm.toString()).get("condition").asText())
                .toList();
    }

    /** The same of the host's. */
    List<String> hostConditions(long sinceNanos) {
        return own.stream()
                .filter(told -> told.method().startsWith("|muster|host_condition|") && told.atNanos() >= sinceNanos)
                .map(told -> told.params().get("condition").asText())
                .toList();
    }

    boolean sawStatus(UUID vm, String status) {
        return events(vm).stream().anyMatch(event -> event.text().equals(status));
    }

    void awaitStatus(Iterable<UUID> vms, String status, Duration deadline) {
        for (UUID vm : vms) {
            Await.until(vm + " is " + status, deadline, () -> sawStatus(vm, status));
        }
    }

    /** One VM's statistics. */
    JsonNode stats(UUID vm) {
        return call("VM.getStats", "{\"vmID\":\"" + vm + "\"}").get(0);
    }

    /** One createVms message of guests with their own XML. */
    JsonNode create(String batchId, List<String> xmls) {
        return call("Host.createVms", createVms(batchId, xmls));
    }

    /** The same without waiting for its answer. */
    long sendCreate(String batchId, List<String> xmls) {
        return send("Host.createVms", createVms(batchId, xmls));
    }

    private static String createVms(String batchId, List<String> xmls) {
        StringBuilder items = new StringBuilder();
        for (String xml : xmls) {
            items.append(items.isEmpty() ? "" : ",")
                    .append("{\"xml\":")
                    .append(JSON.getNodeFactory().textNode(xml))
                    .append('}');
        }
        return "{\"batchId\":\"" + batchId + "\",\"vms\":[" + items + "]}";
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
