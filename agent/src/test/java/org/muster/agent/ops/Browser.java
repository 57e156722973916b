package org.muster.agent.ops;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.rig.Await;

/** A headless Chromium with one page, driven over its DevTools protocol. */
final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> awaited = new ConcurrentHashMap<>();
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();

    private Browser(Process process, URI page) throws IOException {
        this.process = process;
        this.socket = await(HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(page, new Listener()));
    }

    /** @param folder of its own, for its profile */
    static Browser start(Path folder) throws IOException {
        Files.createDirectories(folder);
        ProcessBuilder builder = new ProcessBuilder(
                        "chromium",
                        "--headless=new",
                        "--no-sandbox", // root's namespaces may not be there to make one of
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--window-size=1280,900",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + folder,
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        builder.environment().put("TMPDIR", folder.toString());
        Process process = builder.start();
        try {
            Path port = folder.resolve("DevToolsActivePort");
            Await.until(
                    "the browser listens",
                    PATIENCE,
                    () -> Files.exists(port) && Files.readAllLines(port).size() == 2);
            URI list = URI.create("http://127.0.0.1:" + Files.readAllLines(port).get(0) + "/json/list");
            return new Browser(process, page(list));
        } catch (IOException | RuntimeException | AssertionError e) {
            end(process);
            throw e;
        }
    }

    private static URI page(URI list) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(list).timeout(PATIENCE).build();
        String answer = await(HttpClient.newHttpClient().sendAsync(request, HttpResponse.BodyHandlers.ofString()))
                .body();
        for (JsonNode target : JSON.readTree(answer)) {
            if (target.get("type").textValue().equals("page")) {
                return URI.create(target.get("webSocketDebuggerUrl").textValue());
            }
        }
        throw new IOException("no page in " + answer);
    }

    private static <T> T await(CompletableFuture<T> future) throws IOException {
        try {
            return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new IOException("the browser: " + e, e);
        }
    }

    JsonNode command(String method, Map<String, ?> params) throws IOException {
        int id = ids.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        awaited.put(id, answer);
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", JSON.valueToTree(params));
        await(socket.sendText(message.toString(), true));
        JsonNode result = await(answer);
        if (result.has("error")) {
            throw new IOException(method + ": " + result.get("error"));
        }
        return result.get("result");
    }

    /** Opens the address; what it asks for and complains of is kept from then on. */
    void open(String address) throws IOException {
        command("Network.enable", Map.of());
        command("Log.enable", Map.of());
        command("Runtime.enable", Map.of());
        command("Page.enable", Map.of());
        events.clear();
        command("Page.navigate", Map.of("url", address));
        until("location.href === '" + address + "' && document.readyState === 'complete'");
    }

    /** The value of an expression in the page. */
    JsonNode eval(String expression) throws IOException {
        JsonNode result = command("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
        if (result.has("exceptionDetails")) {
            throw new IOException(expression + ": " + result.get("exceptionDetails"));
        }
        return result.at("/result/value");
    }

    void until(String expression) {
        Await.until(expression, PATIENCE, () -> eval(expression).asBoolean());
    }

    byte[] screenshot() throws IOException {
        return Base64.getDecoder()
                .decode(command("Page.captureScreenshot", Map.of("format", "png"))
                        .get("data")
                        .textValue());
    }

    /** What the page asked the network for. */
    List<String> requests() {
        return told("Network.requestWillBeSent", "/params/request/url");
    }

    /** Scripts' exceptions, and what the browser did not let the page do. */
    List<String> complaints() {
        List<String> all = new ArrayList<>(told("Log.entryAdded", "/params/entry/text"));
        all.addAll(told("Runtime.exceptionThrown", "/params/exceptionDetails/text"));
        return all;
    }

    private List<String> told(String event, String pointer) {
        return events.stream()
                .filter(each -> each.get("method").textValue().equals(event))
                .map(each -> each.at(pointer).asText())
                .toList();
    }

    @Override
    public void close() {
        socket.abort();
        end(process);
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Puts messages together and hands them out. Confined to the socket, which has one call at a time. */
    private final class Listener implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                take(message.toString());
                message.setLength(0);
            }
            webSocket.request(1);
            return null;
        }

        private void take(String text) {
            try {
                JsonNode node = JSON.readTree(text);
                if (node.has("id")) {
                    awaited.remove(node.get("id").intValue()).complete(node);
                } else {
                    events.add(node);
                }
            } catch (IOException e) {
                throw new IllegalStateException(text, e);
            }
        }
    }
}
