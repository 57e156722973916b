package org.muster.agent.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One STOMP connection: carries out what {@link StompSession} decides. A peer that ends its side first still gets the answers
 * to what it asked.
 *
 * <p>{@link #wants}, {@link #accept} and {@link #forwarded} are thread-safe; all else is confined to the connection's event loop.
 */
final class StompHandler extends ChannelInboundHandlerAdapter
        implements EventSink, Subscriptions.Listener, Topics.Receiver {

    private static final Logger LOG = LoggerFactory.getLogger(StompHandler.class);
    private static final long SILENCE_LOOK_NANOS = 100_000_000;
    private static final long GREET_AGAIN_NANOS = 200_000_000;
    private static final int MAX_KEPT = 1000; // notifications kept for an undecided connection, for half a second

    private final Connection connection;
    private final StompSession session;
    private final StompQueue queue = new StompQueue();
    private final WriterDecision decision;
    private final Output output;
    private final Dispatcher dispatcher;
    private final NotificationHub hub;
    private final Topics topics;
    private final LongSupplier clock;
    private final long lostSubscriptionNanos;
    private final Queue<byte[]> kept = new ArrayDeque<>();
    private volatile Interest interest = Interest.NONE; // volatile: set on the loop, read by publishers
    private boolean greeted;
    private boolean greetingDue; // a timer is set for it
    private long lastReadNanos;
    private Runnable lastWord = () -> {}; // after all answers, when the peer has ended its side
    private Future<?> silenceCheck;

    StompHandler(
            Connection connection,
            Dispatcher dispatcher,
            NotificationHub hub,
            Topics topics,
            RpcMetrics metrics,
            RpcConfig config,
            LongSupplier clock) {
        this.connection = connection;
        this.dispatcher = dispatcher;
        this.hub = hub;
        this.topics = topics;
        this.clock = clock;
        session = new StompSession(config, this);
        decision = new WriterDecision(true, connection.isTls(), clock.getAsLong());
        // The engine's CONNECT may get lost, and then it goes on with the time-out it has: keep it content.
        decision.beatAfter(config.timing().heartBeatFloor().toNanos() * 3 / 4);
        output = new Output(connection, queue, decision, clock, config.timing().stalledOutput(), metrics);
        lostSubscriptionNanos = config.timing().lostSubscription().toNanos();
        lastReadNanos = clock.getAsLong();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        hub.add(this);
        output.pump();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!output.isOpen() || session.hasLeft()) {
            return; // goodbye was said
        }
        if (message instanceof BadInputException bad) {
            LOG.warn("{}: closed: {}", connection, bad.getMessage());
            if (bad.isAtEnd()) {
                lastWord = () -> control(new StompReply.Fault(bad.getMessage())); // what it asked for is answered first
                return;
            }
            control(new StompReply.Fault(bad.getMessage()));
            output.endAfterQueued();
            return;
        }
        react(session.on((StompFrame) message, clock.getAsLong()));
    }

    private void react(StompSession.Reaction reaction) {
        if (reaction instanceof StompSession.Send message) {
            send(message);
            return;
        }
        if (reaction instanceof StompSession.Answer answer) {
            answer(answer);
        } else if (reaction instanceof StompSession.Goodbye goodbye) {
            leave(() -> goodbye.reply().ifPresent(this::control));
        }
        decision.pace(session.mustBePaced());
        output.pump(); // what has been waiting for its turn may not have to any more
        updateInterest();
    }

    private void leave(Runnable lastWord) {
        stopSilenceCheck(); // who waits for answers only need not beat
        output.endWhenAnswered(lastWord);
    }

    private void answer(StompSession.Answer answer) {
        if (answer.reply() instanceof StompReply.Connected connected) {
            agree(connected.heartBeat());
        } else if (answer.reply() instanceof StompReply.Fault fault) {
            LOG.info("{}: answered ERROR {}", connection, fault.text());
        }
        control(answer.reply());
        if (answer.thenClose()) {
            output.endAfterQueued();
        }
    }

    private void agree(HeartBeat heartBeat) {
        decision.pace(session.mustBePaced());
        decision.beatAfter(heartBeat.silenceNanos());
        stopSilenceCheck();
        if (heartBeat.patienceNanos() > 0) {
            watchSilence(heartBeat.patienceNanos(), heartBeat.patienceNanos());
        }
        var unused = later(this::updateInterest, lostSubscriptionNanos);
    }

    private void stopSilenceCheck() {
        if (silenceCheck != null) {
            silenceCheck.cancel(false);
            silenceCheck = null;
        }
    }

    private void watchSilence(long patienceNanos, long delayNanos) {
        silenceCheck = later(
                () -> {
                    long silent = clock.getAsLong() - lastReadNanos;
                    if (silent >= patienceNanos && !connection.isPaused()) {
                        LOG.info("{}: closed, silent for {} ms", connection, TimeUnit.NANOSECONDS.toMillis(silent));
                        connection.closeNow();
                    } else {
                        watchSilence(patienceNanos, Math.max(patienceNanos - silent, SILENCE_LOOK_NANOS));
                    }
                },
                delayNanos);
    }

    private Future<?> later(Runnable task, long nanos) {
        return connection.channel().eventLoop().schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private void control(StompReply reply) {
        if (output.reserve(StompQueue.CONTROL_SIZE)) {
            queue.addControl(reply);
            output.pump();
        }
    }

    private void send(StompSession.Send message) {
        connection.used();
        // Whoever may only look must not put words into the agent's mouth.
        boolean reached = mayOperate() && topics.forward(message.destination(), message.body());
        message.request().ifPresent(this::execute);
        if (!reached && message.request().isEmpty()) {
            LOG.info("{}: sent to {}, where nobody is", connection, Clip.text(message.destination()));
            control(StompSession.nobodyThere());
        }
    }

    @Override
    public boolean mayReadRequests() {
        return mayOperate();
    }

    private boolean mayOperate() {
        return connection.principal().access().covers(Access.OPERATE);
    }

    @Override
    public void forwarded(Route route, byte[] body) {
        if (output.reserve(body.length)) {
            connection.onLoop(() -> {
                if (output.isOpen()) {
                    queue.addAnswer(route, JsonText.of(body), false);
                    output.pump();
                } else {
                    connection.release(body.length);
                }
            });
        }
    }

    @Override
    public void added(String id, String destination) {
        connection.used();
        topics.add(destination, id, this);
    }

    @Override
    public void removed(String id, String destination) {
        topics.remove(destination, id, this);
    }

    private void execute(StompSession.Execute request) {
        dispatcher.dispatch(new Inbound(
                connection,
                request.body(),
                request.correlationId(),
                System.nanoTime(),
                (body, alone) -> reply(request.replyTo(), body, alone)));
    }

    private void reply(String replyTo, JsonText body, boolean alone) {
        if (output.reserve(body.length())) {
            connection.onLoop(() -> take(replyTo, body, alone));
        }
    }

    private void take(String replyTo, JsonText body, boolean alone) {
        Optional<Route> route = output.isOpen() ? session.route(replyTo) : Optional.empty();
        if (route.isPresent()) {
            queue.addAnswer(route.get(), body, !alone && session.takesArrays(replyTo));
            output.pump();
            return;
        }
        connection.release(body.length());
        if (output.isOpen()) {
            LOG.info("{}: an answer is dropped, it does not listen to {}", connection, Clip.text(replyTo));
        }
    }

    @Override
    public boolean wants(boolean ownKind) {
        return interest.wants(ownKind);
    }

    @Override
    public void accept(byte[] json, boolean ownKind) {
        if (output.reserve(json.length)) {
            connection.onLoop(() -> take(json, ownKind));
        }
    }

    private void take(byte[] json, boolean ownKind) {
        updateInterest();
        if (!output.isOpen() || !interest.wants(ownKind)) {
            connection.release(json.length); // it unsubscribed while this was under way
        } else if (interest != Interest.UNDECIDED) {
            sendEvent(json);
            output.pump();
        } else if (kept.size() < MAX_KEPT) {
            kept.add(json);
        } else {
            LOG.warn("{}: more than {} notifications before it subscribed, one is left out", connection, MAX_KEPT);
            connection.release(json.length);
        }
    }

    private void sendEvent(byte[] json) {
        Route route = session.eventRoute();
        queue.addNotification(route, JsonText.of(json), session.takesArrays(route.destination()));
    }

    private void updateInterest() {
        Interest now = session.interest(clock.getAsLong());
        if (now != interest && now != Interest.UNDECIDED && now != Interest.NONE && interest == Interest.UNDECIDED) {
            LOG.debug(
                    "{}: gets notifications on {}",
                    connection,
                    session.eventRoute().destination());
        }
        interest = now;
        if (now == Interest.UNDECIDED) {
            return;
        }
        sendKept(now);
        greet();
    }

    private void sendKept(Interest now) {
        if (kept.isEmpty()) {
            return;
        }
        for (byte[] json = kept.poll(); json != null; json = kept.poll()) {
            if (now == Interest.NONE) {
                connection.release(json.length);
            } else {
                sendEvent(json);
            }
        }
        output.pump();
    }

    /** Once, when it is known that this is the engine, that it listens, and how all VMs are. */
    private void greet() {
        if (greeted || interest != Interest.ENGINE || session.heartBeat().isEmpty() || !output.isOpen()) {
            return;
        }
        greeted = hub.mayGreet()
                && connection
                        .readings()
                        .tryRun(
                                () -> { // not here: of a thousand VMs it takes its time
                                    Optional<byte[]> greeting =
                                            hub.greeting().filter(json -> output.reserve(json.length));
                                    connection.onLoop(() -> greet(greeting));
                                });
        if (!greeted && !greetingDue) { // nothing else may come to pass here for hours
            greetingDue = true;
            var unused = later(this::greetAgain, GREET_AGAIN_NANOS);
        }
    }

    private void greetAgain() {
        greetingDue = false;
        greet();
    }

    private void greet(Optional<byte[]> greeting) {
        if (greeting.isPresent() && output.isOpen() && interest == Interest.ENGINE) {
            sendEvent(greeting.get());
            output.pump();
        } else if (greeting.isPresent()) {
            connection.release(greeting.get().length);
            greeted = false; // it may listen again
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE && !session.hasLeft()) {
            session.inputEnded();
            updateInterest();
            leave(lastWord);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        lastReadNanos = clock.getAsLong();
        decision.heard();
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        output.pump();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        hub.remove(this);
        session.ended();
        output.onClosed();
        stopSilenceCheck();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Faults.close(connection, cause);
    }
}
