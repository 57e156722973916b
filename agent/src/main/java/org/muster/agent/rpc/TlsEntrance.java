package org.muster.agent.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.nio.channels.ClosedChannelException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.muster.agent.tls.TlsKeeper;
import org.muster.agent.tls.TlsMaterial;

/**
 * The way in over TLS: handshake, the peer's certificate, its role, and only then a place among the connections.
 *
 * <p>Thread-safe; the handlers it puts into a pipeline are confined to the event loop, and what costs time in a handshake
 * runs on threads of its own.
 */
final class TlsEntrance {

    private static final int CLOSE_NOTIFY_MILLIS = 500; // a courtesy, and no reason to keep a dead peer

    private final TlsKeeper keeper;
    private final CertificateRoles roles;
    private final Handshakes handshakes;
    private final TlsThreads threads;
    private final Connections connections;
    private final RpcMetrics metrics;

    TlsEntrance(
            TlsKeeper keeper,
            CertificateRoles roles,
            Handshakes handshakes,
            TlsThreads threads,
            Connections connections,
            RpcMetrics metrics) {
        this.keeper = keeper;
        this.roles = roles;
        this.handshakes = handshakes;
        this.threads = threads;
        this.connections = connections;
        this.metrics = metrics;
    }

    Handshakes handshakes() {
        return handshakes;
    }

    /** Puts TLS into the pipeline. The consumer is told once, on the event loop, when the peer is known and admitted. */
    void install(Channel channel, Consumer<Principal> admitted) {
        Optional<TlsMaterial> material = keeper.current();
        if (material.isEmpty()) {
            connections.refuse(channel, "there are no certificates");
            return;
        }
        SSLEngine engine = material.get().serverEngine();
        SslHandler ssl = new SslHandler(engine, false, threads.executor());
        ssl.setHandshakeTimeoutMillis(0); // the limit counts from the accept on, and is kept elsewhere
        ssl.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MILLIS);
        // As it comes: never two frames in one record, and long ones in full records.
        ssl.setWrapDataSize(0);
        ChannelPipeline pipeline = channel.pipeline();
        Ear ear = new Ear();
        pipeline.addLast(ear);
        pipeline.addLast(new RecordCutter());
        pipeline.addLast(ssl);
        pipeline.addLast(new Welcome(material.get(), ear, admitted));
    }

    /** Closes a connection whose certificate is not good under what is in force now; not for event loops. */
    void judgeAgain(Channel channel) {
        SslHandler ssl = channel.pipeline().get(SslHandler.class);
        Optional<TlsMaterial> now = keeper.current();
        if (ssl == null || now.isEmpty()) {
            return;
        }
        try {
            now.get()
                    .objection(chain(ssl.engine().getSession()))
                    .ifPresent(why -> connections.refuse(channel, "its certificate is good no more: " + why));
        } catch (SSLPeerUnverifiedException e) {
            connections.refuse(channel, "it has no certificate"); // cannot be: it was mandatory
        }
    }

    private static X509Certificate[] chain(SSLSession session) throws SSLPeerUnverifiedException {
        Certificate[] chain = session.getPeerCertificates();
        return Arrays.copyOf(chain, chain.length, X509Certificate[].class);
    }

    /** Notes that the peer says something. */
    private final class Ear extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            handshakes.progress(ctx.channel());
            ctx.fireChannelRead(bytes);
        }
    }

    /** Waits for the end of the handshake. */
    private final class Welcome extends ChannelInboundHandlerAdapter {
        private final TlsMaterial material;
        private final Ear ear;
        private final Consumer<Principal> admitted;
        private final long sinceNanos = System.nanoTime();
        private boolean told;

        Welcome(TlsMaterial material, Ear ear, Consumer<Principal> admitted) {
            this.material = material;
            this.ear = ear;
            this.admitted = admitted;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent done)) {
                ctx.fireUserEventTriggered(event);
                return;
            }
            handshakes.end(ctx.channel());
            if (done.isSuccess()) {
                metrics.handshakes().update(System.nanoTime() - sinceNanos, TimeUnit.NANOSECONDS);
                enter(ctx);
            } else {
                failed(ctx, done.cause());
            }
        }

        private void enter(ChannelHandlerContext ctx) {
            Channel channel = ctx.channel();
            try {
                X509Certificate[] chain =
                        chain(ctx.pipeline().get(SslHandler.class).engine().getSession());
                chain[0].checkValidity(); // a session that was taken up again was checked when it was new
                Optional<String> objection = keeper.current()
                        .filter(now -> now != material) // the files changed during the handshake
                        .flatMap(now -> now.objection(chain));
                if (objection.isPresent()) {
                    connections.refuse(channel, objection.get());
                    return;
                }
                Optional<Principal> principal = roles.principal(chain[0].getSubjectX500Principal());
                if (principal.isEmpty()) {
                    connections.refuse(
                            channel, "tls.roles does not list its subject " + chain[0].getSubjectX500Principal());
                } else if (connections.tryAdmit(channel)) {
                    admitted.accept(principal.get());
                    ctx.pipeline().remove(ear);
                    ctx.pipeline().remove(this);
                }
            } catch (SSLException | CertificateException e) {
                connections.refuse(channel, "it has no valid certificate: " + e.getMessage());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failed(ctx, cause);
        }

        private void failed(ChannelHandlerContext ctx, Throwable cause) {
            if (!told
                    && !(cause
                            instanceof ClosedChannelException)) { // that one: it went away, or we closed it and said so
                told = true;
                metrics.handshakesFailed().inc();
                connections.refuse(ctx.channel(), "TLS handshake failed: " + reason(cause));
            }
        }

        private static String reason(Throwable thrown) {
            Throwable cause = thrown;
            while (cause.getCause() != null) {
                cause = cause.getCause(); // the innermost says which certificate, and why
            }
            return Clip.text(String.valueOf(cause.getMessage()));
        }
    }
}
