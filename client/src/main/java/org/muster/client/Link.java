package org.muster.client;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One STOMP session on one socket: frames out, bodies of MESSAGEs in, heart-beats both ways, until it ends, once.
 *
 * <p>{@code run} is the thread {@code muster-client}: it blocks in select alone, and only until the next deadline.
 * {@code send}, {@code deadlineIsSooner} and {@code close}: any thread, never blocking.
 */
final class Link implements Runnable {
    /** What the frames mean; called by the reader thread alone. */
    interface Session {
        void message(byte[] body) throws IOException;

        /** Nanoseconds until {@link #tick} has something to do, at most {@code longest}. */
        long nanosUntilNext(long now, long longest);

        void tick(long now);

        /** Told once, last; the cause is null when this side closed. */
        void ended(Throwable cause);
    }

    private static final long LONGEST_SELECT_NANOS = 60_000_000_000L;
    private static final int READS_PER_TURN = 16; // then deadlines and heart-beats get theirs
    private static final byte[] NO_BODY = {};

    private final Wire wire;
    private final Selector selector;
    private final SelectionKey key;
    private final Outbox outbox;
    private final Session session;
    private final Duration ourHeartBeat;
    private final StompDecoder decoder = new StompDecoder();
    private final ByteBuffer received = ByteBuffer.allocate(64 << 10); // confined to the reader thread
    private final CompletableFuture<Void> connected = new CompletableFuture<>();

    private HeartBeat heartBeat = HeartBeat.none(); // confined to the reader thread
    private volatile boolean closing; // set by close, read by the reader thread
    private volatile long wakesAtNanos; // when select ends by itself: written by the reader thread, read by callers

    Link(Wire wire, Session session, Duration ourHeartBeat) throws IOException {
        this.wire = wire;
        this.selector = Selector.open();
        this.key = wire.socket().register(selector, SelectionKey.OP_READ);
        this.outbox = new Outbox(wire, StompDecoder.MAX_BODY_BYTES);
        this.session = session;
        this.ourHeartBeat = ourHeartBeat;
        this.wakesAtNanos = System.nanoTime();
    }

    /** Completes when CONNECTED has come; exceptionally, with the cause, when the session ends before. */
    CompletableFuture<Void> connected() {
        return connected;
    }

    void sendConnect(String host) throws IOException {
        long millis = ourHeartBeat.toMillis();
        send("CONNECT", NO_BODY, "accept-version", "1.2", "host", host, "heart-beat", millis + "," + millis);
    }

    /** Errors: RejectedExecutionException when too much waits for the agent already. */
    void send(String command, byte[] body, String... headers) throws IOException {
        if (!outbox.send(StompFrame.encode(command, body, headers))) {
            selector.wakeup(); // the reader thread is to wait for room too
        }
    }

    /** To be called when the session's next deadline has moved forward to this. */
    void deadlineIsSooner(long deadlineNanos) {
        if (deadlineNanos - wakesAtNanos < 0) {
            selector.wakeup();
        }
    }

    /** Asks the reader thread to say goodbye and end. Harmless when repeated. */
    void close() {
        closing = true;
        selector.wakeup();
    }

    @Override
    public void run() {
        Throwable cause = null;
        try {
            while (!closing) {
                turn();
            }
            send("DISCONNECT", NO_BODY); // as far as the socket takes it at once
        } catch (IOException | RuntimeException | Error e) {
            cause = closing ? null : e;
        } finally {
            end(cause);
        }
    }

    private void turn() throws IOException {
        key.interestOps(SelectionKey.OP_READ | (outbox.isEmpty() ? 0 : SelectionKey.OP_WRITE));
        select();
        if (key.isReadable() || wire.hasMore()) {
            read();
        }
        if (key.isWritable()) {
            outbox.flush();
        }
        long now = System.nanoTime();
        session.tick(now);
        if (heartBeat.dead(now)) {
            throw new IOException(
                    "no sign of life for " + heartBeat.silence(now).toMillis() / 1000.0 + " s, heart-beats included");
        }
        if (heartBeat.due(now) && outbox.isEmpty()) { // else bytes are on their way already
            outbox.send(ByteBuffer.wrap(new byte[] {'\n'}));
        }
    }

    private void select() throws IOException {
        long now = System.nanoTime();
        wakesAtNanos = now + LONGEST_SELECT_NANOS;
        // INVARIANT: a deadline added before this line is seen in nanosUntilNext; one added after it is sooner than
        // wakesAtNanos, so its caller wakes us. Only then is the shorter sleep published.
        long nanos = session.nanosUntilNext(now, heartBeat.nanosUntilNext(now, LONGEST_SELECT_NANOS));
        wakesAtNanos = now + nanos;
        long millis = (nanos + 999_999) / 1_000_000;
        if (millis == 0 || wire.hasMore()) {
            selector.selectNow();
        } else {
            selector.select(millis);
        }
        selector.selectedKeys().clear();
    }

    private void read() throws IOException {
        for (int i = 0; i < READS_PER_TURN; i++) {
            int count = wire.read(received.clear());
            if (count < 0) {
                throw new EOFException("the agent closed it");
            }
            if (count == 0) {
                return;
            }
            heartBeat.heard(System.nanoTime());
            received.flip();
            for (Optional<StompFrame> frame = decoder.next(received);
                    frame.isPresent();
                    frame = decoder.next(received)) {
                accept(frame.get());
            }
        }
    }

    private void accept(StompFrame frame) throws IOException {
        switch (frame.command()) {
            case "CONNECTED" -> {
                heartBeat = HeartBeat.agreed(ourHeartBeat, frame.header("heart-beat"), System.nanoTime());
                connected.complete(null);
            }
            case "MESSAGE" -> session.message(frame.body());
            case "ERROR" -> throw new IOException("the agent reports: " + errorText(frame));
            case "RECEIPT" -> {} // we ask for none
            default -> throw new MalformedFrameException("the peer sent an unknown frame: " + frame.command());
        }
    }

    private static String errorText(StompFrame frame) {
        String text = (frame.header("message") + " " + frame.bodyText()).strip();
        return text.isEmpty() ? "an error without a text" : text;
    }

    private void end(Throwable cause) {
        Throwable reported = cause;
        for (Closeable each : List.of(wire, selector)) {
            try {
                each.close();
            } catch (IOException e) {
                reported = reported == null ? e : reported;
            }
        }
        connected.completeExceptionally(reported == null ? new EOFException("closed by this program") : reported);
        session.ended(reported);
    }
}
