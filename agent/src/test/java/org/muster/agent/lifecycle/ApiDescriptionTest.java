package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.simulation.FakeHypervisor;

/** What rpc.discover answers, over the wire, and the page that is made of it. */
class ApiDescriptionTest {
    /** What the fake hypervisor has no facts for. */
    private static final Set<String> WANT_ONE_OF_SEVERAL = Set.of("Host.cancelCreates"); // batchId or vmIds

    private static final Set<String> NEED_FACTS =
            Set.of("Host.getCapabilities", "Host.getHardwareInfo", "Host.getSamplingFactors", "Host.hostdevListByCaps");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path PAGE = Path.of(System.getProperty("muster.root"), "docs", "protocol.md");

    @TempDir
    private static Path folder;

    private static JsonNode document;

    @BeforeAll
    static void ask() throws Exception {
        document = discover(folder.resolve("a"));
    }

    private static JsonNode discover(Path place) throws Exception {
        return with(place, client -> client.call("rpc.discover"));
    }

    private static <T> T with(Path place, Function<LineClient, T> question) throws Exception {
        Files.createDirectories(place);
        Path config = Files.writeString(
                place.resolve("muster.toml"), """
                listen.address = "127.0.0.1"
                listen.port = 0
                listen.socket = "%s"
                tls.enabled = false
                metrics.listen = "off"
                state.directory = "%s"
                """.formatted(place.resolve("m.sock"), place.resolve("state")));
        try (Daemon daemon = new Daemon(ConfigFile.read(config).effective(), new FakeHypervisor(), "test")) {
            daemon.start();
            try (LineClient client = new LineClient(daemon.port())) {
                return question.apply(client);
            }
        }
    }

    private static JsonSchema metaSchema() throws IOException {
        // The schema language that OpenRPC's own tools call meta.json-schema.tools is draft 7.
        String text = resource("/openrpc/meta-schema.json")
                .replace(
                        "https://meta.json-schema.tools/#/definitions/JSONSchemaObject/properties/$ref",
                        "http://json-schema.org/draft-07/schema#/properties/$ref")
                .replaceAll("https://meta\\.json-schema\\.tools/?", "http://json-schema.org/draft-07/schema#");
        return JsonSchemaFactory.getInstance(VersionFlag.V7).getSchema(text);
    }

    static String resource(String name) throws IOException {
        try (InputStream in = ApiDescriptionTest.class.getResourceAsStream(name)) {
            assertThat(in).as(name).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void isValidAgainstTheMetaSchema() throws IOException {
        assertThat(metaSchema().validate(document)).isEmpty();
    }

    @Test
    void theMetaSchemaRefusesWhatIsNoDescription() throws IOException {
        ObjectNode broken = document.deepCopy();
        ((ObjectNode) broken.get("methods").get(0)).remove("params");
        ((ObjectNode) broken.get("methods").get(1).get("result")).put("schema", "text");

        assertThat(metaSchema().validate(broken)).hasSizeGreaterThan(1);
    }

    /** Else who calls by position cannot leave an optional one out; linters of such documents refuse it. */
    @Test
    void requiredParametersComeFirst() {
        for (JsonNode method : document.get("methods")) {
            List<Boolean> required = new ArrayList<>();
            method.get("params")
                    .forEach(param -> required.add(param.get("required").booleanValue()));
            assertThat(required).as(method.get("name").textValue()).isSortedAccordingTo(Comparator.reverseOrder());
        }
    }

    @Test
    void describesEveryVerbWithItsAccess() {
        Set<String> names = new TreeSet<>();
        for (JsonNode method : document.get("methods")) {
            names.add(method.get("name").asText());
            assertThat(method.get("x-access").asText()).as("%s", method).isIn("monitor", "operate", "admin");
        }

        assertThat(names).contains("rpc.discover", "VM.create", "Host.createVms", "Host.ping", "Events.subscribe");
        assertThat(document.get("x-notifications").findValuesAsText("name")).contains("|virt|VM_status|<vmId>");
    }

    @Test
    void describesEveryKindOfNotification() {
        assertThat(document.get("x-notifications").findValuesAsText("name"))
                .contains(
                        "|virt|VM_status|<vmId>",
                        "|net|host_conn|no_id",
                        "|muster|VM_condition|<vmId>",
                        "|muster|host_condition|no_id");
    }

    @Test
    void isTheSameEveryTime() throws Exception {
        assertThat(JSON.writeValueAsString(discover(folder.resolve("b")))).isEqualTo(JSON.writeValueAsString(document));
    }

    @Test
    void everyErrorReferredToIsThere() {
        for (JsonNode reference : document.get("methods").findValues("$ref")) {
            String name = reference.asText().substring("#/components/errors/".length());
            assertThat(document.at("/components/errors/" + name).isObject())
                    .as(name)
                    .isTrue();
        }
    }

    /** Every verb that can be called without parameters, and those that make and end a VM. */
    @Test
    void answersAreAsDescribed() throws Exception {
        UUID id = new UUID(1, 2);
        String xml = "<domain type='kvm'><name>a</name><uuid>" + id + "</uuid></domain>";
        with(folder.resolve("c"), client -> {
            check("Host.createVms", client.create("b", List.of(xml, "<domain/>")));
            client.awaitStatus(List.of(id), "Up", Duration.ofSeconds(30));
            for (JsonNode method : document.get("methods")) {
                String name = method.get("name").asText();
                if (method.get("x-access").asText().equals("admin")) {
                    assertThat(client.respond(name, "{}").has("error"))
                            .as("%s, of one who is not", name)
                            .isTrue();
                    continue;
                }
                if (!WANT_ONE_OF_SEVERAL.contains(name)
                        && method.findValues("required").stream().noneMatch(JsonNode::booleanValue)) {
                    JsonNode response = client.respond(name, "{}");
                    if (NEED_FACTS.contains(name) && response.has("error")) {
                        assertThat(response.at("/error/code").asInt()).as(name).isIn(16, 57, 99);
                    } else {
                        check(name, client.call(name));
                    }
                }
            }
            check("Host.cancelCreates", client.call("Host.cancelCreates", "{\"vmIds\":[\"" + id + "\"]}"));
            check("Host.drain", client.call("Host.drain", "{\"enabled\":false}"));
            check("VM.destroy", client.call("VM.destroy", "{\"vmID\":\"" + id + "\"}"));
            String params = "{\"vmID\":\"" + id + "\",\"vmParams\":{\"xml\":\"" + xml + "\"}}";
            check("VM.create", client.call("VM.create", params));
            return null;
        });
    }

    private static void check(String verb, JsonNode answer) {
        new Description(document).checkAnswer(verb, answer);
    }

    /** With {@code -Dmuster.docs=write} it is written instead: {@code ./dev docs}. */
    @Test
    void thePageIsWhatTheDeclarationsSay() throws IOException {
        List<VdsmVerb> vdsm = VdsmVerb.all();
        String page = Files.readString(PAGE);
        String wanted = new ProtocolPage(document, vdsm).into(page);

        if ("write".equals(System.getProperty("muster.docs"))) {
            Files.writeString(PAGE, wanted);
        } else {
            assertThat(page).as("docs/protocol.md; ./dev docs writes it").isEqualTo(wanted);
        }
    }

    @Test
    void everyVerbOfVdsmIsThereOrHasAReason() throws IOException {
        Set<String> here = new TreeSet<>();
        document.get("methods").forEach(method -> here.add(method.get("name").asText()));
        Set<String> unexplained = new TreeSet<>();
        for (VdsmVerb verb : VdsmVerb.all()) {
            if (!here.contains(verb.name()) && verb.reason().isEmpty()) {
                unexplained.add(verb.name());
            }
        }

        assertThat(unexplained).isEmpty();
        assertThat(VdsmVerb.all()).hasSizeGreaterThan(100);
    }
}
