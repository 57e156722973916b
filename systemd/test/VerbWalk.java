import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Calls every verb that the agent says it has, with a guest of its own, and fails if one is answered with a mistake of the agent or
 * was forbidden something. Being refused for good reason is an answer. Usage: SOCKET XML-FILE.
 */
public final class VerbWalk {
    private static final int INTERNAL = -32603;
    private static final int DOING_UNKNOWN = -32601;
    private static final Pattern FORBIDDEN = Pattern.compile(
            "not permitted|permission denied|read-only file system|access denied", Pattern.CASE_INSENSITIVE);
    private static final Set<String> LEFT_OUT = Set.of("Host.shutdown", "Host.reboot"); // of this machine
    private static final Set<String> LAST = Set.of("VM.shutdown", "VM.reset", "VM.reboot", "VM.pause", "VM.destroy");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SocketChannel channel;
    private final BufferedReader in;
    private final String xml;
    private int id;

    private VerbWalk(SocketChannel channel, String xml) {
        this.channel = channel;
        this.in = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
        this.xml = xml;
    }

    public static void main(String[] args) throws Exception {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(Path.of(args[0])));
            System.exit(new VerbWalk(channel, java.nio.file.Files.readString(Path.of(args[1]))).walk() ? 0 : 1);
        }
    }

    private boolean walk() throws Exception {
        JsonNode methods = call("rpc.discover", JSON.createObjectNode()).at("/result/methods");
        UUID guest = create();
        List<JsonNode> order = new ArrayList<>();
        methods.forEach(method -> {
            if (!LAST.contains(method.path("name").asText())) {
                order.add(method);
            }
        });
        for (String name : List.of("VM.pause", "VM.reset", "VM.reboot", "VM.shutdown", "VM.destroy")) {
            methods.forEach(method -> {
                if (method.path("name").asText().equals(name)) {
                    order.add(method);
                }
            });
        }
        int done = 0;
        int refused = 0;
        List<String> bad = new ArrayList<>();
        for (JsonNode method : order) {
            String name = method.path("name").asText();
            if (LEFT_OUT.contains(name)) {
                continue;
            }
            JsonNode answer = call(name, parameters(method, guest));
            JsonNode error = answer.path("error");
            int code = error.path("code").asInt();
            String message = error.path("message").asText();
            if (code == INTERNAL || code == DOING_UNKNOWN || FORBIDDEN.matcher(answer.toString()).find()) {
                bad.add(name + ": " + error);
            } else if (code != 0) {
                refused++;
                System.out.println(name + " is refused: " + code + " " + message);
            } else {
                done++;
            }
        }
        bad.forEach(System.out::println);
        System.out.println(done + " answered, " + refused + " refused for good reason, " + bad.size() + " wrong");
        return bad.isEmpty() && done > 10;
    }

    /** Starts a guest of our own and waits until it is up. */
    private UUID create() throws Exception {
        UUID guest = UUID.randomUUID();
        JsonNode answer = call("VM.create", vmParameters(guest));
        if (answer.has("error")) {
            throw new IOException("VM.create: " + answer.path("error"));
        }
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (System.nanoTime() < deadline) {
            ObjectNode ask = JSON.createObjectNode().put("vmID", guest.toString());
            String status = call("VM.getStats", ask).at("/result/0/status").asText();
            if (status.equals("Up")) {
                return guest;
            }
            Thread.sleep(100);
        }
        throw new IOException("the guest does not come up");
    }

    private ObjectNode vmParameters(UUID guest) {
        String own = xml.replace("${vmId}", guest.toString())
                .replace("${name}", "walk-" + guest.toString().substring(0, 8))
                .replace("${disk}", "/var/lib/libvirt/images/walk.raw");
        ObjectNode parameters = JSON.createObjectNode().put("vmID", guest.toString());
        parameters.putObject("vmParams").put("vmId", guest.toString()).put("xml", own);
        return parameters;
    }

    /** A sensible value for what is known by its name, else the simplest one that the schema allows. */
    private ObjectNode parameters(JsonNode method, UUID guest) {
        if (method.path("name").asText().equals("VM.create")) {
            return vmParameters(guest); // it is there: refused
        }
        Map<String, Object> known = Map.of(
                "vmID", guest.toString(),
                "vmId", guest.toString(),
                "vmIds", List.of(UUID.randomUUID().toString()),
                "batchId", "walk",
                "concurrency", "auto",
                "enabled", false,
                "delay", 0,
                "timeout", 0);
        ObjectNode parameters = JSON.createObjectNode();
        for (JsonNode parameter : method.path("params")) {
            String name = parameter.path("name").asText();
            if (known.containsKey(name)) {
                parameters.set(name, JSON.valueToTree(known.get(name)));
            } else if (parameter.path("required").asBoolean()) {
                parameters.set(name, simplest(parameter.path("schema")));
            }
        }
        return parameters;
    }

    private static JsonNode simplest(JsonNode schema) {
        if (schema.has("enum")) {
            return schema.path("enum").path(0);
        }
        return switch (schema.path("type").asText()) {
            case "integer", "number" -> JSON.getNodeFactory().numberNode(0);
            case "boolean" -> JSON.getNodeFactory().booleanNode(false);
            case "array" -> JSON.createArrayNode();
            case "object" -> JSON.createObjectNode();
            default -> JSON.getNodeFactory().textNode("x");
        };
    }

    private JsonNode call(String method, ObjectNode parameters) throws IOException {
        id++;
        ObjectNode request = JSON.createObjectNode().put("jsonrpc", "2.0").put("id", id).put("method", method);
        request.set("params", parameters);
        ByteBuffer bytes = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        while (true) {
            String line = in.readLine();
            if (line == null) {
                throw new IOException("the connection was closed at " + method);
            }
            JsonNode answer = JSON.readTree(line);
            if (answer.path("id").asInt() == id) {
                return answer;
            }
        }
    }
}
