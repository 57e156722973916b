package org.muster.client;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;

/**
 * A socket with TLS on it.
 *
 * <p>Reading and writing may go on at the same time on two threads, as the JDK's engine allows; see {@link Wire} for which.
 */
final class TlsWire implements Wire {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel socket;
    private final SSLEngine engine;
    private final ByteBuffer received; // encrypted, ready to be read
    private final ByteBuffer sending; // encrypted, ready to be read
    private volatile boolean holds; // volatile: set by writers, asked by the reader thread
    private boolean hasMore;

    private TlsWire(SocketChannel socket, SSLEngine engine) {
        this.socket = socket;
        this.engine = engine;
        int packet = engine.getSession().getPacketBufferSize();
        received = ByteBuffer.allocate(2 * packet).flip();
        sending = ByteBuffer.allocate(2 * packet).flip();
    }

    /** Shakes hands. Blocks until the deadline at most; errors: IOException that says what went wrong. */
    static TlsWire open(SocketChannel socket, SSLEngine engine, long deadlineNanos) throws IOException {
        TlsWire wire = new TlsWire(socket, engine);
        engine.beginHandshake();
        try (Selector selector = Selector.open()) {
            SelectionKey key = socket.register(selector, SelectionKey.OP_READ);
            wire.shakeHands(selector, key, deadlineNanos);
            key.cancel();
            selector.selectNow(); // or the cancelled key would keep the channel registered
        }
        return wire;
    }

    private void shakeHands(Selector selector, SelectionKey key, long deadlineNanos) throws IOException {
        ByteBuffer none = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NOT_HANDSHAKING, FINISHED -> {
                    if (flush()) {
                        return;
                    }
                    await(selector, key, SelectionKey.OP_WRITE, deadlineNanos);
                }
                case NEED_TASK -> runTasks();
                case NEED_WRAP -> {
                    if (flush()) {
                        wrap(NOTHING);
                    } else {
                        await(selector, key, SelectionKey.OP_WRITE, deadlineNanos);
                    }
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    flush();
                    if (unwrap(none).getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW && fill() == 0) {
                        await(selector, key, SelectionKey.OP_READ, deadlineNanos);
                    }
                }
            }
        }
    }

    private static void await(Selector selector, SelectionKey key, int operation, long deadlineNanos)
            throws IOException {
        long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
        if (leftMillis <= 0) {
            throw new SocketTimeoutException("the TLS handshake took too long");
        }
        key.interestOps(operation);
        selector.select(leftMillis);
        selector.selectedKeys().clear();
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private int fill() throws IOException {
        received.compact();
        try {
            int count = socket.read(received);
            if (count < 0) {
                throw new EOFException("the agent closed it");
            }
            return count;
        } finally {
            received.flip();
        }
    }

    private SSLEngineResult unwrap(ByteBuffer target) throws SSLException {
        SSLEngineResult result = engine.unwrap(received, target);
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
            throw new SSLException("the agent ended TLS");
        }
        return result;
    }

    private SSLEngineResult wrap(ByteBuffer source) throws SSLException {
        sending.compact();
        try {
            return engine.wrap(source, sending);
        } finally {
            sending.flip();
            holds = sending.hasRemaining();
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        hasMore = false;
        int before = target.position();
        while (true) {
            SSLEngineResult result = engine.unwrap(received, target);
            if (target.position() > before) {
                hasMore = received.hasRemaining();
                return target.position() - before;
            }
            switch (result.getStatus()) {
                case CLOSED -> {
                    return -1;
                }
                case BUFFER_OVERFLOW ->
                    throw new IllegalArgumentException(
                            "a buffer must hold a whole record, and " + target.remaining() + " bytes do not");
                case BUFFER_UNDERFLOW -> {
                    if (fill() == 0) {
                        return 0;
                    }
                }
                case OK -> runTasks(); // a message of TLS itself, such as a ticket
            }
        }
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        int before = source.position();
        while (source.hasRemaining() && flush()) {
            if (wrap(source).getStatus() == SSLEngineResult.Status.CLOSED) {
                throw new EOFException("the agent closed it");
            }
            runTasks();
        }
        flush();
        return source.position() - before;
    }

    @Override
    public boolean flush() throws IOException {
        if (sending.hasRemaining()) {
            socket.write(sending);
        }
        holds = sending.hasRemaining();
        return !holds;
    }

    @Override
    public boolean holds() {
        return holds;
    }

    @Override
    public boolean hasMore() {
        return hasMore;
    }

    @Override
    public SocketChannel socket() {
        return socket;
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    /** Says goodbye as far as the socket takes it at once. */
    @Override
    public void close() throws IOException {
        try {
            engine.closeOutbound();
            if (socket.isOpen() && flush()) {
                wrap(NOTHING);
                flush();
            }
        } finally {
            socket.close();
        }
    }
}
