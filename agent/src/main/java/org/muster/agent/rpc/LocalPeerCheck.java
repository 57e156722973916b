package org.muster.agent.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioChannelOption;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the kernel who opened a local connection, and lets it in or closes it; until then nothing is read from it.
 *
 * <p>Names of users may come from a slow directory service, so they are looked up on a worker ({@link LookUps}). Confined to
 * the connection's event loop but for {@link #lookUp}.
 */
final class LocalPeerCheck extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(LocalPeerCheck.class);

    private final LocalAccess access;
    private final LookUps lookUps;
    private final Connections connections;
    private final Duration patience;
    private final Consumer<Principal> admitted;
    private Future<?> timer;

    LocalPeerCheck(
            LocalAccess access,
            LookUps lookUps,
            Connections connections,
            Duration patience,
            Consumer<Principal> admitted) {
        this.access = access;
        this.lookUps = lookUps;
        this.connections = connections;
        this.patience = patience;
        this.admitted = admitted;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        Channel channel = ctx.channel();
        timer = ctx.executor()
                .schedule(
                        () -> connections.refuse(channel, "who it is was not known in time"),
                        patience.toMillis(),
                        TimeUnit.MILLISECONDS);
        if (!lookUps.tryRun(() -> lookUp(ctx))) {
            connections.refuse(channel, "too much waits to be told who opened a local connection");
        }
        ctx.fireChannelActive();
    }

    private void lookUp(ChannelHandlerContext ctx) {
        if (!ctx.channel().isActive()) {
            return; // it has waited for too long
        }
        Optional<Principal> principal = Optional.empty();
        String who = "an unknown user";
        try {
            UnixDomainPrincipal peer =
                    ctx.channel().config().getOption(NioChannelOption.of(ExtendedSocketOptions.SO_PEERCRED));
            if (peer != null) {
                who = peer.user().getName();
                principal = access.principal(who, peer.group().getName());
            }
        } catch (IOException | RuntimeException e) {
            LOG.error("cannot tell who opened a local connection", e);
        }
        Optional<Principal> found = principal;
        String refused = "user " + who + " is neither root, nor the agent's own, nor in its group";
        try {
            ctx.executor().execute(() -> decide(ctx, found, refused));
        } catch (RejectedExecutionException e) {
            LOG.debug("the server stopped before a local connection was let in"); // it is closed with all others
        }
    }

    private void decide(ChannelHandlerContext ctx, Optional<Principal> principal, String refused) {
        if (!ctx.channel().isActive()) {
            return;
        }
        if (principal.isEmpty()) {
            connections.refuse(ctx.channel(), refused);
            return;
        }
        admitted.accept(principal.get());
        ctx.pipeline().remove(this);
        ctx.channel().config().setAutoRead(true);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
