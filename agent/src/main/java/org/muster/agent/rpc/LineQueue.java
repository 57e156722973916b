package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.Queue;

/** JSON texts waiting for one peer, each to be written as a line. Confined to the connection's event loop. */
final class LineQueue implements OutQueue {

    private static final byte[] LINE_FEED = {'\n'};

    private final Queue<byte[]> waiting = new ArrayDeque<>(); // bounded by the connection's account

    void add(byte[] json) {
        waiting.add(json);
    }

    @Override
    public boolean isEmpty() {
        return waiting.isEmpty();
    }

    @Override
    public Taken take() {
        byte[] json = waiting.remove();
        ByteBuf line = Unpooled.wrappedBuffer(json, LINE_FEED);
        return new Taken(line, json.length);
    }
}
