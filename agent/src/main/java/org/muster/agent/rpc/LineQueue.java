package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.Queue;

/** JSON texts waiting for one peer, each to be written as a line. Confined to the connection's event loop. */
final class LineQueue implements OutQueue {

    private final Queue<JsonText> waiting = new ArrayDeque<>(); // bounded by the connection's account

    void add(JsonText json) {
        waiting.add(json);
    }

    @Override
    public boolean isEmpty() {
        return waiting.isEmpty();
    }

    @Override
    public Taken take(ByteBufAllocator buffers) {
        JsonText json = waiting.remove();
        ByteBuf line = buffers.ioBuffer(json.length() + 1);
        json.appendTo(line);
        return new Taken(line.writeByte('\n'), json.length());
    }
}
