package org.muster.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.ovirt.vdsm.jsonrpc.client.ClientConnectionException;
import org.ovirt.vdsm.jsonrpc.client.JsonRpcClient;
import org.ovirt.vdsm.jsonrpc.client.RequestBuilder;
import org.ovirt.vdsm.jsonrpc.client.events.EventSubscriber;
import org.ovirt.vdsm.jsonrpc.client.internal.ClientPolicy;
import org.ovirt.vdsm.jsonrpc.client.internal.ResponseWorker;
import org.ovirt.vdsm.jsonrpc.client.reactors.ReactorClient;
import org.ovirt.vdsm.jsonrpc.client.reactors.ReactorFactory;
import org.ovirt.vdsm.jsonrpc.client.reactors.stomp.SSLStompReactor;
import org.ovirt.vdsm.jsonrpc.client.reactors.stomp.StompClientPolicy;

/** The engine's own client, unmodified, over TLS; notes when each event reaches its subscriber. Main, but for the events. */
final class EngineLink implements AutoCloseable {
    private static final int WORKERS = 4;
    private static final int CONNECT_MILLIS = 20_000;
    private static final int HEART_BEAT_MILLIS = 30_000;
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(20);
    private static final Duration CALL_LIMIT = Duration.ofSeconds(30);
    private static final long RETRY_MILLIS = 200;

    private final SSLStompReactor reactor;
    private final JsonRpcClient client;
    private final Map<String, Long> statusAt = new ConcurrentHashMap<>();

    EngineLink(SSLContext identity, int port) throws BenchException, InterruptedException {
        try {
            reactor = new SSLStompReactor(identity);
            ReactorClient link = reactor.createClient("127.0.0.1", port);
            StompClientPolicy policy = new StompClientPolicy(
                    CONNECT_MILLIS,
                    0,
                    HEART_BEAT_MILLIS,
                    IOException.class,
                    "jms.topic.vdsm_requests",
                    "jms.topic.vdsm_responses");
            policy.setEventQueue("jms.queue.events");
            link.setClientPolicy(policy);
            ResponseWorker worker = ReactorFactory.getWorker(WORKERS);
            worker.getPublisher().subscribe(new Notes());
            client = worker.register(link);
            client.setRetryPolicy(new ClientPolicy(CONNECT_MILLIS, 0, HEART_BEAT_MILLIS, IOException.class));
        } catch (IOException | ClientConnectionException e) {
            throw new BenchException("the engine's client cannot be made: " + e.getMessage(), e);
        }
        connect();
    }

    /** A first handshake may outlast the client's patience of 450 ms, its own share of it alone, until it is warm. */
    private void connect() throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + CONNECT_LIMIT.toNanos();
        while (true) {
            try {
                client.call(new RequestBuilder("Host.ping2").build()).get(CALL_LIMIT.toSeconds(), TimeUnit.SECONDS);
                return;
            } catch (ClientConnectionException | ExecutionException | TimeoutException e) {
                if (System.nanoTime() > deadline) {
                    throw new BenchException("the engine's client cannot connect: " + e.getMessage(), e);
                }
                Thread.sleep(RETRY_MILLIS);
            }
        }
    }

    /** Has the thread that reads stand still for a moment, as it does while garbage is collected. */
    void pause(Duration length) {
        reactor.queueFuture(new FutureTask<>(() -> {
            Thread.sleep(length.toMillis());
            return null;
        }));
    }

    /** When a VM was first told to be in a status, by {@code "id status"}. */
    Map<String, Long> statusAt() {
        return new HashMap<>(statusAt);
    }

    @Override
    public void close() {
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
