package org.muster.agent.domain;

import java.util.function.LongSupplier;

/**
 * The one clock of everything that the engine orders: milliseconds since the host's boot, offset so that they never fit
 * 32 bits. It does not go back over a restart of the agent. Source: engine-contract 6.2.
 */
public final class EventClock {
    private static final long OFFSET = Integer.MAX_VALUE;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final LongSupplier nanosSinceBoot;

    /** Reads CLOCK_MONOTONIC, which is what {@link System#nanoTime} is on Linux. */
    public EventClock() {
        this(System::nanoTime);
    }

    /** @param nanosSinceBoot never goes back */
    public EventClock(LongSupplier nanosSinceBoot) {
        this.nanosSinceBoot = nanosSinceBoot;
    }

    public long now() {
        return at(nanosSinceBoot.getAsLong());
    }

    /**
     * The stamp of what is read after this: smaller than that of any change which the reading misses. Of two equal ones the
     * engine believes what comes last, and a change within this millisecond may be told before what was read.
     */
    public long beforeReading() {
        return now() - 1;
    }

    /** The stamp of a moment on the wall clock, by what both clocks say now; never after now. */
    public long ofWall(long wallMillis) {
        return now() - Math.max(0, System.currentTimeMillis() - wallMillis);
    }

    /** The stamp of a moment taken from {@link System#nanoTime}. */
    public long at(long nanos) {
        return OFFSET + Math.floorDiv(nanos, NANOS_PER_MILLI);
    }
}
