package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.muster.agent.lifecycle.ContractHost.Way;
import org.muster.agent.rpc.RawPeer;

/**
 * Section 2 of the contract with the engine (the JSON-RPC envelope), against a daemon that runs; the rule's number before each
 * test. What an answer looks like, and that no error stands for a lost host, {@link EnginePeer} checks of every one.
 */
class EnvelopeContractTest {
    private static final int PARSE_ERROR = -32700;
    private static final int INVALID_REQUEST = -32600;
    private static final int NO_METHOD = -32601;
    private static final int INVALID_PARAMS = -32602;

    @TempDir
    private static Path folder;

    private static ContractHost host;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void start() {
        host = ContractHost.simulated(
                folder, "[[vms]]\ncount = 3\n[start]\nmean = \"10ms\"\n[destroy]\nmean = \"10ms\"", Map.of());
    }

    @AfterAll
    static void stop() {
        host.close();
    }

    @AfterEach
    void close() throws Exception {
        ContractHost.closeAll(open);
    }

    private EnginePeer engine(Way way) {
        EnginePeer engine = host.engine(way);
        open.add(engine);
        return engine;
    }

    private static int code(JsonNode error) {
        return error.get("code").intValue();
    }

    // 2.1: by name, by position, none at all; more than the verb knows
    @ParameterizedTest
    @EnumSource
    void parametersComeByNameOrByPositionAndMoreThanWantedDoNoHarm(Way way) {
        EnginePeer engine = engine(way);
        String vm = engine.call("Host.getVMList", "{}").get(0).get("vmId").textValue();

        assertThat(engine.call("VM.getStats", "{\"vmID\":\"" + vm + "\",\"extra\":{\"a\":[1]}}"))
                .hasSize(1);
        assertThat(engine.call("VM.getStats", "[\"" + vm + "\"]")).hasSize(1);
        assertThat(engine.call("Host.ping2", "null").booleanValue()).isTrue();
        assertThat(engine.call("Host.ping", "[]").booleanValue()).isTrue();
    }

    // 2.1, and ours: what is wrong is named, by field, rule and value
    @ParameterizedTest
    @EnumSource
    void wrongParametersAreNamed(Way way) {
        EnginePeer engine = engine(way);
        JsonNode missing = engine.error("VM.destroy", "{}");
        assertThat(code(missing)).isEqualTo(INVALID_PARAMS);
        assertThat(missing.get("message").textValue()).contains("vmID");
        JsonNode wrong = engine.error("VM.destroy", "{\"vmID\":7,\"gracefulAttempts\":\"x\"}");
        assertThat(code(wrong)).isEqualTo(INVALID_PARAMS);
        assertThat(wrong.at("/data/problems"))
                .extracting(problem -> problem.get("field").textValue() + "|"
                        + problem.get("value").textValue())
                .containsExactly("vmID|7", "gracefulAttempts|\"x\"");
        assertThat(wrong.at("/data/problems/0/rule").textValue()).isEqualTo("must be a UUID");
        assertThat(code(engine.error("Host.ping2", "7"))).isEqualTo(INVALID_PARAMS);
    }

    // 2.2, 2.3: what the engine casts a result to
    @ParameterizedTest
    @EnumSource
    void resultsAreOfTheKindThatTheEngineCastsThemTo(Way way) {
        EnginePeer engine = engine(way);
        UUID vm = UUID.randomUUID();
        JsonNode created = engine.create("kind-" + vm, vm);
        assertThat(created.get("vmId").textValue()).isEqualTo(vm.toString());
        assertThat(created.get("status").textValue()).isEqualTo("WaitForLaunch");
        assertThat(created.get("statusTime").textValue()).matches("\\d{10,}");
        assertThat(created.get("xml").textValue()).isEqualTo(ContractHost.xml("kind-" + vm, vm));
        engine.statusEvent(vm, "Up");
        String id = "{\"vmID\":\"" + vm + "\"}";
        assertThat(engine.call("VM.getStats", id).isArray()).isTrue();
        assertThat(engine.call("VM.getStats", id)).hasSize(1);
        for (String list : List.of("Host.getAllVmStats", "Host.getVMList", "Host.getVMFullList")) {
            JsonNode all = engine.call(list, "{}");
            assertThat(all.isArray()).as(list).isTrue();
            assertThat(all).as(list).hasSizeGreaterThan(3).allMatch(JsonNode::isObject);
        }
        for (String object : List.of(
                "Host.getCapabilities",
                "Host.getStats",
                "Host.getHardwareInfo",
                "Host.hostdevListByCaps",
                "Host.getJobs")) {
            assertThat(engine.call(object, "{}").isObject()).as(object).isTrue();
        }
        JsonNode xmls = engine.call("Host.dumpxmls", "{\"vmList\":[\"" + vm + "\",\"" + UUID.randomUUID() + "\"]}");
        assertThat(xmls.size()).as("an unknown one is left out").isEqualTo(1);
        assertThat(xmls.get(vm.toString()).textValue()).contains("<devices>", "</devices>", "<name>kind-" + vm);
        assertThat(engine.call("Host.setMOMPolicyParameters", "{\"key_value_store\":{\"balloonEnabled\":true}}")
                        .booleanValue())
                .isTrue();
        assertThat(engine.call("VM.destroy", id).booleanValue()).isTrue();
        assertThat(code(engine.error("VM.getStats", id)))
                .as("after the reply it is not there any more")
                .isEqualTo(1);
    }

    // 2.4: errors of the envelope
    @ParameterizedTest
    @EnumSource
    void whatIsNoRequestIsToldSo(Way way) throws IOException {
        RawPeer raw = engine(way).greeted().raw();
        for (Map.Entry<String, Integer> bad : Map.of(
                        "{\"jsonrpc\":\"2.0\",", PARSE_ERROR,
                        "", PARSE_ERROR,
                        "7", INVALID_REQUEST,
                        "[]", INVALID_REQUEST,
                        "{\"jsonrpc\":\"1.0\",\"method\":\"Host.ping\",\"id\":null}", INVALID_REQUEST,
                        "{\"jsonrpc\":\"2.0\",\"id\":null}", INVALID_REQUEST)
                .entrySet()) {
            raw.request(bad.getKey());
            JsonNode answer = raw.frame().json();
            EnginePeer.checkAnswer(answer);
            assertThat(code(answer.get("error"))).as(bad.getKey()).isEqualTo(bad.getValue());
            assertThat(answer.get("id").isNull()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aVerbThatIsNotThereIsToldSo(Way way) {
        JsonNode error = engine(way).error("VM.noSuchVerb", "{}");

        assertThat(code(error)).isEqualTo(NO_METHOD);
        assertThat(error.get("message").textValue())
                .isEqualTo("The method does not exist or is not available: {'method': 'VM.noSuchVerb'}");
    }

    // 2.5: batches and notifications
    @ParameterizedTest
    @EnumSource
    void batchesAreAnsweredAsOneAndNotificationsNotAtAll(Way way) throws IOException {
        RawPeer raw = engine(way).greeted().raw();
        String notification = "{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\",\"params\":{}}";
        raw.request(notification);
        raw.request("[" + notification + "]");
        raw.request("[" + RawPeer.call("Host.ping", "", "a") + "," + notification + ",7,"
                + RawPeer.call("Host.getVMList", "", "b") + "]");
        JsonNode answer = raw.frame().json();

        assertThat(answer.isArray()).isTrue();
        assertThat(answer).hasSize(3).allSatisfy(EnginePeer::checkAnswer);
        assertThat(answer.get(0).get("id").textValue()).isEqualTo("a");
        assertThat(code(answer.get(1).get("error"))).isEqualTo(INVALID_REQUEST);
        assertThat(answer.get(2).get("id").textValue()).isEqualTo("b");
        raw.request("[" + RawPeer.call("Host.ping", "", "c") + "]");
        JsonNode single = raw.frame().json();
        assertThat(single.isArray()).isTrue();
        assertThat(single).hasSize(1);
    }

    // 2.6: the numbers by which the engine decides
    @ParameterizedTest
    @EnumSource
    void errorsHaveTheNumbersThatTheEngineDecidesBy(Way way) {
        EnginePeer engine = engine(way);
        UUID vm = UUID.randomUUID();
        String nobody = "{\"vmID\":\"" + UUID.randomUUID() + "\"}";
        assertThat(code(engine.error("VM.destroy", nobody))).isEqualTo(1);
        assertThat(code(engine.error("VM.getStats", nobody))).isEqualTo(1);
        engine.create("known-" + vm, vm);
        engine.statusEvent(vm, "Up");
        assertThat(code(create(engine, "other-" + vm, vm))).as("a known UUID").isEqualTo(4);
        assertThat(code(create(engine, "known-" + vm, UUID.randomUUID())))
                .as("a known name")
                .isEqualTo(9);
        assertThat(code(engine.error("VM.create", "{\"vmID\":\"" + vm + "\",\"vmParams\":{\"xml\":\"<domain\"}}")))
                .isEqualTo(100);
    }

    private static JsonNode create(EnginePeer engine, String name, UUID id) {
        return engine.error(
                "VM.create", "{\"vmID\":\"" + id + "\",\"vmParams\":{\"xml\":\"" + ContractHost.xml(name, id) + "\"}}");
    }
}
