package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.agent.host.EngineTypes;
import org.muster.agent.host.HostFields;
import org.muster.agent.lifecycle.ContractHost.Way;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.Truth;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcResponse;

/** The engine's own client, unmodified, over TLS, drives twenty real guests through their life. */
@Tag("qemu")
@Tag("alone")
@Timeout(240)
class EngineClientQemuTest {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final int GUESTS = 20;
    private static final int OUTSTANDING = 32;

    private PrivateHypervisor hypervisor;
    private ContractHost host;
    private LineClient witness; // hears every event without delay: what the engine's client is measured by
    private EngineClient engine;

    @BeforeEach
    void start() throws Exception {
        hypervisor = PrivateHypervisor.start();
        host = ContractHost.real(hypervisor.directory(), hypervisor.uri());
        witness = host.agent().connect();
        engine = new EngineClient(host.context(Way.TLS_1_2), host.port());
    }

    @AfterEach
    void stop() {
        engine.close();
        AgentProcess.destroyAll(witness);
        witness.close();
        host.close();
        hypervisor.close();
    }

    @Test
    void twentyGuestsAreCreatedWatchedAndDestroyed() throws Exception {
        assertThat(EngineTypes.check(engine.call("Host.getCapabilities"), HostFields.CAPABILITIES))
                .isEmpty();
        assertThat(EngineTypes.check(engine.call("Host.getStats"), HostFields.STATS))
                .isEmpty();
        List<UUID> ids = new ArrayList<>();
        List<Future<JsonRpcResponse>> creates = new ArrayList<>();
        for (int i = 0; i < GUESTS; i++) {
            GuestXml guest = GuestXml.named("e" + i);
            String id = guest.uuid().toString();
            ids.add(guest.uuid());
            creates.add(engine.send("VM.create", "vmID", id, "vmParams", Map.of("vmId", id, "xml", guest.xml())));
        }
        for (Future<JsonRpcResponse> create : creates) {
            assertThat(engine.answer(create).get("status").textValue()).isEqualTo("WaitForLaunch");
        }
        for (int i = 0; i < 5; i++) {
            engine.burst(OUTSTANDING);
        }
        witness.awaitStatus(ids, "Up", SOON);
        engine.assertNotLate(witness, ids, "WaitForLaunch", "Powering up", "Up");
        JsonNode stats = engine.allStats();
        assertThat(stats)
                .hasSize(GUESTS)
                .allMatch(vm -> vm.get("status").textValue().equals("Up"));
        Truth.of(hypervisor).awaitAgreement(() -> AgentProcess.rows(witness), SOON);
        List<Future<JsonRpcResponse>> destroys = new ArrayList<>();
        for (UUID id : ids) {
            destroys.add(engine.send("VM.destroy", "vmID", id.toString()));
        }
        engine.burst(OUTSTANDING);
        for (Future<JsonRpcResponse> destroy : destroys) {
            assertThat(engine.answer(destroy).booleanValue()).isTrue();
        }
        engine.assertNotLate(witness, ids, "Down");
        engine.checkEvents();
        assertThat(engine.call("Host.getVMList")).isEmpty();
    }
}
