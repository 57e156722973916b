package org.muster.agent.ops;

import io.netty.channel.Channel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The open connections, at most so many. Thread-safe. */
final class Peers {
    private final int limit;
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();

    Peers(int limit) {
        this.limit = limit;
    }

    /** Only on the one event loop, so that check and act are one step. */
    boolean admit(Channel channel) {
        if (open.size() >= limit) {
            return false;
        }
        open.add(channel);
        channel.closeFuture().addListener(closed -> open.remove(channel));
        return true;
    }

    int size() {
        return open.size();
    }

    void closeAll() {
        open.forEach(Channel::close);
    }
}
