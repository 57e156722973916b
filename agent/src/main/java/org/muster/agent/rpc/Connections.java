package org.muster.agent.rpc;

import io.netty.channel.Channel;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All connections of the server, at most a fixed number. Thread-safe. */
final class Connections {

    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final long LOG_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final int limit;
    private final RpcMetrics metrics;
    private final LongSupplier clock;
    private final AtomicInteger admitted = new AtomicInteger(); // atomic: one more, if there is room, in one step
    private final AtomicLong nextLogNanos; // atomic: one log line a second, from whatever loop
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
    private final Set<Connection> known = ConcurrentHashMap.newKeySet();

    Connections(int limit, RpcMetrics metrics, LongSupplier clock) {
        this.limit = limit;
        this.metrics = metrics;
        this.clock = clock;
        nextLogNanos = new AtomicLong(clock.getAsLong());
    }

    /** Takes a new connection in, or closes it. */
    boolean tryAdmit(Channel channel) {
        if (admitted.getAndUpdate(n -> n < limit ? n + 1 : n) >= limit) {
            refuse(channel, "there are " + limit + " connections already");
            return false;
        }
        metrics.connections().inc();
        channels.add(channel);
        channel.closeFuture().addListener(closed -> {
            channels.remove(channel);
            metrics.connections().dec();
            admitted.decrementAndGet();
        });
        return true;
    }

    /** Closes a connection that has no right to be here; told at most once a second, so that a flood stays cheap. */
    void refuse(Channel channel, String why) {
        metrics.refused().inc();
        long now = clock.getAsLong();
        long next = nextLogNanos.get();
        if (now - next >= 0 && nextLogNanos.compareAndSet(next, now + LOG_EVERY_NANOS)) {
            LOG.warn(
                    "connection from {} refused: {} ({} refused so far)",
                    channel.remoteAddress(),
                    why,
                    metrics.refused().getCount());
        }
        close(channel);
    }

    void register(Connection connection) {
        known.add(connection);
        connection.channel().closeFuture().addListener(closed -> {
            known.remove(connection);
            connection.onClosed();
        });
    }

    /** Closes the one that makes us hold most, because all together hold too much. */
    synchronized void closeLargest(BooleanSupplier stillTooMuch) {
        if (!stillTooMuch.getAsBoolean()) {
            return; // somebody else has closed it: the largest of the rest is not to blame
        }
        known.stream()
                .max(Comparator.comparingLong(Connection::heldBytes))
                .ifPresent(largest -> largest.closeSlow("all connections together hold too much, this one most"));
    }

    void forEach(Consumer<Channel> action) {
        channels.forEach(action);
    }

    void closeAll() {
        channels.forEach(Connections::close);
    }

    /** Closes a channel; its outcome is seen by whoever listens for the end of it. */
    static void close(Channel channel) {
        channel.close().addListener(closed -> LOG.trace("{} closed", channel));
    }
}
