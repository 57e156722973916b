package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages to calls, calls to answers.
 *
 * <p>Thread-safe; called on the event loops. Never blocks: long messages are parsed on a worker, inline verbs run at once,
 * the others on their threads, one connection's of one kind in the order of their requests. Verbs that only read may overtake
 * those that change something. A batch is answered in its own order when all of it is done.
 */
final class Dispatcher {

    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    private static final int LONG_MESSAGE_BYTES = 64 << 10;
    private static final int SMALL_MESSAGE_BYTES = 1024;

    private final VerbTable verbs;
    private final Envelope envelope;
    private final ByteBudget budget;
    private final RpcMetrics metrics;
    private final Duration patience;
    private final BooleanSupplier ready; // whether the table of VMs is complete
    private final long maxBatchAnswerBytes;
    private final Map<Verb, LatestResult> latest = new HashMap<>(); // filled by the constructor, then read only

    Dispatcher(
            VerbTable verbs,
            Envelope envelope,
            ByteBudget budget,
            RpcMetrics metrics,
            RpcConfig config,
            BooleanSupplier ready) {
        this.verbs = verbs;
        this.envelope = envelope;
        this.budget = budget;
        this.metrics = metrics;
        patience = config.timing().request();
        this.ready = ready;
        maxBatchAnswerBytes = config.limits().outputBytes() / 2;
        verbs.all().forEach(metrics::verb); // all timers are there from the start, at zero
        verbs.all().forEach(verb -> latest.put(verb, new LatestResult()));
    }

    /** Serves one message; answers at most once, on any thread. */
    void dispatch(Inbound message) {
        boolean fits = fits(message.body().length);
        if (message.body().length <= LONG_MESSAGE_BYTES || !fits) {
            serve(message, fits);
            return;
        }
        PendingRequests pending = message.peer().pending();
        pending.beginMessage();
        boolean handedOver = message.peer().sequence().tryRun(() -> {
            try {
                serve(message, true);
            } finally {
                pending.end();
            }
        });
        if (!handedOver) {
            pending.end();
            serve(message, true);
        }
    }

    /** Encodes an error that belongs to no request. */
    JsonText error(RpcException error) {
        return envelope.error(NullNode.instance, error);
    }

    private boolean fits(int size) {
        if (budget.tryTake(size)) {
            return true;
        }
        if (size > SMALL_MESSAGE_BYTES) {
            return false;
        }
        budget.take(size); // one peer's large messages must not keep the others from asking how things are
        return true;
    }

    private void serve(Inbound inbound, boolean fits) {
        Envelope.Message message = envelope.parse(inbound.body());
        boolean alone = message.batch() || hasNoId(message.requests().get(0));
        Gathering answers = new Gathering(message.batch(), message.requests().size(), maxBatchAnswerBytes, answer -> {
            if (fits) {
                budget.giveBack(inbound.body().length);
            }
            if (answer != null) {
                inbound.answers().answer(answer, alone);
            }
        });
        for (int i = 0; i < message.requests().size(); i++) {
            int index = i;
            Envelope.Request request = message.requests().get(i);
            try {
                begin(inbound, request, fits, body -> answers.answered(index, bounded(answers, request.id(), body)));
            } catch (RpcException refused) {
                answers.answered(index, request.isNotification() ? null : envelope.error(request.id(), refused));
            }
        }
    }

    /** A request whose answer nobody can be told apart by. */
    private static boolean hasNoId(Envelope.Request request) {
        return request.isNotification() || request.id().isNull();
    }

    private void begin(Inbound inbound, Envelope.Request request, boolean fits, Consumer<JsonText> answer) {
        if (request.problem() != null) {
            throw request.problem();
        }
        Inbound.Peer peer = inbound.peer();
        Optional<JsonNode> builtIn = peer.builtIn(request.method());
        if (builtIn.isPresent()) {
            answer.accept(
                    request.isNotification() ? null : envelope.success(request.id(), envelope.result(builtIn.get())));
            return;
        }
        Verb verb = verbs.find(request.method()).orElseThrow(() -> unknown(request.method()));
        if (!peer.principal().access().covers(verb.access())) {
            CallAudit.denied(verb, peer.principal(), peer.address(), inbound.correlationId());
            throw denied(verb, peer.principal());
        }
        if (!verb.always() && !ready.getAsBoolean()) {
            throw new RpcException(
                    RpcException.RECOVERING,
                    "Recovering from crash or Initializing: libvirtd has not told yet which VMs there are");
        }
        if (!fits) {
            throw new RpcException(
                    RpcException.BUSY, verb.name() + " not started: " + budget.limit() + " bytes are being served");
        }
        ParamCheck.Checked checked = ParamCheck.check(verb.params(), request.params());
        ignored(verb, checked.unknown());
        if (!peer.pending().tryBegin()) {
            throw new RpcException(
                    RpcException.BUSY,
                    verb.name() + " not started: " + peer.pending().limit()
                            + " requests of this connection are not answered yet");
        }
        Call call = new Call(
                verb.name(),
                checked.params(),
                peer.principal(),
                inbound.correlationId(),
                inbound.receivedAtNanos(),
                peer.remote(),
                peer.localAddress());
        new Exchange(verb, call, request.id(), peer, envelope, latest.get(verb), metrics, answer).begin(patience);
    }

    private void ignored(Verb verb, Undeclared unknown) {
        if (unknown.count() > 0) {
            metrics.unknownParams().inc(unknown.count());
            LOG.debug("{} does not know {}, which is ignored", verb.name(), unknown);
        }
    }

    private JsonText bounded(Gathering answers, JsonNode id, JsonText body) {
        if (body == null || answers.fits(body.length())) {
            return body;
        }
        return envelope.error(
                id,
                new RpcException(
                        RpcException.BUSY,
                        "the answers to this batch would be larger than " + maxBatchAnswerBytes + " bytes"));
    }

    private static RpcException unknown(String method) {
        return new RpcException(
                RpcException.METHOD_NOT_FOUND,
                "The method does not exist or is not available: {'method': '" + Clip.text(method) + "'}");
    }

    private static RpcException denied(Verb verb, Principal principal) {
        return new RpcException(
                RpcException.ACCESS_DENIED,
                "Access denied: " + verb.name() + " needs " + verb.access() + ", " + principal.name() + " holds "
                        + principal.access());
    }
}
