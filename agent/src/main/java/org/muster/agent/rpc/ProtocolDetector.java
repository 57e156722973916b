package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells by its first bytes what a connection speaks, and makes room for the handlers of that.
 *
 * <p>What is neither STOMP nor JSON is closed without a word, as VDSM does; so is who does not say enough in time. Confined
 * to the connection's event loop.
 */
final class ProtocolDetector extends ByteToMessageDecoder {

    private static final Logger LOG = LoggerFactory.getLogger(ProtocolDetector.class);
    private static final List<byte[]> STOMP = Stream.of(
                    "MESSAGE", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "CONNECT", "ERROR", "RECEIPT", "DISCONNECT")
            .map(command -> command.getBytes(StandardCharsets.US_ASCII))
            .collect(Collectors.toUnmodifiableList());

    private static final int TLS_HANDSHAKE = 22; // type of the record that begins every TLS connection

    /** What the first bytes say. */
    enum Verdict {
        STOMP,
        JSON,
        /** More bytes are needed. */
        OPEN,
        UNKNOWN
    }

    /** Puts the handlers of a protocol at the end of the pipeline. */
    @FunctionalInterface
    interface Installer {
        void install(ChannelHandlerContext ctx, boolean stomp);
    }

    private final Installer installer;
    private final Duration patience;
    private final Connections connections;
    private Future<?> timer;

    ProtocolDetector(Installer installer, Duration patience, Connections connections) {
        this.installer = installer;
        this.patience = patience;
        this.connections = connections;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timer = ctx.executor()
                .schedule(() -> giveUp(ctx, "it said too little in time"), patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        timer.cancel(false);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        timer.cancel(false);
        super.channelInactive(ctx);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        switch (verdict(in)) {
            case STOMP -> become(ctx, true);
            case JSON -> become(ctx, false);
            case UNKNOWN -> {
                int first = in.getByte(in.readerIndex());
                in.skipBytes(in.readableBytes());
                giveUp(
                        ctx,
                        first == TLS_HANDSHAKE
                                ? "it speaks TLS, and there is none here"
                                : "it speaks neither STOMP nor JSON");
            }
            case OPEN -> {} // the rest of the command is under way
        }
    }

    static Verdict verdict(ByteBuf in) {
        if (!in.isReadable()) {
            return Verdict.OPEN;
        }
        byte first = in.getByte(in.readerIndex());
        if (first == '{' || first == '[') {
            return Verdict.JSON;
        }
        for (byte[] command : STOMP) {
            int same = 0;
            int most = Math.min(command.length, in.readableBytes());
            while (same < most && in.getByte(in.readerIndex() + same) == command[same]) {
                same++;
            }
            if (same == command.length) {
                return Verdict.STOMP;
            }
            if (same == in.readableBytes()) {
                return Verdict.OPEN;
            }
        }
        return Verdict.UNKNOWN;
    }

    private void become(ChannelHandlerContext ctx, boolean stomp) {
        installer.install(ctx, stomp);
        ctx.pipeline().remove(this); // hands the bytes it has to the handlers just put behind it
    }

    private void giveUp(ChannelHandlerContext ctx, String why) {
        connections.refuse(ctx.channel(), why);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: closed before it said what it speaks: {}", ctx.channel().remoteAddress(), cause.toString());
        Connections.close(ctx.channel());
    }
}
