package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Bytes of one connection to messages, within bounds of size, time and the budget of all.
 *
 * <p>Passes on what its reader finds or, once, a {@link BadInputException}; after that everything is thrown away. While
 * the connection is paused, messages stay in the buffer, which then does not grow either. Confined to the event loop.
 */
final class MessageDecoder extends ByteToMessageDecoder {

    // A peer that sends request after request holds its event loop for so long at most; then others get their turn.
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final int FREE_BYTES = 64 << 10; // a connection's usual buffer is not charged to it

    private final FrameReader reader;
    private final Connection connection;
    private final ByteBudget budget;
    private final Duration patience;
    private final RpcMetrics metrics;
    private boolean broken;
    private boolean givingWay;
    private long turnEndNanos;
    private long messages;
    private int accounted;
    private Future<?> timer;

    MessageDecoder(
            FrameReader reader, Connection connection, ByteBudget budget, Duration patience, RpcMetrics metrics) {
        this.reader = reader;
        this.connection = connection;
        this.budget = budget;
        this.patience = patience;
        this.metrics = metrics;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof ByteBuf bytes) {
            metrics.bytesIn().inc(bytes.readableBytes());
            connection.heard();
        }
        turnEndNanos = System.nanoTime() + TURN_NANOS;
        super.channelRead(ctx, message);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (broken) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (connection.isPaused() || givesWay(ctx)) {
            return;
        }
        try {
            Object message = reader.next(in);
            if (message != null) {
                messages++;
                out.add(message);
            }
        } catch (BadInputException e) {
            broken = true;
            in.skipBytes(in.readableBytes());
            out.add(e);
        }
    }

    @Override
    protected void decodeLast(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (broken || !ctx.channel().isActive()) {
            in.skipBytes(in.readableBytes());
            return;
        }
        try {
            for (Object message = reader.next(in); message != null; message = reader.next(in)) {
                out.add(message);
            }
            Object message = reader.last(in);
            if (message != null) {
                out.add(message);
            }
        } catch (BadInputException e) {
            in.skipBytes(in.readableBytes());
            out.add(e);
        }
        broken = true; // nothing can come any more
        budget.giveBack(accounted);
        accounted = 0;
    }

    private boolean givesWay(ChannelHandlerContext ctx) {
        if (!givingWay && System.nanoTime() - turnEndNanos > 0) {
            givingWay = true;
            connection.giveWay(true);
            // As a timer: what is only queued would run before the loop looks at its sockets again.
            var unused = ctx.executor().schedule(() -> goOn(ctx), 1, TimeUnit.NANOSECONDS);
        }
        return givingWay;
    }

    private void goOn(ChannelHandlerContext ctx) {
        givingWay = false;
        connection.giveWay(false);
        if (ctx.channel().isActive()) {
            ctx.pipeline().fireUserEventTriggered(Connection.RESUME);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Not the superclass's: that reads on when no message came, also where reading was stopped, and thereby the
        // peer's end too,
        // at which it throws away what was held back.
        discardSomeReadBytes();
        ctx.fireChannelReadComplete();
        account(ctx);
        watch(ctx);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event == Connection.RESUME) {
            turnEndNanos = System.nanoTime() + TURN_NANOS;
            super.channelRead(ctx, Unpooled.EMPTY_BUFFER);
            channelReadComplete(ctx);
        } else {
            super.userEventTriggered(ctx, event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        budget.giveBack(accounted);
        accounted = 0;
        broken = true;
        if (timer != null) {
            timer.cancel(false);
        }
        super.channelInactive(ctx);
    }

    private void account(ChannelHandlerContext ctx) {
        int readable = actualReadableBytes();
        int now = broken || readable <= FREE_BYTES ? 0 : readable;
        budget.giveBack(accounted);
        accounted = 0;
        if (now > 0 && !budget.tryTake(now)) {
            fail(ctx, "Message refused: all connections together hold more than " + budget.limit() + " bytes");
            return;
        }
        accounted = now;
    }

    private void watch(ChannelHandlerContext ctx) {
        if (timer == null && isMidMessage()) {
            long seen = messages;
            timer = ctx.executor().schedule(() -> check(ctx, seen), patience.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void check(ChannelHandlerContext ctx, long messagesBefore) {
        timer = null;
        if (isMidMessage() && messages == messagesBefore) {
            fail(ctx, "Message not complete after " + patience.toSeconds() + " s");
        } else {
            watch(ctx);
        }
    }

    private boolean isMidMessage() {
        return !broken && !givingWay && !connection.isPaused() && (reader.midMessage() || actualReadableBytes() > 0);
    }

    private void fail(ChannelHandlerContext ctx, String why) {
        broken = true;
        ctx.fireChannelRead(new BadInputException(why));
    }
}
