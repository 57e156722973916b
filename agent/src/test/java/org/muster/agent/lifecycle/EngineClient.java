package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.muster.agent.rpc.Stalls;
import org.muster.agent.stats.EngineTypes;
import org.muster.rig.Await;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcClient;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcResponse;
import org.ovirt.vdsm.jsonrpc.client.RequestBuilder;
import org.ovirt.vdsm.jsonrpc.client.events.EventSubscriber;
import org.ovirt.vdsm.jsonrpc.client.internal.ClientPolicy;
import org.ovirt.vdsm.jsonrpc.client.internal.ResponseWorker;
import org.ovirt.vdsm.jsonrpc.client.reactors.ReactorClient;
import org.ovirt.vdsm.jsonrpc.client.reactors.ReactorFactory;
import org.ovirt.vdsm.jsonrpc.client.reactors.stomp.SSLStompReactor;
import org.ovirt.vdsm.jsonrpc.client.reactors.stomp.StompClientPolicy;

/**
 * The engine's own client, unmodified, over TLS 1.2 as engines use it. What reaches it late, and what is not of the types
 * that the engine reads, fails the test.
 */
final class EngineClient implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Duration LATE = Duration.ofSeconds(1);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SSLStompReactor reactor;
    private final JsonRpcClient client;
    private final Stalls stalls = new Stalls();
    private final Map<String, Long> statusAt = new ConcurrentHashMap<>(); // by "id status"
    private final LinkedBlockingQueue<Map<String, Object>> events = new LinkedBlockingQueue<>();

    EngineClient(SSLContext identity, int port) throws Exception {
        reactor = new SSLStompReactor(identity);
        ReactorClient link = reactor.createClient("127.0.0.1", port);
        StompClientPolicy policy = new StompClientPolicy(
                20_000, 0, 30_000, IOException.class, "jms.topic.vdsm_requests", "jms.topic.vdsm_responses");
        policy.setEventQueue("jms.queue.events");
        link.setClientPolicy(policy);
        ResponseWorker worker = ReactorFactory.getWorker(4);
        worker.getPublisher().subscribe(new Notes());
        client = worker.register(link);
        client.setRetryPolicy(new ClientPolicy(20_000, 0, 30_000, IOException.class));
        connect();
    }

    /** It gives a handshake 450 ms, its own part included, which may not do on a busy machine; so it tries again, as engines do. */
    private void connect() {
        Await.until("it is connected", SOON, () -> {
            try {
                return call("Host.ping2").booleanValue();
            } catch (Exception e) {
                return false;
            }
        });
    }

    /** Sends a call; parameters as name and value in turn. */
    Future<JsonRpcResponse> send(String method, Object... params) throws Exception {
        RequestBuilder builder = new RequestBuilder(method);
        for (int i = 0; i < params.length; i += 2) {
            builder = builder.withParameter((String) params[i], params[i + 1]);
        }
        return client.call(builder.build());
    }

    /** The result of a call that must succeed. */
    JsonNode answer(Future<JsonRpcResponse> reply) throws InterruptedException, ExecutionException, TimeoutException {
        JsonRpcResponse response = reply.get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(response.getError()).isNull();
        return response.getResult();
    }

    JsonNode call(String method, Object... params) throws Exception {
        return answer(send(method, params));
    }

    JsonNode create(UUID id, String xml) throws Exception {
        return call("VM.create", "vmID", id.toString(), "vmParams", Map.of("vmId", id.toString(), "xml", xml));
    }

    /** The statistics of all VMs, each field of which the engine can read. */
    JsonNode allStats() throws Exception {
        JsonNode all = call("Host.getAllVmStats");
        assertThat(all).allSatisfy(EngineTypes::checkStats);
        return all;
    }

    /** As many requests outstanding as the engine ever has; none of their replies may be late. */
    void burst(int outstanding) throws Exception {
        List<Future<JsonRpcResponse>> pings = new ArrayList<>();
        long since = System.nanoTime();
        for (int i = 0; i < outstanding; i++) {
            pings.add(send("Host.ping2"));
        }
        for (Future<JsonRpcResponse> ping : pings) {
            assertThat(answer(ping).booleanValue()).isTrue();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(stalls.allow(LATE));
    }

    /** Has the thread that reads stand still for a moment, as it does while garbage is collected. */
    void pauseReactor(Duration length) {
        reactor.queueFuture(new FutureTask<>(() -> {
            Thread.sleep(length.toMillis());
            return null;
        }));
    }

    /** Fails if one of these VMs' statuses reaches it later than somebody who hears all without delay. */
    void assertNotLate(LineClient witness, Iterable<UUID> vms, String... statuses) {
        for (UUID vm : vms) {
            for (String status : statuses) {
                String key = vm + " " + status;
                Await.until("the engine hears of " + key, SOON, () -> statusAt.containsKey(key));
                Await.until("the witness too", SOON, () -> witness.sawStatus(vm, status));
                long due = witness.events(vm).stream()
                        .filter(event -> event.text().equals(status))
                        .mapToLong(LineClient.Event::atNanos)
                        .findFirst()
                        .orElseThrow();
                assertThat(Duration.ofNanos(statusAt.get(key) - due)).as(key).isLessThan(stalls.allow(LATE));
            }
        }
    }

    /** Every event so far is one that the engine can read. */
    void checkEvents() {
        for (Map<String, Object> event = events.poll(); event != null; event = events.poll()) {
            JsonNode params = JSON.valueToTree(event);
            Set<String> names = event.keySet();
            String vm = names.stream()
                    .filter(name -> !name.equals("notify_time"))
                    .findFirst()
                    .orElseThrow();
            EngineTypes.checkEvent("|virt|VM_status|" + vm, params);
        }
    }

    @Override
    public void close() {
        stalls.close();
        client.close();
        reactor.close();
    }

    /** Runs on the client's own threads. */
    private final class Notes extends EventSubscriber {
        private final List<Flow.Subscription> subscriptions = new ArrayList<>();

        Notes() {
            super("*|*|VM_status|*");
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscriptions.add(subscription);
            subscription.request(1);
        }

        @Override
        public void onNext(Map<String, Object> event) {
            long now = System.nanoTime();
            events.add(event);
            event.forEach((id, fields) -> {
                if (fields instanceof Map<?, ?> vm && vm.containsKey("status")) {
                    statusAt.putIfAbsent(id + " " + vm.get("status"), now);
                }
            });
            subscriptions.forEach(subscription -> subscription.request(1));
        }

        @Override
        public void onError(Throwable cause) {
            subscriptions.forEach(subscription -> subscription.request(1)); // the engine only re-arms
        }

        @Override
        public void onComplete() {}
    }
}
