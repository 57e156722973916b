package org.muster.agent.rpc;

import java.util.concurrent.TimeUnit;

/**
 * The heart-beats that a client asked for in CONNECT, and our answer.
 *
 * <p>A client that sends none itself ({@code 0,N}) may be the engine's, which asks for half of its time-out next time and
 * takes 1.5 times our answer for the new one: {@code <asked>} as the answer makes its time-out decay by a quarter with
 * every connect. It is told at least {@code floorMillis}, which keeps it stable.
 *
 * @param clientMillis what the client offers to send, 0 = none
 * @param askedMillis what it wants from us, 0 = nothing
 * @param given whether there was a usable header at all
 * @param floorMillis least interval told to a client that sends none
 */
record HeartBeat(long clientMillis, long askedMillis, boolean given, long floorMillis) {

    private static final long LEAST_MILLIS = 1000; // as VDSM has it
    private static final int MAX_DIGITS = 9;

    /** @param header {@code cx,cy}, or null; what cannot be read is taken for {@code 0,0}, as VDSM does */
    static HeartBeat parse(String header, long floorMillis) {
        String[] parts = header == null ? new String[0] : header.split(",", -1);
        if (parts.length != 2 || !isNumber(parts[0].strip()) || !isNumber(parts[1].strip())) {
            return new HeartBeat(0, 0, false, floorMillis);
        }
        return new HeartBeat(raised(parts[0].strip()), raised(parts[1].strip()), true, floorMillis);
    }

    /** Tells whether this may be the engine's client, which offers no heart-beats. */
    boolean mayBeEngine() {
        return given && clientMillis == 0;
    }

    /** Shape: {@code sx,sy} for CONNECTED: what we send, what we expect. */
    String answer() {
        return toldMillis() + "," + clientMillis;
    }

    /**
     * How long we may be silent; 0 = for ever. Well below what was told, since the client knows no leniency, and no longer
     * than it asked for.
     */
    long silenceNanos() {
        return TimeUnit.MILLISECONDS.toNanos(Math.min(toldMillis() * 3 / 4, askedMillis));
    }

    /** How long the client may be silent before it is taken for dead; 0 = for ever. */
    long patienceNanos() {
        return TimeUnit.MILLISECONDS.toNanos(clientMillis * 2);
    }

    private long toldMillis() {
        return askedMillis > 0 && clientMillis == 0 ? Math.max(askedMillis, floorMillis) : askedMillis;
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.length() <= MAX_DIGITS && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static long raised(String number) {
        long millis = Long.parseLong(number);
        return millis == 0 ? 0 : Math.max(millis, LEAST_MILLIS);
    }
}
