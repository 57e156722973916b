package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/**
 * Between TLS and the socket: sends the record of a line feed in several TCP segments, a little apart.
 *
 * <p>Each segment makes the engine's client look once at what it has read and not decrypted, and only the last one leaves
 * nothing behind; a record sent whole would itself be left behind. Whatever is written meanwhile waits for the last
 * segment. Confined to the connection's event loop.
 */
final class RecordCutter extends ChannelOutboundHandlerAdapter {

    static final long APART_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private record Held(Object message, ChannelPromise promise) {}

    private int pieces; // that the next record is to be cut into; 0: none
    private ByteBuf rest; // of the record being cut; null if none is
    private ChannelPromise promise;
    private int piecesLeft;
    private Future<?> timer;
    private final Queue<Held> behind =
            new ArrayDeque<>(); // bounded: the writer sends nothing while a line feed is on its way

    /** The next record is to be cut. */
    void cutNext(int intoPieces) {
        pieces = intoPieces;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise written) {
        if (rest != null) {
            behind.add(new Held(message, written));
        } else if (pieces > 0 && message instanceof ByteBuf record && record.readableBytes() >= pieces) {
            rest = record;
            promise = written;
            piecesLeft = pieces;
            pieces = 0;
        } else {
            ctx.write(message, written);
        }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        if (rest == null) {
            ctx.flush();
        } else if (timer == null) {
            sendPiece(ctx);
        }
    }

    private void sendPiece(ChannelHandlerContext ctx) {
        timer = null;
        if (rest == null) {
            return;
        }
        piecesLeft--;
        if (piecesLeft > 0) {
            ctx.writeAndFlush(rest.readRetainedSlice(Math.max(1, rest.readableBytes() / (piecesLeft + 1))));
            timer = ctx.executor().schedule(() -> sendPiece(ctx), APART_NANOS, TimeUnit.NANOSECONDS);
            return;
        }
        ByteBuf last = rest;
        rest = null;
        ctx.write(last, promise);
        for (Held next = behind.poll(); next != null; next = behind.poll()) {
            ctx.write(next.message(), next.promise());
        }
        ctx.flush();
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise closed) {
        while (rest != null) {
            sendPiece(ctx); // half a record would look like an attack to the peer
        }
        ctx.close(closed);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        if (rest != null) {
            ReferenceCountUtil.release(rest);
            rest = null;
            promise.tryFailure(new ClosedChannelException());
        }
        for (Held next = behind.poll(); next != null; next = behind.poll()) {
            ReferenceCountUtil.release(next.message());
            next.promise().tryFailure(new ClosedChannelException());
        }
    }
}
