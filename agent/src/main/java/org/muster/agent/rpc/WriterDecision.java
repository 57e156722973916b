package org.muster.agent.rpc;

import java.util.concurrent.TimeUnit;

/**
 * When one connection's next bytes go out.
 *
 * <p>The engine's client reads into 1024 bytes and looks at a second frame only when further bytes arrive: frames that
 * reach it together lie there until the next heart-beat, 15 s and more. A connection that may be that client is
 * therefore <em>paced</em>:
 *
 * <ul>
 *   <li>a frame goes at once if the kernel has had all of the last one for at least 10 ms; otherwise everything that comes
 *       up meanwhile waits for that moment and goes out together, as one JSON array in one MESSAGE;
 *   <li>after 20 ms of silence comes a lone line feed, and two more 15 ms apart: whatever the client has read and not
 *       looked at (a pause of its collector is enough for that) it then looks at. A line feed does not call for another;
 *   <li>the more frames have gone out since the client last sent something, which makes it look too, the more of them may
 *       lie there unseen, and over TLS each costs a look of its own: from the fifth on frames come at longer intervals, and
 *       line feeds in more pieces.
 * </ul>
 *
 * <p>Not paced is who speaks JSON lines, sent no usable {@code heart-beat} header in CONNECT, offers heart-beats in it
 * (its first number is above 0; the engine's client always sends {@code 0,N}), or listens to queues of its own only, as a peer
 * host does: such a connection gets every frame at once, still one frame a write.
 *
 * <p>Over TLS a line feed is a record of its own, which goes out in several segments ({@link RecordCutter}), each good for
 * one look; a frame that comes up meanwhile waits for the last of them, since what arrives together is not looked at
 * together.
 *
 * <p>Heart-beats are decided here too: a line feed when nothing else was written for long enough.
 *
 * <p>Knows no clock and no channel. Confined to the connection's event loop.
 */
final class WriterDecision {

    static final long GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    static final long LONGER_GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(25);
    static final long LONGEST_GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(50); // with it, hardly anything is left unseen
    static final int FEW_FRAMES = 4;
    static final int MANY_FRAMES = 8;
    static final int FEW_PIECES = 5;
    static final int MANY_PIECES = 10;
    static final long FIRST_NUDGE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    static final long NEXT_NUDGE_NANOS = TimeUnit.MILLISECONDS.toNanos(15);
    static final int NUDGES = 3;

    /** What to do now. */
    enum Action {
        /** Send one frame: all that is pending and goes together. */
        FRAME,
        /** Send a lone line feed. */
        LINE_FEED,
        /** Ask again in {@code nanos}, or when something comes up. */
        WAIT,
        /** Ask again when something comes up. */
        IDLE
    }

    /**
     * A decision.
     *
     * @param nanos for {@link Action#WAIT}, else 0
     */
    record Step(Action action, long nanos) {}

    private static final Step FRAME = new Step(Action.FRAME, 0);
    private static final Step LINE_FEED = new Step(Action.LINE_FEED, 0);
    private static final Step IDLE = new Step(Action.IDLE, 0);

    private final boolean tls;
    private boolean paced;
    private long silenceNanos; // 0 = no heart-beats
    private boolean frameSent;
    private boolean frameUnderWay;
    private int unanswered; // frames since the peer sent something
    private long lastFrameNanos;
    private long lastWriteNanos; // frames and line feeds
    private boolean lineFeedSent;
    private long lineFeedEndNanos;
    private int nudgesLeft;

    WriterDecision(boolean paced, boolean tls, long nowNanos) {
        this.paced = paced;
        this.tls = tls;
        lastWriteNanos = nowNanos;
    }

    void pace(boolean on) {
        paced = on;
        if (!on) {
            nudgesLeft = 0;
        }
    }

    /** @param nanos longest silence from now on, 0 = for ever */
    void beatAfter(long nanos) {
        silenceNanos = nanos;
    }

    /** The peer sent something. */
    void heard() {
        unanswered = 0;
    }

    /**
     * Says what to do.
     *
     * @param pending whether a frame waits
     * @param underWay whether something is written that the kernel has not taken yet; {@link #written} tells when it has
     */
    Step next(long nowNanos, boolean pending, boolean underWay) {
        if (paced && underWay) {
            return IDLE; // two frames in one write would arrive together
        }
        if (pending) {
            long wait = frameSent && paced ? lastFrameNanos + gapNanos() - nowNanos : 0;
            wait = Math.max(wait, lineFeedSent ? lineFeedEndNanos - nowNanos : 0);
            return wait <= 0 ? FRAME : new Step(Action.WAIT, wait);
        }
        if (nudgesLeft > 0) {
            return lineFeedAt(lastWriteNanos + (nudgesLeft == NUDGES ? FIRST_NUDGE_NANOS : NEXT_NUDGE_NANOS), nowNanos);
        }
        return silenceNanos > 0 ? lineFeedAt(lastWriteNanos + silenceNanos, nowNanos) : IDLE;
    }

    private long gapNanos() {
        return unanswered <= FEW_FRAMES ? GAP_NANOS : unanswered <= MANY_FRAMES ? LONGER_GAP_NANOS : LONGEST_GAP_NANOS;
    }

    /** The kernel has taken what was sent last, all of it. */
    void written(long nowNanos) {
        if (paced) {
            lastWriteNanos = Math.max(lastWriteNanos, nowNanos);
            lastFrameNanos = frameUnderWay ? nowNanos : lastFrameNanos;
            if (!frameUnderWay && tls) { // the pieces of a line feed may have been late
                lineFeedEndNanos = Math.max(lineFeedEndNanos, nowNanos + RecordCutter.APART_NANOS);
            }
        }
        frameUnderWay = false;
    }

    void frameSent(long nowNanos) {
        frameUnderWay = true;
        frameSent = true;
        lastFrameNanos = nowNanos;
        lastWriteNanos = nowNanos;
        nudgesLeft = paced ? NUDGES : 0;
        unanswered = Math.min(unanswered + 1, MANY_FRAMES + 1);
    }

    /** How many pieces the next line feed has to go out in. */
    int lineFeedPieces() {
        return !paced || !tls ? 1 : unanswered <= FEW_FRAMES ? FEW_PIECES : MANY_PIECES;
    }

    void lineFeedSent(long nowNanos) {
        lineFeedSent = true;
        int pieces = lineFeedPieces();
        lineFeedEndNanos = nowNanos + (pieces > 1 ? pieces * RecordCutter.APART_NANOS : 0);
        lastWriteNanos = lineFeedEndNanos;
        nudgesLeft = Math.max(0, nudgesLeft - 1);
    }

    private static Step lineFeedAt(long due, long nowNanos) {
        return nowNanos - due >= 0 ? LINE_FEED : new Step(Action.WAIT, due - nowNanos);
    }
}
