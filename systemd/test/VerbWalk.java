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
 * Calls every verb that the agent says it has, with guests of its own and with values that let it do its work, and fails if one is
 * refused, is answered with a mistake of the agent, or was forbidden something. Usage: SOCKET XML-FILE.
 */
public final class VerbWalk {
    private static final Pattern FORBIDDEN = Pattern.compile(
            "not permitted|permission denied|read-only file system|access denied", Pattern.CASE_INSENSITIVE);
    private static final Set<String> LEFT_OUT = Set.of("Host.shutdown", "Host.reboot"); // of this machine
    private static final Map<String, Integer> MAY_BE_REFUSED = Map.of("VM.create", 4); // its guest is there
    private static final Set<String> LAST = Set.of("VM.shutdown", "VM.reset", "VM.reboot", "VM.pause", "VM.destroy");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SocketChannel channel;
    private final BufferedReader in;
    private final String xml;
    private final List<UUID> others = new ArrayList<>(); // guests of ours
    private String recording = "none";
    private int disks; // used so far
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
        UUID guest = create(xml);
        others.add(create(engines(xml)));
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
        List<String> bad = new ArrayList<>();
        for (JsonNode method : order) {
            String name = method.path("name").asText();
            if (LEFT_OUT.contains(name)) {
                continue;
            }
            JsonNode answer = call(name, parameters(method, guest));
            JsonNode error = answer.path("error");
            int code = error.path("code").asInt();
            if (name.equals("Host.profile")) {
                recording = answer.at("/result/name").asText();
            } else if (name.equals("Host.createVms")) {
                UUID started = UUID.fromString(answer.at("/result/vms/0/vmId").asText());
                awaitUp(started);
                others.add(started);
            }
            if (code == MAY_BE_REFUSED.getOrDefault(name, 0) && !FORBIDDEN.matcher(answer.toString()).find()) {
                done++;
            } else {
                bad.add(name + ": " + answer);
            }
        }
        for (UUID other : others) {
            JsonNode answer = call("VM.destroy", JSON.createObjectNode().put("vmID", other.toString()));
            if (answer.has("error")) {
                bad.add("VM.destroy of another: " + answer);
            }
        }
        bad.forEach(System.out::println);
        System.out.println(done + " answered, " + bad.size() + " wrong");
        return bad.isEmpty() && done > 20;
    }

    /** Starts a guest of our own and waits until it is up. */
    private UUID create(String what) throws Exception {
        UUID guest = UUID.randomUUID();
        JsonNode answer = call("VM.create", vmParameters(guest, what));
        if (answer.has("error")) {
            throw new IOException("VM.create: " + answer.path("error"));
        }
        awaitUp(guest);
        return guest;
    }

    private void awaitUp(UUID guest) throws Exception {
        String status = "";
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (System.nanoTime() < deadline) {
            ObjectNode ask = JSON.createObjectNode().put("vmID", guest.toString());
            JsonNode answer = call("VM.getStats", ask);
            status = answer.at("/result/0/status").asText() + answer.at("/result/0/exitMessage").asText();
            if (status.equals("Up")) {
                return;
            }
            Thread.sleep(100);
        }
        throw new IOException("the guest does not come up: " + status);
    }

    /** With files for cloud-init, whose image libvirt gives to QEMU's user, and a NIC without a network, whose bridge libvirt makes. */
    private static String engines(String xml) {
        return xml.replace("<domain ", "<domain xmlns:ovirt-vm='http://ovirt.org/vm/1.0' ")
                .replace("<devices>", """
                        <metadata><ovirt-vm:vm><ovirt-vm:device devtype='disk' name='hdc'><ovirt-vm:payload>
                          <ovirt-vm:volId>config-2</ovirt-vm:volId>
                          <ovirt-vm:file path='openstack/latest/user_data'>I2Nsb3VkLWNvbmZpZwo=</ovirt-vm:file>
                        </ovirt-vm:payload></ovirt-vm:device></ovirt-vm:vm></metadata>
                        <devices>
                          <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='PAYLOAD:'/>
                            <target dev='hdc' bus='ide'/><readonly/></disk>
                          <interface type='bridge'><source bridge=';vdsmdummy;'/><model type='virtio'/></interface>
                        """);
    }

    private String named(UUID guest, String what) {
        return what.replace("${vmId}", guest.toString())
                .replace("${name}", "walk-" + guest.toString().substring(0, 8))
                .replace("${disk}", "/var/lib/libvirt/images/walk-" + disks++ + ".raw");
    }

    private ObjectNode vmParameters(UUID guest, String what) {
        String own = named(guest, what);
        ObjectNode parameters = JSON.createObjectNode().put("vmID", guest.toString());
        parameters.putObject("vmParams").put("vmId", guest.toString()).put("xml", own);
        return parameters;
    }

    /** A sensible value for what is known by its name, else the simplest one that the schema allows. */
    private ObjectNode parameters(JsonNode method, UUID guest) {
        switch (method.path("name").asText()) {
            case "VM.create":
                return vmParameters(guest, xml);
            case "Host.cancelCreates": // of nothing that is known
                ObjectNode cancel = JSON.createObjectNode();
                cancel.putArray("vmIds").add(UUID.randomUUID().toString());
                return cancel;
            case "Host.createVms":
                ObjectNode batch = JSON.createObjectNode().put("batchId", "walk-" + guest);
                batch.putArray("vms").addObject().put("xml", named(UUID.randomUUID(), xml));
                return batch;
            case "Host.calibrate":
                return JSON.createObjectNode().put("guests", 2).put("repeats", 1);
            case "Host.profile":
                return JSON.createObjectNode().put("seconds", 1);
            case "Host.readProfile":
                return JSON.createObjectNode().put("name", recording);
            case "Host.setMOMPolicyParameters": // not KSM: that is this machine's kernel
                ObjectNode policy = JSON.createObjectNode();
                policy.putObject("key_value_store").put("balloonEnabled", true);
                return policy;
            default:
        }
        Map<String, Object> known = Map.of(
                "vmID", guest.toString(),
                "vmId", guest.toString(),
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
