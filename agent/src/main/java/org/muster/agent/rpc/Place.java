package org.muster.agent.rpc;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The place of one connection among all, from its admission on; its protocol may not be known yet. Thread-safe. */
final class Place {

    private final Channel channel;
    private final InetAddress address; // null over the local socket
    private volatile long lastHeardNanos; // volatile: set on the connection's loop, read by whoever needs room
    private volatile Connection connection; // volatile: likewise; null until it is known what it speaks

    Place(Channel channel, long nowNanos) {
        this.channel = channel;
        address = channel.remoteAddress() instanceof InetSocketAddress peer ? peer.getAddress() : null;
        lastHeardNanos = nowNanos;
    }

    InetAddress address() {
        return address;
    }

    void serves(Connection known) {
        connection = known;
    }

    /** Bytes came. */
    void heard(long nowNanos) {
        lastHeardNanos = nowNanos;
    }

    Room.Seat<Channel> seat() {
        Connection known = connection;
        return known == null
                ? new Room.Seat<>(channel, address, lastHeardNanos, false, false, false)
                : new Room.Seat<>(
                        channel, address, lastHeardNanos, known.isUsed(), known.isOwedAnything(), known.isDraining());
    }
}
