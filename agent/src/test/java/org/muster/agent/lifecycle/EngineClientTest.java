package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.muster.agent.host.EngineTypes;
import org.muster.agent.host.HostFields;
import org.muster.agent.lifecycle.ContractHost.Way;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcResponse;

/** The engine's own client, unmodified, over TLS, with a whole daemon on a simulated host. */
class EngineClientTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int EVENTS = 30;

    @TempDir
    private static Path folder;

    private static ContractHost host;
    private static LineClient witness; // hears every event without delay: what the engine's client is measured by
    private static EngineClient engine;

    @BeforeAll
    static void start() throws Exception {
        host = ContractHost.simulated(folder, """
                host.cpus = 64
                [[vms]]
                count = 5
                [define]
                mean = "2ms"
                [start]
                distribution = "lognormal"
                mean = "30ms"
                deviation = "20ms"
                [destroy]
                mean = "5ms"
                """, Map.of());
        witness = host.agent().connect();
        engine = new EngineClient(host.context(Way.TLS_1_2), host.port());
    }

    @AfterAll
    static void stop() {
        engine.close();
        witness.close();
        host.close();
    }

    /** As an engine does from its first connection on: engine-contract 3.2. */
    @Test
    void aHostIsBroughtUpAndMonitored() throws Exception {
        assertThat(EngineTypes.check(engine.call("Host.getCapabilities"), HostFields.CAPABILITIES))
                .isEmpty();
        assertThat(EngineTypes.check(engine.call("Host.getHardwareInfo"), HostFields.HARDWARE))
                .isEmpty();
        assertThat(EngineTypes.check(engine.call("Host.getStats"), HostFields.STATS))
                .isEmpty();
        Map<String, Object> policy = Map.of("balloonEnabled", true, "ksmEnabled", false, "ksmMergeAcrossNodes", true);
        assertThat(engine.call("Host.setMOMPolicyParameters", "key_value_store", policy)
                        .booleanValue())
                .isTrue();
        for (JsonNode device : engine.call("Host.hostdevListByCaps")) {
            assertThat(HostFields.HOST_DEVICE.complaint(device)).isNull();
        }
        for (int poll = 0; poll < 3; poll++) {
            assertThat(EngineTypes.check(engine.call("Host.getStats"), HostFields.STATS))
                    .isEmpty();
            List<String> ids = new ArrayList<>();
            engine.allStats().forEach(vm -> ids.add(vm.get("vmId").textValue()));
            JsonNode xmls = engine.call("Host.dumpxmls", "vmList", ids);
            assertThat(xmls)
                    .hasSizeGreaterThanOrEqualTo(5)
                    .allSatisfy(xml -> assertThat(xml.textValue()).contains("<devices>", "</devices>"));
        }
        engine.burst(32);
    }

    @Test
    void twentyCreatesAreToldInTimeAndInTypesThatTheEngineReads() throws Exception {
        List<UUID> ids = new ArrayList<>();
        List<Future<JsonRpcResponse>> creates = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            UUID id = UUID.randomUUID();
            ids.add(id);
            String xml = ContractHost.xml("engine-" + id, id);
            creates.add(engine.send(
                    "VM.create", "vmID", id.toString(), "vmParams", Map.of("vmId", id.toString(), "xml", xml)));
        }
        for (Future<JsonRpcResponse> create : creates) {
            assertThat(engine.answer(create).get("status").textValue()).isEqualTo("WaitForLaunch");
        }
        engine.burst(32);
        engine.assertNotLate(witness, ids, "WaitForLaunch", "Powering up", "Up");
        assertThat(engine.allStats()).hasSizeGreaterThanOrEqualTo(25);
        List<Future<JsonRpcResponse>> destroys = new ArrayList<>();
        for (UUID id : ids) {
            destroys.add(engine.send("VM.destroy", "vmID", id.toString()));
        }
        for (Future<JsonRpcResponse> destroy : destroys) {
            assertThat(engine.answer(destroy).booleanValue()).isTrue();
        }
        engine.assertNotLate(witness, ids, "Down");
        engine.checkEvents();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBurstOfThirtyEventsIsNotLate(boolean pauses) throws Exception {
        for (int round = 0; round < 3; round++) {
            List<UUID> ids = new ArrayList<>();
            List<String> xmls = new ArrayList<>();
            for (int i = 0; i < EVENTS; i++) {
                UUID id = UUID.randomUUID();
                ids.add(id);
                xmls.add(ContractHost.xml("burst-" + id, id));
            }
            Duration pause = pauses ? Duration.ofMillis(40) : Duration.ZERO;
            engine.pauseReactor(pause);
            witness.create("burst-" + UUID.randomUUID(), xmls);
            engine.pauseReactor(pause);
            witness.awaitStatus(ids, "Up", SOON);
            engine.assertNotLate(witness, ids, "WaitForLaunch", "Powering up", "Up");
            engine.checkEvents();
        }
    }
}
