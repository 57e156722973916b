package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;

/** Finds messages in a stream of bytes, however it is cut. Confined to the connection's event loop. */
interface FrameReader {

    /**
     * Takes the next message off the buffer.
     *
     * <p>Shape: the message, or null if more bytes are needed, which may stay in the buffer.
     */
    Object next(ByteBuf in) throws BadInputException;

    /** Tells whether the bytes taken so far, those in the buffer left out, end inside a message. */
    boolean midMessage();
}
