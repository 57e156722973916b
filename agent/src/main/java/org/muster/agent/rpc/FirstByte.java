package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Tells TLS from plaintext by the first byte of a connection, and makes room for the handlers of that.
 *
 * <p>Confined to the connection's event loop.
 */
final class FirstByte extends ByteToMessageDecoder {

    private static final int TLS_HANDSHAKE = 22; // type of the record that begins every TLS connection

    private final BiConsumer<Channel, Boolean> installer;

    /** @param installer puts handlers at the end of the pipeline (true: for TLS), or closes the connection */
    FirstByte(BiConsumer<Channel, Boolean> installer) {
        this.installer = installer;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        installer.accept(ctx.channel(), in.getByte(in.readerIndex()) == TLS_HANDSHAKE);
        if (ctx.channel().isActive()) {
            ctx.pipeline().remove(this); // hands the bytes it has to the handlers just put behind it
        } else {
            in.skipBytes(in.readableBytes());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Connections.close(ctx.channel()); // gone before it said anything
    }
}
