package org.muster.agent.ops;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells TLS from plaintext by the first byte, and who the peer is, before anything of HTTP is read.
 *
 * <p>Confined to the connection's event loop.
 */
final class Entrance extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(Entrance.class);
    private static final int TLS_HANDSHAKE = 22; // type of the record that begins every TLS connection
    private static final int CLOSE_NOTIFY_MILLIS = 500;

    private final TlsPeers tls;
    private final Executor worker;
    private final BiConsumer<Channel, Request.Peer> admitted;

    /** @param admitted puts handlers for HTTP at the end of the pipeline */
    Entrance(TlsPeers tls, Executor worker, BiConsumer<Channel, Request.Peer> admitted) {
        this.tls = tls;
        this.worker = worker;
        this.admitted = admitted;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (in.getByte(in.readerIndex()) != TLS_HANDSHAKE) {
            admitted.accept(ctx.channel(), plaintextPeer(ctx.channel()));
            ctx.pipeline().remove(this); // hands its bytes to the handlers just put behind it
            return;
        }
        Optional<SSLEngine> engine = tls.engine();
        if (engine.isEmpty()) {
            LOG.debug(
                    "{} asks for TLS, and there are no certificates",
                    ctx.channel().remoteAddress());
            in.skipBytes(in.readableBytes());
            ctx.close();
            return;
        }
        SslHandler ssl = new SslHandler(engine.get(), false, worker);
        ssl.setHandshakeTimeoutMillis(0); // the deadline of the request counts from the accept on
        ssl.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MILLIS);
        ctx.pipeline().addLast(ssl).addLast(new Welcome());
        ctx.pipeline().remove(this);
    }

    private static Request.Peer plaintextPeer(Channel channel) {
        boolean here = channel.remoteAddress() instanceof InetSocketAddress address
                && address.getAddress().isLoopbackAddress();
        return here ? Request.Peer.LOOPBACK : Request.Peer.REMOTE;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close(); // gone before it said anything
    }

    /** Waits for the end of the handshake. */
    private final class Welcome extends ChannelInboundHandlerAdapter {
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent done)) {
                ctx.fireUserEventTriggered(event);
                return;
            }
            Optional<String> objection = done.isSuccess()
                    ? judge(ctx)
                    : Optional.of(String.valueOf(done.cause().getMessage()));
            if (objection.isPresent()) {
                LOG.info(
                        "refused on the metrics listener: {}: {}", ctx.channel().remoteAddress(), objection.get());
                ctx.close();
                return;
            }
            admitted.accept(ctx.channel(), Request.Peer.CERTIFICATE);
            ctx.pipeline().remove(this);
        }

        private Optional<String> judge(ChannelHandlerContext ctx) {
            try {
                Object[] chain = ctx.pipeline()
                        .get(SslHandler.class)
                        .engine()
                        .getSession()
                        .getPeerCertificates();
                return tls.objection(Arrays.copyOf(chain, chain.length, X509Certificate[].class));
            } catch (SSLPeerUnverifiedException e) {
                return Optional.of("it has no certificate"); // cannot be: it was mandatory
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // the handshake's end said why, or the peer went away
        }
    }
}
