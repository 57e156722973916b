package org.muster.agent.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.channel.Channel;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All connections of the server: at most a fixed number from elsewhere, and as many over the local socket, which nobody
 * from elsewhere can take. {@link Room} says who makes room when there is none. Thread-safe.
 */
final class Connections {

    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final long LOG_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final int limit;
    private final RpcMetrics metrics;
    private final LongSupplier clock;
    private final Room room;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<Channel, Place> remote = new HashMap<>();

    @GuardedBy("lock")
    private final Map<Channel, Place> local = new HashMap<>();

    private final AtomicLong nextLogNanos; // atomic: one log line a second, from whatever loop
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
    private final Set<Connection> known = ConcurrentHashMap.newKeySet();

    Connections(int limit, RpcMetrics metrics, LongSupplier clock) {
        this.limit = limit;
        room = new Room(limit);
        this.metrics = metrics;
        this.clock = clock;
        nextLogNanos = new AtomicLong(clock.getAsLong());
    }

    /** Takes a new connection from elsewhere in, or closes it. */
    boolean tryAdmit(Channel channel) {
        return tryAdmit(channel, true);
    }

    /** The same of one over the local socket. */
    boolean tryAdmitLocal(Channel channel) {
        return tryAdmit(channel, false);
    }

    private boolean tryAdmit(Channel channel, boolean fromElsewhere) {
        Place place = new Place(channel, clock.getAsLong());
        Optional<Channel> makesRoom = Optional.empty();
        boolean admitted = true;
        synchronized (lock) {
            Map<Channel, Place> places = fromElsewhere ? remote : local;
            if (places.size() >= limit) {
                makesRoom = whoMakesRoom(places, place);
                makesRoom.ifPresent(places::remove);
                admitted = makesRoom.isPresent();
            }
            if (admitted) {
                places.put(channel, place);
            }
        }
        if (!admitted) {
            refuse(channel, "there are " + limit + " connections already");
            return false;
        }
        makesRoom.ifPresent(least -> refuse(
                least, "there are " + limit + " connections, and it makes room for one from " + place.address()));
        metrics.connections().inc();
        channels.add(channel);
        channel.closeFuture().addListener(closed -> {
            channels.remove(channel);
            metrics.connections().dec();
            leave(channel);
        });
        return true;
    }

    @GuardedBy("lock")
    private Optional<Channel> whoMakesRoom(Map<Channel, Place> places, Place newcomer) {
        List<Room.Seat<Channel>> seats =
                places.values().stream().map(Place::seat).toList();
        return room.toGive(seats, newcomer.address(), clock.getAsLong());
    }

    private void leave(Channel channel) {
        synchronized (lock) {
            remote.remove(channel);
            local.remove(channel);
        }
    }

    /** The place of a connection that was admitted; empty if it had to make room meanwhile. */
    Optional<Place> place(Channel channel) {
        synchronized (lock) {
            return Optional.ofNullable(remote.getOrDefault(channel, local.get(channel)));
        }
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
        place(connection.channel()).ifPresent(place -> place.serves(connection));
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
