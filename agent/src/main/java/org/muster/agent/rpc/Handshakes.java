package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Connections whose TLS handshake is not done, at most a fixed number, each for a limited time.
 *
 * <p>They have a bound of their own, apart from that of the connections, and the one that has been silent for longest makes
 * room for a new one: who connects and stalls cannot shut anybody out. Thread-safe.
 */
final class Handshakes {

    private final int limit;
    private final Duration patience;
    private final Connections connections;
    private final RpcMetrics metrics;
    private final Object lock = new Object();

    // access order: the eldest has been silent for longest
    @GuardedBy("lock")
    private final Map<Channel, Future<?>> unfinished = new LinkedHashMap<>(16, 0.75f, true);

    Handshakes(int limit, Duration patience, Connections connections, RpcMetrics metrics) {
        this.limit = limit;
        this.patience = patience;
        this.connections = connections;
        this.metrics = metrics;
    }

    /** To be called on the channel's event loop. */
    void begin(Channel channel) {
        Future<?> timer = channel.eventLoop()
                .schedule(
                        () -> connections.refuse(
                                channel, "its TLS handshake was not done in " + patience.toSeconds() + " s"),
                        patience.toMillis(),
                        TimeUnit.MILLISECONDS);
        Channel eldest = null;
        synchronized (lock) {
            unfinished.put(channel, timer);
            if (unfinished.size() > limit) {
                Iterator<Channel> oldestFirst = unfinished.keySet().iterator();
                eldest = oldestFirst.next();
            }
        }
        channel.closeFuture().addListener(closed -> end(channel));
        if (eldest != null) {
            end(eldest);
            metrics.handshakesDropped().inc();
            connections.refuse(
                    eldest, "more than " + limit + " TLS handshakes are not done, this one is the most silent");
        }
    }

    /** The peer said something. */
    void progress(Channel channel) {
        synchronized (lock) {
            var unused = unfinished.get(channel); // makes it the youngest
        }
    }

    /** Done, or closed. */
    void end(Channel channel) {
        Future<?> timer;
        synchronized (lock) {
            timer = unfinished.remove(channel);
        }
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
