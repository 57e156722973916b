package org.muster.agent.rpc;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.agent.tls.TestPki;

/** A server on a free port of loopback, with verbs that answer, fail, are late, large, or block as a test wants. */
final class Rig implements AutoCloseable {

    static final long PATIENCE_SECONDS = 20;

    volatile boolean ready = true; // set by the test, read by the event loops
    final MetricRegistry metrics = new MetricRegistry();
    final NotificationHub hub = new NotificationHub();
    final Queue<CompletableFuture<JsonNode>> late = new ConcurrentLinkedQueue<>(); // of Test.late, in order
    final Queue<Call> calls = new ConcurrentLinkedQueue<>(); // of Test.echo
    final Semaphore blocked = new Semaphore(0); // one for each worker that entered Test.block
    final AtomicInteger reads = new AtomicInteger(); // of Test.shared
    final Semaphore lateEntered = new Semaphore(0); // one for each call of Test.late
    private final CountDownLatch unblock = new CountDownLatch(1);
    private final RpcServer server;

    Rig(RpcConfig config) throws IOException {
        server = new RpcServer(config, verbs(), hub, metrics, () -> ready);
        server.start();
    }

    Rig() throws IOException {
        this(config());
    }

    static RpcConfig config() {
        return RpcConfig.defaults().withListen(RpcConfig.Listen.defaults().withAddress("127.0.0.1", 0));
    }

    /** A server that speaks TLS with the identity {@code host} of the authority. */
    static RpcConfig tls(TestPki pki) {
        return config().withTls(TlsSettings.of(pki.files(), Optional.empty()));
    }

    RpcServer server() {
        return server;
    }

    int port() {
        return server.port();
    }

    void publish(String id) {
        hub.publish("|virt|VM_status|" + id, params(id), false);
    }

    void publishOwnKind(String id) {
        hub.publish("|muster|Own|" + id, params(id), true);
    }

    void unblock() {
        unblock.countDown();
    }

    long count(String counter) {
        return metrics.counter(counter).getCount();
    }

    private static ObjectNode params(String id) {
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        params.putObject(id).put("status", "Up");
        return params.put("notify_time", 4_294_967_296L);
    }

    private VerbTable verbs() {
        return VerbTable.of(
                Verb.named("Host.ping", "Answers.")
                        .access(Access.MONITOR)
                        .always()
                        .inline(call -> now(null)),
                Verb.named("Test.echo", "Gives back what it got.")
                        .access(Access.MONITOR)
                        .required("value", WireType.any(), "anything")
                        .optional("count", WireType.integer(1, 9), "a number")
                        .returns(WireType.any(), "the value")
                        .worker(call -> {
                            calls.add(call);
                            return now(call.params().get("value"));
                        }),
                Verb.named("Test.large", "Answers with much.")
                        .required("bytes", WireType.integer(1, 64 << 20), "how much")
                        .returns(WireType.text(64 << 20), "much")
                        .memory(call ->
                                now(JsonNodeFactory.instance.textNode("x".repeat((int) call.integer("bytes", 1))))),
                Verb.named("Test.held", "Reads, when the test lets it.").memory(this::block),
                Verb.named("Test.shared", "Counts how often it was read.")
                        .sharedResult()
                        .returns(WireType.integer(0, Integer.MAX_VALUE), "the count")
                        .memory(call -> now(new IntNode(reads.incrementAndGet()))),
                Verb.named("Test.late", "Answers when the test says so.").inline(call -> {
                    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
                    late.add(answer);
                    lateEntered.release();
                    return answer;
                }),
                Verb.named("Test.block", "Holds a worker.").worker(this::block),
                Verb.named("Test.admin", "For administrators.")
                        .access(Access.ADMIN)
                        .inline(call -> now(null)),
                Verb.named("Test.refuse", "Fails with a code.")
                        .error(4, "always")
                        .worker(call -> {
                            throw new RpcException(4, "Virtual machine already exists");
                        }),
                Verb.named("Test.fail", "Fails by accident.").inline(call -> {
                    throw new IllegalStateException("secret detail");
                }),
                Verb.named("Test.failLate", "Fails by accident, later.")
                        .inline(call -> CompletableFuture.failedFuture(new IllegalStateException("secret detail"))));
    }

    private CompletionStage<JsonNode> block(Call call) {
        blocked.release();
        try {
            if (!unblock.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the test never let " + call.verb() + " go");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return now(null);
    }

    private static CompletionStage<JsonNode> now(JsonNode result) {
        return CompletableFuture.completedFuture(result);
    }

    @Override
    public void close() {
        unblock();
        server.close();
    }
}
