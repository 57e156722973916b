package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** What waits to be written to one peer. Confined to the connection's event loop. */
interface OutQueue {

    boolean isEmpty();

    /** Takes what goes out next as one frame; never called when empty. */
    Taken take(ByteBufAllocator buffers);

    /**
     * A frame.
     *
     * @param accounted bytes that were taken from the connection's account for it
     */
    record Taken(ByteBuf frame, long accounted) {}
}
