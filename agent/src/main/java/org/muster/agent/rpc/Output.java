package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundBuffer;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The one writer of a connection: carries out what {@link WriterDecision} decides, one frame a write, and watches that
 * the peer reads.
 *
 * <p>{@link #reserve} is thread-safe; all else is confined to the connection's event loop. Never blocks.
 */
final class Output {

    private static final Duration LINGER = Duration.ofSeconds(2);
    private static final long RECHECK_MILLIS = 20;
    private static final int PROGRESS_BITS = 36; // of one frame
    private static final byte[] LINE_FEED = {'\n'};

    private final Connection connection;
    private final Channel channel;
    private final OutQueue queue;
    private final WriterDecision decision;
    private final LongSupplier clock;
    private final Duration stalledAfter;
    private final RpcMetrics metrics;

    private boolean pumping;
    private boolean ending; // nothing is queued any more; what is queued still goes out
    private boolean ended;
    private Future<?> timer;
    private long timerDueNanos;
    private boolean stallWatched;
    private long begunWrites;
    private long completedWrites;

    Output(
            Connection connection,
            OutQueue queue,
            WriterDecision decision,
            LongSupplier clock,
            Duration stalledAfter,
            RpcMetrics metrics) {
        this.connection = connection;
        this.channel = connection.channel();
        this.queue = queue;
        this.decision = decision;
        this.clock = clock;
        this.stalledAfter = stalledAfter;
        this.metrics = metrics;
    }

    /**
     * Sets bytes aside for something to be queued; the caller then queues it on the event loop and calls {@link #pump}.
     *
     * <p>Shape: false if the connection is closed, or is now being closed since its peer does not read.
     */
    boolean reserve(long bytes) {
        return connection.reserve(bytes);
    }

    /** Tells whether something may still be queued. */
    boolean isOpen() {
        return !ending && channel.isActive();
    }

    /** Writes what is due and arms the timer for what is not; to be called after anything was queued or changed. */
    void pump() {
        if (pumping) {
            return; // a write that completes at once comes back here; the loop below sees what it changed
        }
        pumping = true;
        connection.adjustReading();
        try {
            while (channel.isActive() && channel.isWritable() && !ended && step()) {
                // all is done in the condition
            }
        } finally {
            pumping = false;
        }
        if (isUnderWay()) {
            watchForStall();
        }
    }

    /** Tells whether the kernel has not yet taken all that was written. */
    private boolean isUnderWay() {
        return begunWrites != completedWrites;
    }

    private boolean step() {
        long now = clock.getAsLong();
        WriterDecision.Step step = decision.next(now, !queue.isEmpty(), isUnderWay());
        switch (step.action()) {
            case FRAME -> {
                OutQueue.Taken taken = queue.take(channel.alloc());
                decision.frameSent(now);
                write(taken.frame(), taken.accounted());
                return true;
            }
            case LINE_FEED -> {
                if (decision.lineFeedPieces() > 1) {
                    connection.cutNextRecord(decision.lineFeedPieces());
                }
                decision.lineFeedSent(now);
                write(Unpooled.wrappedBuffer(LINE_FEED), 0);
                return true;
            }
            case WAIT -> arm(now + step.nanos());
            case IDLE -> {} // what comes up next calls again
        }
        if (ending && queue.isEmpty() && !isUnderWay()) {
            end(); // not before: shutting the output drops what is not yet written
        }
        return false;
    }

    private void write(ByteBuf frame, long accounted) {
        metrics.bytesOut().inc(frame.readableBytes());
        begunWrites++;
        connection.begun(accounted);
        ChannelFuture written = channel.writeAndFlush(frame);
        written.addListener(done -> onWritten(accounted));
    }

    private void onWritten(long accounted) {
        completedWrites++;
        connection.written(accounted);
        decision.written(clock.getAsLong());
        pump();
    }

    private void arm(long dueNanos) {
        if (timer != null && timerDueNanos - dueNanos <= 0) {
            return; // it comes first, and everything is decided anew then
        }
        if (timer != null) {
            timer.cancel(false);
        }
        timerDueNanos = dueNanos;
        timer = channel.eventLoop().schedule(this::onTimer, dueNanos - clock.getAsLong(), TimeUnit.NANOSECONDS);
    }

    private void onTimer() {
        timer = null;
        pump();
    }

    /** Sends what is queued, tells the peer that no more comes, and closes soon after. */
    void endAfterQueued() {
        ending = true;
        pump();
    }

    /**
     * The same, once all that the peer has asked for is answered; its handler takes no more from it. Bounded by the deadline of
     * each request.
     *
     * @param lastWord queues what comes after all answers, if there is something
     */
    void endWhenAnswered(Runnable lastWord) {
        if (!isOpen()) {
            return;
        }
        if (connection.pending().count() == 0) {
            // behind the answers that were handed to this loop before their requests counted as ended
            channel.eventLoop().execute(() -> endAfter(lastWord));
        } else {
            var unused = channel.eventLoop()
                    .schedule(() -> endWhenAnswered(lastWord), RECHECK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void endAfter(Runnable lastWord) {
        if (isOpen()) {
            lastWord.run();
            endAfterQueued();
        }
    }

    private void end() {
        ended = true;
        // Closing with bytes of the peer unread would make the kernel drop what we just sent.
        connection.drainInput();
        connection.endOutput();
        var unusedClose = channel.eventLoop().schedule(connection::closeNow, LINGER.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void watchForStall() {
        if (stallWatched || !channel.isActive()) {
            return;
        }
        stallWatched = true;
        long progress = progress();
        var unused = channel.eventLoop()
                .schedule(() -> checkStall(progress), stalledAfter.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void checkStall(long progressBefore) {
        stallWatched = false;
        if (!channel.isActive() || !isUnderWay()) {
            return;
        }
        if (progress() == progressBefore) {
            connection.closeSlow("took nothing for " + stalledAfter.toSeconds() + " s");
        } else {
            watchForStall();
        }
    }

    /** Changes whenever the peer took something. */
    private long progress() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return (completedWrites << PROGRESS_BITS) + (buffer == null ? 0 : buffer.currentProgress());
    }

    void onClosed() {
        ended = true;
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
