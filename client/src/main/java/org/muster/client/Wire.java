package org.muster.client;

import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

/**
 * Bytes to and from an agent, encrypted or not; never blocks.
 *
 * <p>{@code read} and {@code hasMore}: the reader thread. {@code write}, {@code flush} and {@code holds}: one thread at a time.
 */
interface Wire extends ByteChannel {
    /** The socket, for selectors only. */
    SocketChannel socket();

    /** Hands what is held back to the socket; true when nothing is left. */
    boolean flush() throws IOException;

    /** Whether something was taken by {@code write} and not by the socket. */
    boolean holds();

    /** Whether {@code read} may give something although the socket has nothing. */
    boolean hasMore();
}
