package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.muster.agent.logging.LogFields;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of a verb, from its begin to its one answer.
 *
 * <p>Thread-safe: the handler, its stage and the deadline may all end it; the first one counts.
 */
final class Exchange {

    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    private static final int UNEXPECTED = 16; // VDSM's code; never 5022, which stands for a lost host

    private final Verb verb;
    private final Call call;
    private final JsonNode id; // null for a notification
    private final Inbound.Peer peer;
    private final Envelope envelope;
    private final LatestResult latest; // of the verb
    private final RpcMetrics metrics;
    private final Consumer<JsonText> answer; // takes null for a notification
    private final AtomicBoolean ended = new AtomicBoolean(); // atomic: ended by whoever is first
    private volatile long begunAtNanos; // volatile: the result may come on another thread
    private volatile Future<?> deadline; // volatile: set by the thread that began, cancelled by the one that ends

    Exchange(
            Verb verb,
            Call call,
            JsonNode id,
            Inbound.Peer peer,
            Envelope envelope,
            LatestResult latest,
            RpcMetrics metrics,
            Consumer<JsonText> answer) {
        this.verb = verb;
        this.call = call;
        this.id = id;
        this.peer = peer;
        this.envelope = envelope;
        this.latest = latest;
        this.metrics = metrics;
        this.answer = answer;
    }

    /** Begins; ends by itself at the latest after {@code patience}. */
    void begin(Duration patience) {
        boolean begun = switch (verb.execution()) {
            case INLINE -> {
                run();
                yield true;
            }
            case MEMORY -> peer.readings().tryRun(() -> read(patience));
            case WORKER -> peer.sequence().tryRun(this::run);
        };
        if (!begun) {
            end(null, new RpcException(RpcException.BUSY, verb.name() + " not started: too much waits for a thread"));
        }
        if (verb.execution() != Verb.Execution.MEMORY) { // these have their answer when they return
            watch(patience);
        }
    }

    private void watch(Duration patience) {
        if (!ended.get()) {
            armDeadline(patience);
        }
    }

    private void armDeadline(Duration patience) {
        try {
            deadline = peer.timers().schedule(() -> expire(patience), patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            end(null, e); // the server is stopping; nobody is left to hear the answer
        }
        if (ended.get()) {
            cancelDeadline(); // it ended while the deadline was being set
        }
    }

    private void expire(Duration patience) {
        end(
                null,
                new RpcException(
                        UNEXPECTED,
                        verb.name() + " has not answered within " + patience.toSeconds()
                                + " s; its outcome is unknown"));
    }

    /** Takes the result that somebody else has just got, if that is as good. */
    private void read(Duration patience) {
        Optional<JsonText> known = sharesResult() ? latest.begunSince(call.receivedAtNanos()) : Optional.empty();
        if (known.isEmpty()) {
            run();
            watch(patience);
        } else if (ended.compareAndSet(false, true)) {
            finish(envelope.success(id, known.get())); // readings are not audited
        }
    }

    private boolean sharesResult() {
        return verb.sharedResult() && id != null && call.params().isEmpty();
    }

    @SuppressWarnings(
            "CatchingUnchecked") // whatever a handler throws becomes one error of this call, in the log and on the wire
    private void run() {
        if (ended.get()) {
            return; // its time was over before a worker came to it: it must not be begun any more
        }
        try {
            begunAtNanos = System.nanoTime();
            if (verb.execution() == Verb.Execution.WORKER) {
                LogFields.inFlow(call.correlationId(), this::handle);
            } else {
                handle();
            }
        } catch (Exception | StackOverflowError | LinkageError | AssertionError e) {
            end(null, e);
        }
    }

    private void handle() {
        CompletionStage<JsonNode> outcome = verb.handler().handle(call);
        outcome.whenComplete(this::end);
    }

    private void end(JsonNode result, Throwable failure) {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        if (failure != null) {
            RpcException error = told(failure);
            audit(error.code(), Optional.empty());
            finish(id == null ? null : envelope.error(id, error));
        } else {
            audit(0, Optional.ofNullable(result));
            succeed(result);
        }
    }

    private void audit(int outcome, Optional<JsonNode> result) {
        Duration took = Duration.ofNanos(System.nanoTime() - call.receivedAtNanos());
        CallAudit.ended(verb, call, peer.address(), outcome, result, took);
    }

    private void succeed(JsonNode result) {
        if (id == null) {
            finish(null);
        } else if (!isForOthers() || !peer.readings().tryRun(() -> finish(encoded(result)))) {
            finish(encoded(result));
        }
    }

    /** Whoever brings a large result, an event loop or the journal, has better things to do than to encode it. */
    private boolean isForOthers() {
        return verb.largeResult() && verb.execution() != Verb.Execution.MEMORY;
    }

    private JsonText encoded(JsonNode result) {
        try {
            JsonText text = envelope.result(result);
            if (sharesResult()) {
                latest.put(begunAtNanos, text);
            }
            return envelope.success(id, text);
        } catch (UncheckedIOException | IllegalStateException | ClassCastException e) {
            return envelope.error(id, told(e));
        }
    }

    private void finish(JsonText body) {
        cancelDeadline();
        metrics.verb(verb).update(System.nanoTime() - call.receivedAtNanos(), TimeUnit.NANOSECONDS);
        answer.accept(body);
        peer.pending().end(); // last: who waits for zero then finds every answer handed over
    }

    /** What the caller is told of a failure; whatever was not meant for it goes to the log, under a reference. */
    private RpcException told(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof RpcException) {
            RpcException answered = (RpcException) cause;
            LOG.debug(
                    "{} of {} answered {}: {}", verb.name(), call.principal(), answered.code(), answered.getMessage());
            return answered;
        }
        String reference = UUID.randomUUID().toString();
        LOG.error(
                "{} failed, reference {}, flow {}",
                verb.name(),
                reference,
                call.correlationId().orElse("-"),
                cause);
        return new RpcException(
                RpcException.INTERNAL,
                "Internal JSON-RPC error: {'reason': '" + verb.name() + " failed, see the log at " + reference + "'}");
    }

    private void cancelDeadline() {
        Future<?> armed = deadline;
        if (armed != null) {
            armed.cancel(false);
        }
    }
}
