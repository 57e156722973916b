package org.muster.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.muster.client.UnreachableException.Kind;

/**
 * A connection to an agent: calls, their answers, and events.
 *
 * <p>Thread-safe. Futures complete and listeners run on the connection's one reader thread, so what is chained to them must not
 * block; {@code callAndWait} from there is refused. A connection that ended stays ended: connect anew.
 */
public final class MusterConnection implements AutoCloseable {
    private static final String REQUESTS = "jms.topic.vdsm_requests";
    private static final String EVENTS = "jms.queue.events";
    private static final byte[] NO_BODY = {};
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final AgentAddress address;
    private final ConnectOptions options;
    private final CallTable calls = new CallTable();
    private final RpcSession session;
    private final Link link;
    private final Thread reader;
    private final String replies = UUID.randomUUID().toString(); // our own destination: nobody else gets our answers
    private final AtomicLong lastId = new AtomicLong(); // ids are told apart per connection only

    private MusterConnection(AgentAddress address, ConnectOptions options, Wire wire) throws IOException {
        this.address = address;
        this.options = options;
        this.session = new RpcSession(address, calls);
        this.link = new Link(wire, session, options.heartBeat());
        this.reader = new Thread(link, "muster-client");
        this.reader.setDaemon(true);
    }

    /**
     * Connects and waits until the agent has taken the connection.
     *
     * <p>Errors: UnreachableException, also when the agent did not answer within the connect time-out. Blocks at most that
     * long (a name look-up apart, which the system bounds).
     */
    public static MusterConnection connect(AgentAddress address, ConnectOptions options)
            throws UnreachableException, InterruptedException {
        long start = System.nanoTime();
        Wire wire = Dialer.dial(address, options);
        MusterConnection connection;
        try {
            connection = new MusterConnection(address, options, wire);
        } catch (IOException e) {
            closeAfter(e, wire);
            throw new UnreachableException(Kind.NO_HANDSHAKE, address, String.valueOf(e.getMessage()), e);
        }
        connection.handshake(options.connectTimeout().toNanos() - (System.nanoTime() - start));
        return connection;
    }

    private static void closeAfter(IOException failure, Wire wire) {
        try {
            wire.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private void handshake(long nanos) throws UnreachableException, InterruptedException {
        boolean done = false;
        reader.start();
        try {
            link.sendConnect(address.host());
            link.connected().get(Math.max(1, nanos), TimeUnit.NANOSECONDS);
            link.send("SUBSCRIBE", NO_BODY, "id", "replies", "destination", replies, "ack", "auto");
            done = true;
        } catch (ExecutionException e) {
            throw new UnreachableException(
                    Kind.NO_HANDSHAKE, address, "it took the connection, but then: " + text(e.getCause()), e);
        } catch (IOException e) {
            throw new UnreachableException(
                    Kind.NO_HANDSHAKE, address, "it took the connection, but then: " + text(e), e);
        } catch (TimeoutException e) {
            throw new UnreachableException(
                    Kind.NO_HANDSHAKE,
                    address,
                    "it took the connection, but did not answer within "
                            + options.connectTimeout().toMillis() / 1000.0 + " s",
                    e);
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private static String text(Throwable cause) {
        return cause instanceof IOException && cause.getMessage() != null ? cause.getMessage() : cause.toString();
    }

    public AgentAddress address() {
        return address;
    }

    /** {@link #call(String, JsonNode, CallOptions)} with the connection's defaults. */
    public CompletableFuture<JsonNode> call(String method, JsonNode params) {
        return call(method, params, CallOptions.defaults());
    }

    /**
     * Sends a request; never blocks, never throws for the agent's sake.
     *
     * <p>The future gives the result, or fails with {@link RpcError} (the agent refused), {@link CallTimeoutException},
     * {@link ConnectionLostException}, or RejectedExecutionException (4096 calls without an answer, or 64 MiB the agent has
     * not read), IllegalArgumentException (a request over 64 MiB): with the last two nothing was sent.
     *
     * @param params an object by name, or an array by position
     */
    public CompletableFuture<JsonNode> call(String method, JsonNode params, CallOptions callOptions) {
        String id = Long.toString(lastId.incrementAndGet());
        Duration timeout = callOptions.timeout().orElse(options.callTimeout());
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        try {
            byte[] body = RpcSession.request(id, method, params);
            if (body.length > StompDecoder.MAX_BODY_BYTES) {
                throw new IllegalArgumentException(method + " not sent: the request has " + body.length
                        + " bytes and the limit is " + StompDecoder.MAX_BODY_BYTES);
            }
            long deadline = System.nanoTime() + timeout.toNanos();
            if (calls.add(id, new CallTable.Call(method, timeout, deadline, answer))) {
                link.deadlineIsSooner(deadline);
            }
            link.send("SEND", body, headers(callOptions));
        } catch (IOException | RuntimeException e) {
            calls.remove(id);
            boolean lost = e instanceof IOException && !(e instanceof ConnectionLostException);
            answer.completeExceptionally(lost ? new ConnectionLostException(address, text(e), e) : e);
        }
        return answer;
    }

    private String[] headers(CallOptions callOptions) {
        return callOptions
                .correlationId()
                .map(id -> new String[] {"destination", REQUESTS, "reply-to", replies, "ovirtCorrelationId", id})
                .orElseGet(() -> new String[] {"destination", REQUESTS, "reply-to", replies});
    }

    /** {@link #callAndWait(String, JsonNode, CallOptions)} with the connection's defaults. */
    public JsonNode callAndWait(String method, JsonNode params) throws RpcError, IOException, InterruptedException {
        return callAndWait(method, params, CallOptions.defaults());
    }

    /**
     * Sends a request and waits for its result.
     *
     * <p>Errors: {@link RpcError}; IOException as {@link CallTimeoutException} or {@link ConnectionLostException}. Blocks until the
     * call's time-out at most. IllegalStateException on the connection's own reader thread, which would wait for itself.
     */
    public JsonNode callAndWait(String method, JsonNode params, CallOptions callOptions)
            throws RpcError, IOException, InterruptedException {
        if (Thread.currentThread() == reader) {
            throw new IllegalStateException(method + " must not be waited for on the thread that reads its answer");
        }
        return Answers.await(call(method, params, callOptions));
    }

    /**
     * Adds a listener for the agent's events from now on; the first one subscribes. There is no replay of earlier events, and
     * a call made after this one is answered by an agent that knows of the subscription.
     */
    public void subscribe(EventListener listener) throws ConnectionLostException {
        if (session.listen(listener)) {
            try {
                link.send("SUBSCRIBE", NO_BODY, "id", "events", "destination", EVENTS, "ack", "auto");
            } catch (IOException e) {
                throw new ConnectionLostException(address, text(e), e);
            }
        }
    }

    /** Completes when the connection has ended: normally after {@link #close}, else with ConnectionLostException. */
    public CompletableFuture<Void> closed() {
        return session.closed().copy();
    }

    /** Ends the connection; outstanding calls fail with ConnectionLostException. Closing twice is harmless. */
    @Override
    public void close() {
        link.close();
        if (Thread.currentThread() == reader) {
            return;
        }
        try {
            reader.join(CLOSE_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
