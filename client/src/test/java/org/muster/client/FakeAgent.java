package org.muster.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * An agent that speaks raw STOMP on a real socket and does what a test tells it: answer, be silent, fail, close, send rubbish,
 * split its bytes, pack its answers into arrays.
 *
 * <p>Thread-safe: one thread accepts, one per connection reads; a test scripts it before it connects, and sends events whenever it
 * likes.
 */
public final class FakeAgent implements AutoCloseable {
    /** How a verb is answered; an RpcError becomes the error of the answer. */
    @FunctionalInterface
    public interface Verb {
        JsonNode answer(JsonNode params) throws RpcError, IOException;
    }

    /** A request as it came in. */
    public record Request(String method, JsonNode params, Map<String, String> headers) {}

    private final ServerSocketChannel server;
    private final AgentAddress address;
    private final Map<String, Verb> verbs = new ConcurrentHashMap<>();
    private final Map<String, String> messages = new ConcurrentHashMap<>();
    private final Map<String, String> raw = new ConcurrentHashMap<>();
    private final Map<String, Boolean> closing = new ConcurrentHashMap<>();
    private final Map<String, Boolean> silent = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<FakeConnection> connections = new CopyOnWriteArrayList<>();
    private final LinkedBlockingQueue<Map<String, String>> connects = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> eventSubscriptions = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> heartBeats = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> goodbyes = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Request> arrivals = new LinkedBlockingQueue<>();
    volatile String connected = "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0"; // empty: none is sent
    volatile int bytesPerWrite = Integer.MAX_VALUE;
    volatile int answersPerArray = 1;

    private FakeAgent(ServerSocketChannel server, AgentAddress address) {
        this.server = server;
        this.address = address;
        start("fake-agent-accept", this::acceptAll);
    }

    public static FakeAgent onTcp() throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        return new FakeAgent(server, new AgentAddress.Tcp("127.0.0.1", port));
    }

    public static FakeAgent onUnix(Path socket) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        return new FakeAgent(server, new AgentAddress.Unix(socket));
    }

    public AgentAddress address() {
        return address;
    }

    public FakeAgent on(String method, Verb verb) {
        verbs.put(method, verb);
        return this;
    }

    public FakeAgent on(String method, String resultJson) {
        return on(method, params -> Json.parse(resultJson));
    }

    public FakeAgent failOn(String method, int code, String message) {
        return on(method, params -> {
            throw new RpcError(code, message);
        });
    }

    public FakeAgent silentOn(String method) {
        silent.put(method, true);
        return this;
    }

    public FakeAgent closeOn(String method) {
        closing.put(method, true);
        return this;
    }

    /** A MESSAGE with this body instead of an answer; {@code %ID%} becomes the request's id. */
    public FakeAgent messageOn(String method, String body) {
        messages.put(method, body);
        return this;
    }

    /** Bytes to send instead of an answer; {@code %ID%} becomes the request's id. */
    public FakeAgent rawOn(String method, String bytes) {
        raw.put(method, bytes);
        return this;
    }

    public static String message(String body) {
        return "MESSAGE\ndestination:d\nsubscription:s\ncontent-type:application/json\ncontent-length:"
                + body.getBytes(StandardCharsets.UTF_8).length + "\n\n" + body + "\0";
    }

    /** Holds answers (and events) until there are this many, and sends them as one array. */
    public FakeAgent answersInArraysOf(int count) {
        answersPerArray = count;
        return this;
    }

    /** Sends an event to all connections that subscribed to events. */
    public void event(String method, String paramsJson) {
        try {
            ObjectNode event = Json.object().put("jsonrpc", "2.0").put("method", method);
            event.set("params", Json.parse(paramsJson));
            for (FakeConnection connection : connections) {
                connection.event(event);
            }
        } catch (IOException e) {
            throw new AssertionError("the test's event cannot be sent", e);
        }
    }

    public void vmStatus(String vmId, String status) {
        event("|virt|VM_status|" + vmId, "{\"" + vmId + "\":{\"status\":\"" + status + "\"},\"notify_time\":4242}");
    }

    /** Sends these bytes on every connection. */
    public void sendRaw(String bytes) {
        for (FakeConnection connection : connections) {
            connection.writeOrClose(bytes);
        }
    }

    public void closeConnections() throws IOException {
        for (FakeConnection connection : connections) {
            connection.close();
        }
    }

    public List<Request> requests() {
        return List.copyOf(requests);
    }

    /** The next request not awaited yet. */
    public Request awaitRequest() throws InterruptedException {
        return await(arrivals, "a request");
    }

    public void awaitEventSubscription() throws InterruptedException {
        await(eventSubscriptions, "a subscription to events");
    }

    Map<String, String> awaitConnect() throws InterruptedException {
        return await(connects, "CONNECT");
    }

    void awaitHeartBeat() throws InterruptedException {
        await(heartBeats, "a heart-beat");
    }

    void awaitGoodbye() throws InterruptedException {
        await(goodbyes, "DISCONNECT");
    }

    private static <T> T await(LinkedBlockingQueue<T> queue, String what) throws InterruptedException {
        T got = queue.poll(10, TimeUnit.SECONDS);
        if (got == null) {
            throw new AssertionError(what + " did not come within 10 s");
        }
        return got;
    }

    @Override
    public void close() throws IOException {
        server.close();
        closeConnections();
    }

    private void acceptAll() {
        while (server.isOpen()) {
            try {
                SocketChannel channel = server.accept();
                FakeConnection connection = new FakeConnection(channel, this);
                connections.add(connection);
                start("fake-agent-read", connection);
            } catch (IOException e) {
                return; // the test is over
            }
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    void connectCame(Map<String, String> headers) {
        connects.add(headers);
    }

    void heartBeatCame() {
        heartBeats.add("");
    }

    void goodbyeCame() {
        goodbyes.add("");
    }

    void subscriptionCame(String destination) {
        if (destination.equals("jms.queue.events")) {
            eventSubscriptions.add(destination);
        }
    }

    /** Scripted behaviour for one request. */
    void serve(FakeConnection connection, Map<String, String> headers, JsonNode request) throws IOException {
        String method = request.path("method").asText();
        Request seen = new Request(method, request.path("params"), Map.copyOf(headers));
        requests.add(seen);
        arrivals.add(seen);
        if (closing.containsKey(method)) {
            connection.close();
        } else if (messages.containsKey(method)) {
            connection.write(message(
                    messages.get(method).replace("%ID%", request.get("id").asText())));
        } else if (raw.containsKey(method)) {
            connection.write(raw.get(method).replace("%ID%", request.get("id").asText()));
        } else if (!silent.containsKey(method)) {
            connection.answer(answer(method, request));
        }
    }

    private ObjectNode answer(String method, JsonNode request) throws IOException {
        ObjectNode answer = Json.object().put("jsonrpc", "2.0");
        answer.set("id", request.get("id"));
        try {
            Verb verb = verbs.get(method);
            if (verb == null) {
                throw new RpcError(-32601, "The method does not exist or is not available: " + method);
            }
            answer.set("result", verb.answer(request.path("params")));
        } catch (RpcError e) {
            answer.set("error", Json.object().put("code", e.code()).put("message", e.reason()));
        }
        return answer;
    }
}
