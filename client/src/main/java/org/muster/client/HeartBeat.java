package org.muster.client;

import java.time.Duration;

/**
 * When to say that we live, and when the peer no longer does: the agreement of CONNECT and CONNECTED, without clock or
 * socket. Times are {@code System.nanoTime} values. Confined to the reader thread.
 */
final class HeartBeat {
    private static final long NEVER = 0;

    private final long sendEveryNanos; // NEVER: the peer wants none
    private final long deadAfterNanos; // NEVER: the peer promises none
    private long sendAtNanos;
    private long lastHeardNanos;

    private HeartBeat(long sendEveryNanos, long deadAfterNanos, long now) {
        this.sendEveryNanos = sendEveryNanos;
        this.deadAfterNanos = deadAfterNanos;
        this.sendAtNanos = now + sendEveryNanos;
        this.lastHeardNanos = now;
    }

    /** Before CONNECTED nothing is agreed: nothing is sent, nobody is declared dead. */
    static HeartBeat none() {
        return new HeartBeat(NEVER, NEVER, 0);
    }

    /**
     * What holds after CONNECTED.
     *
     * @param ours offered and asked for in CONNECT
     * @param answer the header {@code heart-beat} of CONNECTED, milliseconds {@code sends,wants}; empty: none
     */
    static HeartBeat agreed(Duration ours, String answer, long now) throws MalformedFrameException {
        if (answer.isEmpty()) {
            return new HeartBeat(NEVER, NEVER, now);
        }
        String[] parts = answer.split(",", -1);
        try {
            long sends = Integer.parseUnsignedInt(parts[0].trim());
            long wants = Integer.parseUnsignedInt(parts[1].trim());
            long oursMillis = ours.toMillis();
            // Half of what was promised: a late thread must not look like a dead one.
            long sendEvery = wants == 0 ? NEVER : Math.max(oursMillis, wants) * 1_000_000 / 2;
            long deadAfter = sends == 0 ? NEVER : Math.max(oursMillis, sends) * 1_000_000 * 2;
            return new HeartBeat(sendEvery, deadAfter, now);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new MalformedFrameException("the peer answered CONNECT with heart-beat:" + answer);
        }
    }

    void heard(long now) {
        lastHeardNanos = now;
    }

    /** Whether one is to be sent now; says so once per interval. */
    boolean due(long now) {
        if (sendEveryNanos == NEVER || now - sendAtNanos < 0) {
            return false;
        }
        sendAtNanos = now + sendEveryNanos;
        return true;
    }

    boolean dead(long now) {
        return deadAfterNanos != NEVER && now - lastHeardNanos > deadAfterNanos;
    }

    Duration silence(long now) {
        return Duration.ofNanos(now - lastHeardNanos);
    }

    /** Nanoseconds from now until {@link #due} or {@link #dead} can change, at most {@code longest}. */
    long nanosUntilNext(long now, long longest) {
        long next = longest;
        if (sendEveryNanos != NEVER) {
            next = Math.min(next, sendAtNanos - now);
        }
        if (deadAfterNanos != NEVER) {
            next = Math.min(next, lastHeardNanos + deadAfterNanos - now + 1);
        }
        return Math.max(0, next);
    }
}
