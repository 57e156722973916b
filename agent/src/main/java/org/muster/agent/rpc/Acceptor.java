package org.muster.agent.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Takes new connections in: who they are, whether there is room, and the handlers they get.
 *
 * <p>Pipeline over TCP: (TLS), detector, which gives way to decoder and handler; over the local socket the peer check comes
 * first. Thread-safe; runs on the event loops.
 */
final class Acceptor {

    private final RpcConfig config;
    private final Connections connections;
    private final Dispatcher dispatcher;
    private final NotificationHub hub;
    private final Presence presence;
    private final ByteBudget budget;
    private final Workers workers;
    private final Workers readers;
    private final RpcMetrics metrics;
    private final LongSupplier clock;
    private final LookUps lookUps;
    private final Topics topics = new Topics();

    Acceptor(
            RpcConfig config,
            Connections connections,
            Dispatcher dispatcher,
            NotificationHub hub,
            Presence presence,
            ByteBudget budget,
            Workers workers,
            Workers readers,
            RpcMetrics metrics,
            LongSupplier clock) {
        this.config = config;
        this.connections = connections;
        this.dispatcher = dispatcher;
        this.hub = hub;
        this.presence = presence;
        this.budget = budget;
        this.workers = workers;
        this.lookUps = new LookUps(workers);
        this.readers = readers;
        this.metrics = metrics;
        this.clock = clock;
    }

    /** A connection to a port that serves TLS. */
    void acceptTls(Channel channel, TlsEntrance entrance) {
        entrance.handshakes().begin(channel);
        channel.pipeline().addLast(new FirstByte((known, isTls) -> {
            if (isTls) {
                entrance.install(known, principal -> known.pipeline().addLast(detector(principal, true)));
                return;
            }
            entrance.handshakes().end(known);
            if (config.listen().plaintextBeyondLoopback()) {
                acceptTcp(known);
            } else {
                connections.refuse(known, "it speaks plaintext, and tls.allow-plaintext is false");
            }
        }));
    }

    /** A connection without TLS. */
    void acceptTcp(Channel channel) {
        Optional<Principal> principal = plainPrincipal((InetSocketAddress) channel.remoteAddress());
        if (principal.isEmpty()) {
            connections.refuse(channel, "plain TCP is served on loopback only");
        } else if (connections.tryAdmit(channel)) {
            channel.pipeline().addLast(detector(principal.get(), true));
        }
    }

    void acceptLocal(Channel channel, LocalAccess access) {
        if (connections.tryAdmitLocal(channel)) {
            ChannelPipeline pipeline = channel.pipeline();
            pipeline.addLast(new LocalPeerCheck(
                    access,
                    lookUps,
                    connections,
                    config.timing().detect(),
                    principal -> pipeline.addLast(detector(principal, false))));
        }
    }

    private Optional<Principal> plainPrincipal(InetSocketAddress peer) {
        if (peer == null) {
            return Optional.empty(); // gone again already
        }
        if (peer.getAddress().isLoopbackAddress()) {
            return Optional.of(new Principal(Principal.Kind.LOOPBACK, "loopback", Access.OPERATE));
        }
        if (!config.listen().plaintextBeyondLoopback()) {
            return Optional.empty();
        }
        String name = peer.getAddress().getHostAddress();
        return Optional.of(new Principal(Principal.Kind.PLAIN, name, Access.OPERATE));
    }

    private ProtocolDetector detector(Principal principal, boolean remote) {
        return new ProtocolDetector(
                (ctx, stomp) -> install(ctx, principal, remote, stomp),
                config.timing().detect(),
                connections);
    }

    private void install(ChannelHandlerContext ctx, Principal principal, boolean remote, boolean stomp) {
        Channel channel = ctx.channel();
        EventsSwitch events = stomp ? EventsSwitch.absent() : EventsSwitch.off();
        boolean counts = Presence.counts(principal, remote);
        Optional<Place> place = connections.place(channel);
        Runnable heard = () -> {
            place.ifPresent(own -> own.heard(clock.getAsLong()));
            if (counts) {
                presence.heard();
            }
        };
        Connection connection = new Connection(
                channel,
                principal,
                remote,
                events,
                workers,
                readers,
                connections,
                budget,
                metrics,
                heard,
                config.limits());
        connections.register(connection);
        if (counts) {
            boolean loopback = channel.remoteAddress() instanceof InetSocketAddress peer
                    && peer.getAddress().isLoopbackAddress();
            presence.opened(loopback);
            channel.closeFuture().addListener(closed -> presence.closed(loopback));
        }
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true); // who has said all still gets his answers
        if (stomp) {
            ctx.pipeline()
                    .addLast(decoder(new StompReader(config.limits()), connection))
                    .addLast(new StompHandler(connection, dispatcher, hub, topics, metrics, config, clock));
            return;
        }
        ctx.pipeline()
                .addLast(decoder(new LineReader(config.limits().frameBytes()), connection))
                .addLast(new LineHandler(connection, events, dispatcher, hub, metrics, config, clock));
    }

    private ByteToMessageDecoder decoder(FrameReader reader, Connection connection) {
        return new MessageDecoder(reader, connection, budget, config.timing().frame(), metrics);
    }
}
