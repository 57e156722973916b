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

    /**
     * Takes what is left when the peer has ended its side.
     *
     * <p>Shape: the last message, where its end need not be marked, or null if nothing is left. Errors: {@link BadInputException}
     * that is {@link BadInputException#atEnd} for half a message.
     */
    Object last(ByteBuf in) throws BadInputException;

    /** Tells whether the bytes taken so far, those in the buffer left out, end inside a message. */
    boolean midMessage();
}
