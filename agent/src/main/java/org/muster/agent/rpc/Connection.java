package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One peer whose protocol is known: who it is, and what it makes us hold.
 *
 * <p>Thread-safe, but for {@link #adjustReading}, {@link #drainInput}, {@link #giveWay} and {@link #isPaused}: those are confined to its
 * event loop.
 */
final class Connection implements Inbound.Peer {

    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** Sent through the pipeline when messages may be taken off the buffer again. */
    static final Object RESUME = new Object();

    private final Channel channel;
    private final Principal principal;
    private final boolean remote;
    private final EventsSwitch events;
    private final Account account;
    private final PendingRequests pending;
    private final Sequence sequence;
    private final Sequence readings;
    private final Connections connections;
    private final RpcMetrics metrics;
    private final Runnable heard; // tells whom it concerns that the peer is there
    private final long highWaterBytes;
    private final AtomicBoolean closedAsSlow = new AtomicBoolean(); // atomic: logged and counted once
    private boolean paused;
    private volatile boolean draining; // volatile: set on the loop, read wherever something is answered
    private volatile boolean used; // volatile: set on the loop, read by whoever needs room
    private boolean yielding;

    Connection(
            Channel channel,
            Principal principal,
            boolean remote,
            EventsSwitch events,
            Workers workers,
            Workers readers,
            Connections connections,
            ByteBudget budget,
            RpcMetrics metrics,
            Runnable heard,
            RpcConfig.Limits limits) {
        this.channel = channel;
        this.principal = principal;
        this.remote = remote;
        this.events = events;
        this.connections = connections;
        this.metrics = metrics;
        this.heard = heard;
        account = new Account(budget, limits.outputBytes());
        pending = new PendingRequests(limits.pendingRequests());
        highWaterBytes = limits.outputHighWaterBytes();
        sequence = new Sequence(workers, () -> true);
        readings = new Sequence(readers, this::takesMore);
    }

    @Override
    public Principal principal() {
        return principal;
    }

    @Override
    public boolean remote() {
        return remote;
    }

    @Override
    public String address() {
        return remote && channel.remoteAddress() instanceof InetSocketAddress peer
                ? peer.getAddress().getHostAddress() + ":" + peer.getPort()
                : "local";
    }

    @Override
    public Optional<InetAddress> localAddress() {
        return remote && channel.localAddress() instanceof InetSocketAddress local
                ? Optional.ofNullable(local.getAddress())
                : Optional.empty();
    }

    @Override
    public PendingRequests pending() {
        return pending;
    }

    @Override
    public Sequence sequence() {
        return sequence;
    }

    @Override
    public Sequence readings() {
        return readings;
    }

    /** Whoever asks for much and reads nothing must not have it all made, to be closed for it. */
    private boolean takesMore() {
        return draining || account.held() <= highWaterBytes; // once closed it holds nothing, and all is thrown away
    }

    @Override
    public ScheduledExecutorService timers() {
        return channel.eventLoop();
    }

    @Override
    public Optional<JsonNode> builtIn(String method) {
        return events.serve(method);
    }

    Channel channel() {
        return channel;
    }

    long heldBytes() {
        return account.held();
    }

    /** Sets output bytes aside; false if the connection is closed or, being too slow, is being closed now. */
    boolean reserve(long bytes) {
        return switch (account.take(bytes)) {
            case TAKEN -> true;
            case TAKEN_OVER_TOTAL -> {
                connections.closeLargest(account::overTotal);
                yield true;
            }
            case OVER_LIMIT -> {
                closeSlow("would have to take " + bytes + " more");
                yield false;
            }
            case CLOSED -> false;
        };
    }

    /** Bytes came from the peer. */
    void heard() {
        heard.run();
    }

    /** The peer asked for something, or listens to something: it is no idle connection. */
    void used() {
        used = true;
    }

    boolean isUsed() {
        return used;
    }

    /** Tells whether something is still to be answered to it, or to be read by it. */
    boolean isOwedAnything() {
        return pending.count() > 0 || account.held() > 0;
    }

    /** Tells whether it was told that no more comes. */
    boolean isDraining() {
        return draining;
    }

    /** Gives back what was reserved. */
    void release(long bytes) {
        account.giveBack(bytes);
        if (channel.eventLoop().inEventLoop()) {
            adjustReading();
        }
    }

    /** What was reserved is being written. */
    void begun(long bytes) {
        account.begun(bytes);
    }

    /** Gives back what was reserved, begun and is written now. */
    void written(long bytes) {
        account.written(bytes);
        adjustReading();
    }

    /** Runs a task on the event loop, at once if this is it; false if the server is stopping. */
    boolean onLoop(Runnable task) {
        if (channel.eventLoop().inEventLoop()) {
            task.run();
            return true;
        }
        try {
            channel.eventLoop().execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: the event loop has stopped", this);
            return false; // nobody is left to be told
        }
    }

    /** Stops reading while too much output waits, and starts again when half of that is gone; answering goes on as soon as it may. */
    void adjustReading() {
        readings.resume();
        long held = account.held();
        if (draining || (paused ? held > highWaterBytes / 2 : held <= highWaterBytes)) {
            return;
        }
        paused = !paused;
        applyReading();
        if (!paused) {
            // Later, not here: this may be the decoder's own call stack.
            channel.eventLoop().execute(() -> channel.pipeline().fireUserEventTriggered(RESUME));
        }
    }

    /** Reads on from now on whatever the output, to throw it away. */
    void drainInput() {
        draining = true;
        readings.resume();
        paused = false;
        applyReading();
    }

    /** Reads nothing for the rest of this turn of the loop, so that others get theirs. */
    void giveWay(boolean on) {
        yielding = on;
        applyReading();
    }

    private void applyReading() {
        channel.config().setAutoRead(draining || !(paused || yielding));
    }

    boolean isTls() {
        return channel.pipeline().get(SslHandler.class) != null;
    }

    /** Over TLS: has what is written next go out in pieces. */
    void cutNextRecord(int pieces) {
        channel.pipeline().get(RecordCutter.class).cutNext(pieces);
    }

    /** Tells the peer that no more comes. */
    void endOutput() {
        SslHandler ssl = channel.pipeline().get(SslHandler.class);
        if (ssl == null) {
            shutOutput();
        } else {
            ssl.closeOutbound().addListener(told -> shutOutput());
        }
    }

    private void shutOutput() {
        DuplexChannel duplex = (DuplexChannel) channel;
        if (duplex.isInputShutdown()) {
            closeNow(); // there is nothing of the peer's left to read
        } else {
            var unused = duplex.shutdownOutput();
        }
    }

    boolean isPaused() {
        return paused;
    }

    void closeSlow(String why) {
        if (closedAsSlow.compareAndSet(false, true)) {
            metrics.slowReaders().inc();
            LOG.warn("{}: closed, it does not read: {}, {} bytes waiting", this, why, account.held());
            closeNow();
        }
    }

    void closeNow() {
        Connections.close(channel);
    }

    void onClosed() {
        account.close();
        readings.resume();
    }

    /** Shape: for logs: {@code loopback /127.0.0.1:40112}. */
    @Override
    public String toString() {
        return principal.name() + " " + (remote ? channel.remoteAddress() : channel.id());
    }
}
