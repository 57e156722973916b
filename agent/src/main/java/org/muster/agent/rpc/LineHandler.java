package org.muster.agent.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection that speaks JSON-RPC, one text a line.
 *
 * <p>{@link VerbTable#SUBSCRIBE} turns notifications on for it. A peer that ends its side first still gets the answers to
 * what it asked. {@link #wants} and {@link #accept} are thread-safe; all else is confined to the connection's event loop.
 */
final class LineHandler extends ChannelInboundHandlerAdapter implements EventSink {

    private static final Logger LOG = LoggerFactory.getLogger(LineHandler.class);

    private final Connection connection;
    private final EventsSwitch events;
    private final LineQueue queue = new LineQueue();
    private final Output output;
    private final Dispatcher dispatcher;
    private final NotificationHub hub;

    LineHandler(
            Connection connection,
            EventsSwitch events,
            Dispatcher dispatcher,
            NotificationHub hub,
            RpcMetrics metrics,
            RpcConfig config,
            LongSupplier clock) {
        this.connection = connection;
        this.events = events;
        this.dispatcher = dispatcher;
        this.hub = hub;
        WriterDecision decision = new WriterDecision(false, connection.isTls(), clock.getAsLong());
        output = new Output(connection, queue, decision, clock, config.timing().stalledOutput(), metrics);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        hub.add(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!output.isOpen()) {
            return; // it was told goodbye
        }
        if (message instanceof BadInputException bad) {
            String why = bad.getMessage();
            LOG.warn("{}: closed: {}", connection, why);
            deliver(dispatcher.error(new RpcException(RpcException.INVALID_REQUEST, why)));
            output.endAfterQueued();
            return;
        }
        connection.used();
        dispatcher.dispatch(new Inbound(
                connection, (byte[]) message, Optional.empty(), System.nanoTime(), (body, alone) -> deliver(body)));
    }

    private void deliver(JsonText json) {
        if (output.reserve(json.length())) {
            connection.onLoop(() -> {
                if (output.isOpen()) {
                    queue.add(json);
                    output.pump();
                } else {
                    connection.release(json.length());
                }
            });
        }
    }

    @Override
    public boolean wants(boolean ownKind) {
        return events.isOn();
    }

    @Override
    public void accept(byte[] json, boolean ownKind) {
        deliver(JsonText.of(json));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            output.endWhenAnswered(() -> {});
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        output.pump();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        hub.remove(this);
        output.onClosed();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Faults.close(connection, cause);
    }
}
