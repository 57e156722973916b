package org.muster.agent.rpc;

import java.util.Optional;

/**
 * The STOMP dialect of the engine and of peer hosts: what each frame of theirs leads to.
 *
 * <p>Differs from STOMP 1.2 where VDSM's clients do: SUBSCRIBE may come before CONNECT, and CONNECT may get lost
 * altogether; no frame but DISCONNECT gets a RECEIPT. Differs from VDSM in that a frame which ends the connection is
 * answered with an ERROR first.
 *
 * <p>Decides only: no clock, no channel. Confined to the connection's event loop.
 */
final class StompSession {

    /** Of a header that comes back in frames of ours, as it is written there: the engine's client reads all headers from 1024 bytes. */
    private static final int MAX_NAME_BYTES = 255;

    /** What a frame leads to. */
    sealed interface Reaction {}

    /** Nothing to do. */
    record Nothing() implements Reaction {}

    /** A frame of ours, and then perhaps the end. */
    record Answer(StompReply reply, boolean thenClose) implements Reaction {}

    /**
     * The peer goes: what it has asked for is still answered, and nothing more is taken from it.
     *
     * @param reply comes last of all, since a receipt says that all before it is done; empty if none was asked for
     */
    record Goodbye(Optional<StompReply> reply) implements Reaction {}

    /** Goes to the subscribers of its destination; and if it is a request, that too. */
    @SuppressWarnings("ArrayRecordComponent") // a message, handed on and never changed or compared
    record Send(String destination, byte[] body, Optional<Execute> request) implements Reaction {}

    /** A JSON-RPC message; its answer goes to {@code replyTo}. */
    @SuppressWarnings("ArrayRecordComponent") // a message, handed on and never changed or compared
    record Execute(byte[] body, String replyTo, Optional<String> correlationId) {}

    private final Subscriptions subscriptions;
    private final long heartBeatFloorMillis;
    private final long lostSubscriptionNanos;
    private final boolean lostSubscriptionsMadeUp;
    private final boolean messagesPacked;
    private Optional<HeartBeat> heartBeat = Optional.empty(); // empty until CONNECT
    private long connectedAtNanos;
    private boolean left; // it said that it goes

    StompSession(RpcConfig config, Subscriptions.Listener listener) {
        subscriptions = new Subscriptions(config.limits().subscriptions(), listener);
        heartBeatFloorMillis = config.timing().heartBeatFloor().toMillis();
        lostSubscriptionNanos = config.timing().lostSubscription().toNanos();
        lostSubscriptionsMadeUp = config.listen().lostSubscriptionsMadeUp();
        messagesPacked = config.listen().messagesPacked();
    }

    Reaction on(StompFrame frame, long nowNanos) {
        return switch (frame.command()) {
            case "CONNECT" -> connect(frame, nowNanos);
            case "SUBSCRIBE" -> subscribe(frame);
            case "UNSUBSCRIBE" -> unsubscribe(frame);
            case "SEND" -> send(frame);
            case "DISCONNECT" -> disconnect(frame);
            default -> new Answer(new StompReply.Fault("Unknown command: " + Clip.text(frame.command())), true);
        };
    }

    /** Heart-beats as agreed; empty before CONNECT. */
    Optional<HeartBeat> heartBeat() {
        return heartBeat;
    }

    /** Tells whether this may be the engine's client; before CONNECT it may. */
    boolean mayBeEngine() {
        return heartBeat.map(HeartBeat::mayBeEngine).orElse(true);
    }

    /**
     * Tells whether its frames must be paced: unless all it listens to are queues that the engine does not have, as a peer
     * host does, whose client reads as fast as frames come.
     */
    boolean mustBePaced() {
        return mayBeEngine() && (subscriptions.isEmpty() || subscriptions.anyEngineQueue());
    }

    /** Tells whether answers to this destination may be packed into an array. */
    boolean takesArrays(String destination) {
        return messagesPacked && mayBeEngine() && Route.isEngineQueue(destination) && subscriptions.onlyEngineQueues();
    }

    /** The way of an answer; there is one even if the subscription got lost, and none if it was given up or never meant to be. */
    Optional<Route> route(String replyTo) {
        return subscriptions.route(replyTo);
    }

    /** The way of a notification: the response queue if the subscription to events got lost. */
    Route eventRoute() {
        String queue = subscriptions.has(Route.EVENTS) ? Route.EVENTS : Route.RESPONSES;
        return subscriptions.route(queue).orElse(new Route(queue, ""));
    }

    /** Tells whether nothing more is to be taken from it. */
    boolean hasLeft() {
        return left;
    }

    /** The peer has ended its side: as after DISCONNECT, nothing more comes. */
    void inputEnded() {
        left = true;
    }

    Interest interest(long nowNanos) {
        if (left) {
            return Interest.NONE;
        }
        if (subscriptions.has(Route.EVENTS)) {
            return mayBeEngine() && subscriptions.onlyEngineQueues() ? Interest.ENGINE : Interest.ALL;
        }
        // 0,0 too: so the engine connects while it changes a host's networks, when a lost frame is likely
        boolean mayBeLost = lostSubscriptionsMadeUp
                && heartBeat.map(HeartBeat::mayBeEngine).orElse(false)
                && subscriptions.neverEvents()
                && (subscriptions.isEmpty() || subscriptions.exactlyResponses());
        if (!mayBeLost) {
            return Interest.NONE;
        }
        if (nowNanos - connectedAtNanos < lostSubscriptionNanos) {
            return Interest.UNDECIDED;
        }
        return subscriptions.exactlyResponses() ? Interest.ENGINE : Interest.NONE;
    }

    private Reaction connect(StompFrame frame, long nowNanos) {
        if (!frame.header("accept-version").orElse("").equals("1.2")) { // exactly: so VDSM has it
            return error("Version unsupported");
        }
        HeartBeat agreed = HeartBeat.parse(frame.header("heart-beat").orElse(null), heartBeatFloorMillis);
        heartBeat = Optional.of(agreed);
        connectedAtNanos = nowNanos;
        return new Answer(new StompReply.Connected(agreed), false);
    }

    private Reaction subscribe(StompFrame frame) {
        Optional<String> id = frame.header("id");
        Optional<String> destination = frame.header("destination");
        if (id.isEmpty() || destination.isEmpty()) {
            return error("Missing destination or subscription id header");
        }
        Optional<String> tooLong = tooLong(frame, "id", "destination");
        if (tooLong.isPresent()) {
            return error(tooLong.get());
        }
        return switch (subscriptions.add(id.get(), destination.get())) {
            case ADDED -> new Nothing();
            case DUPLICATE -> error("Subscription id already exists");
            case FULL -> error("A connection must have at most " + subscriptions.limit() + " subscriptions");
        };
    }

    private Reaction unsubscribe(StompFrame frame) {
        if (frame.header("id").isEmpty()) {
            return error("Missing id header");
        }
        subscriptions.remove(frame.header("id").get());
        return new Nothing();
    }

    private Reaction disconnect(StompFrame frame) {
        left = true;
        Optional<StompReply> tooLong = tooLong(frame, "receipt").map(StompReply.Fault::new);
        return new Goodbye(tooLong.or(() -> frame.header("receipt").map(StompReply.Receipt::new)));
    }

    private Reaction send(StompFrame frame) {
        Optional<String> tooLong = tooLong(frame, "destination", "reply-to");
        if (tooLong.isPresent()) {
            return error(tooLong.get());
        }
        String destination = frame.header("destination").orElse("");
        if (!Route.takesRequests(destination)) {
            return new Send(destination, frame.body(), Optional.empty());
        }
        String replyTo = frame.header("reply-to").orElse(Route.RESPONSES);
        Execute request = new Execute(
                frame.body(), replyTo, frame.header("ovirtCorrelationId").map(Clip::text));
        return new Send(destination, frame.body(), Optional.of(request));
    }

    /** Nobody subscribed to what was sent to. */
    static StompReply nobodyThere() {
        return new StompReply.Fault("Subscription not available");
    }

    /** The connection has ended. */
    void ended() {
        subscriptions.clear();
    }

    private static Optional<String> tooLong(StompFrame frame, String... headers) {
        for (String header : headers) {
            int bytes = StompText.escapedBytes(frame.header(header).orElse(""));
            if (bytes > MAX_NAME_BYTES) {
                return Optional.of(header + " must be of at most " + MAX_NAME_BYTES + " bytes, escaped, got " + bytes);
            }
        }
        return Optional.empty();
    }

    private static Reaction error(String text) {
        return new Answer(new StompReply.Fault(text), false);
    }
}
