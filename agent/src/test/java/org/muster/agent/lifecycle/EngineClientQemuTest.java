package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.Truth;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcClient;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcRequest;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcResponse;
import org.ovirt.vdsm.jsonrpc.client.RequestBuilder;
import org.ovirt.vdsm.jsonrpc.client.events.EventSubscriber;
import org.ovirt.vdsm.jsonrpc.client.internal.ClientPolicy;
import org.ovirt.vdsm.jsonrpc.client.internal.ResponseWorker;
import org.ovirt.vdsm.jsonrpc.client.reactors.ReactorClient;
import org.ovirt.vdsm.jsonrpc.client.reactors.ReactorFactory;
import org.ovirt.vdsm.jsonrpc.client.reactors.ReactorType;
import org.ovirt.vdsm.jsonrpc.client.reactors.stomp.StompClientPolicy;

/** The engine's own client, unmodified, drives twenty real guests through their life. */
@Tag("qemu")
@Timeout(240)
class EngineClientQemuTest {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Duration LATE = Duration.ofSeconds(1);
    private static final int GUESTS = 20;
    private static final int OUTSTANDING = 32;

    private PrivateHypervisor host;
    private AgentProcess agent;
    private LineClient witness; // hears every event without delay: what the engine's client is measured by
    private JsonRpcClient engine;
    private final Seen seen = new Seen();

    /** Notes when each VM was first told to be in each status. */
    private static final class Seen extends EventSubscriber {
        private final List<Flow.Subscription> subscriptions = new ArrayList<>();
        private final Map<String, Long> at = new ConcurrentHashMap<>();

        Seen() {
            super("*|*|VM_status|*");
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscriptions.add(subscription);
            subscription.request(1);
        }

        @Override
        public void onNext(Map<String, Object> event) {
            event.forEach((id, status) -> {
                if (status instanceof Map<?, ?> fields && fields.containsKey("status")) {
                    at.putIfAbsent(id + " " + fields.get("status"), System.nanoTime());
                }
            });
            subscriptions.forEach(subscription -> subscription.request(1));
        }

        @Override
        public void onError(Throwable cause) {
            subscriptions.forEach(subscription -> subscription.request(1));
        }

        @Override
        public void onComplete() {}
    }

    @BeforeEach
    void start() throws Exception {
        host = PrivateHypervisor.start();
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri());
        witness = agent.connect();
        ResponseWorker worker = ReactorFactory.getWorker(4);
        worker.getPublisher().subscribe(seen);
        ReactorClient link =
                ReactorFactory.getReactor(null, ReactorType.STOMP).createClient("127.0.0.1", agent.tcpPort());
        StompClientPolicy policy = new StompClientPolicy(
                1_000, 0, 30_000, IOException.class, "jms.topic.vdsm_requests", "jms.topic.vdsm_responses");
        policy.setEventQueue("jms.queue.events");
        link.setClientPolicy(policy);
        engine = worker.register(link);
        engine.setRetryPolicy(new ClientPolicy(20_000, 0, 30_000, IOException.class));
    }

    @AfterEach
    void stop() {
        engine.close();
        AgentProcess.destroyAll(witness);
        witness.close();
        agent.close();
        host.close();
    }

    private JsonNode answer(Future<JsonRpcResponse> reply) throws Exception {
        JsonRpcResponse response = reply.get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(response.getError()).isNull();
        return response.getResult();
    }

    /** As many requests outstanding as the engine ever has; none of their replies may be late. */
    private void burst() throws Exception {
        List<Future<JsonRpcResponse>> pings = new ArrayList<>();
        long since = System.nanoTime();
        for (int i = 0; i < OUTSTANDING; i++) {
            pings.add(engine.call(new RequestBuilder("Host.ping2").build()));
        }
        for (Future<JsonRpcResponse> ping : pings) {
            assertThat(answer(ping).booleanValue()).isTrue();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(LATE);
    }

    private void notLate(UUID vm, String status) {
        String key = vm + " " + status;
        Await.until("the engine hears of " + key, SOON, () -> seen.at.containsKey(key));
        long due = witness.events(vm).stream()
                .filter(event -> event.text().equals(status))
                .mapToLong(LineClient.Event::atNanos)
                .findFirst()
                .orElseThrow();
        assertThat(Duration.ofNanos(seen.at.get(key) - due)).as(key).isLessThan(LATE);
    }

    @Test
    void twentyGuestsAreCreatedWatchedAndDestroyed() throws Exception {
        assertThat(answer(engine.call(new RequestBuilder("Host.getCapabilities").build()))
                        .has("software_version"))
                .isTrue();
        List<GuestXml> guests = new ArrayList<>();
        List<Future<JsonRpcResponse>> creates = new ArrayList<>();
        for (int i = 0; i < GUESTS; i++) {
            GuestXml guest = GuestXml.named("e" + i);
            guests.add(guest);
            JsonRpcRequest create = new RequestBuilder("VM.create")
                    .withParameter("vmID", guest.uuid().toString())
                    .withParameter("vmParams", Map.of("vmId", guest.uuid().toString(), "xml", guest.xml()))
                    .build();
            creates.add(engine.call(create));
        }
        for (Future<JsonRpcResponse> create : creates) {
            assertThat(answer(create).get("status").textValue()).isEqualTo("WaitForLaunch");
        }
        for (int i = 0; i < 5; i++) {
            burst();
        }
        List<UUID> ids = guests.stream().map(GuestXml::uuid).toList();
        witness.awaitStatus(ids, "Up", SOON);
        for (UUID id : ids) {
            notLate(id, "WaitForLaunch");
            notLate(id, "Powering up");
            notLate(id, "Up");
        }
        JsonNode stats = answer(engine.call(new RequestBuilder("Host.getAllVmStats").build()));
        assertThat(stats)
                .hasSize(GUESTS)
                .allMatch(vm -> vm.get("status").textValue().equals("Up"));
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(witness), SOON);
        List<Future<JsonRpcResponse>> destroys = new ArrayList<>();
        for (UUID id : ids) {
            destroys.add(engine.call(new RequestBuilder("VM.destroy")
                    .withParameter("vmID", id.toString())
                    .build()));
        }
        burst();
        for (Future<JsonRpcResponse> destroy : destroys) {
            assertThat(answer(destroy).booleanValue()).isTrue();
        }
        for (UUID id : ids) {
            notLate(id, "Down");
        }
        assertThat(answer(engine.call(new RequestBuilder("Host.getVMList").build())))
                .isEmpty();
    }
}
