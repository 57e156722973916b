package org.muster.agent.create;

import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * When a create came to which station on its way to a running guest.
 *
 * <p>Thread-safe: written by whoever has the create just then, read by anybody.
 */
final class Stations {
    /** In the order of the way; a create that is started once more passes those from SLOT on again. */
    enum Station {
        /** Its message had been read. */
        DECODED,
        /** It was found good. */
        VALIDATED,
        /** Its acceptance was on the disk. */
        QUEUED,
        /** It got a slot. */
        SLOT,
        /** The call that starts the guest was begun. */
        CALL,
        /** That call returned. */
        RETURNED,
        /** The guest was seen running. */
        RUNNING,
        /** Everybody had been told. */
        PUBLISHED
    }

    // 0 is "not yet": nanoTime counts since the host's boot on Linux, and none of us is there so early
    private final AtomicLongArray atNanos = new AtomicLongArray(Station.values().length);

    private final AtomicInteger attempts = new AtomicInteger(); // how often it got a slot
    private volatile boolean left; // it had a slot, and has it no more; written by whoever has the create

    void pass(Station station, long nanos) {
        if (station == Station.SLOT) {
            attempts.incrementAndGet();
        }
        left = false;
        atNanos.set(station.ordinal(), nanos);
    }

    /** It gave its slot back, whatever came of it. */
    void leave() {
        left = true;
    }

    /** It was accepted in a former life of ours; how far it came there is to be found out. */
    void wasQueued(long acceptedAtNanos) {
        pass(Station.DECODED, acceptedAtNanos); // the message was read milliseconds before
        pass(Station.QUEUED, acceptedAtNanos);
        leave();
    }

    /** It waits for a slot again. */
    void again(long nowNanos) {
        for (int i = Station.SLOT.ordinal(); i < atNanos.length(); i++) {
            atNanos.set(i, 0);
        }
        left = false;
        atNanos.compareAndSet(Station.QUEUED.ordinal(), 0, nowNanos);
    }

    /** How often it got a slot. */
    int attempts() {
        return attempts.get();
    }

    /** Where it is, if nothing has become of it yet. */
    CreateRecord.State state() {
        Station last = last();
        if (last == null || left) {
            return CreateRecord.State.UNSETTLED;
        }
        return switch (last) {
            case DECODED, VALIDATED, QUEUED -> CreateRecord.State.QUEUED;
            case SLOT -> CreateRecord.State.PREPARING;
            case CALL -> CreateRecord.State.STARTING;
            case RETURNED, RUNNING, PUBLISHED -> CreateRecord.State.UNSETTLED;
        };
    }

    OptionalLong at(Station station) {
        long nanos = atNanos.get(station.ordinal());
        return nanos == 0 ? OptionalLong.empty() : OptionalLong.of(nanos);
    }

    /** The farthest station that it came to; null if none. */
    Station last() {
        Station last = null;
        for (Station station : Station.values()) {
            last = at(station).isPresent() ? station : last;
        }
        return last;
    }

    /**
     * How long each phase took that is over.
     *
     * @param userNanos from the moment a person asked for it to DECODED; empty if nobody said when that was
     */
    Map<Phase, Long> phases(OptionalLong userNanos) {
        Map<Phase, Long> phases = new EnumMap<>(Phase.class);
        for (Phase phase : Phase.values()) {
            OptionalLong from = at(phase.from());
            OptionalLong to = at(phase.to());
            OptionalLong before = phase == Phase.USER_TOTAL ? userNanos : OptionalLong.of(0);
            if (from.isPresent() && to.isPresent() && before.isPresent()) {
                phases.put(phase, before.getAsLong() + to.getAsLong() - from.getAsLong());
            }
        }
        return phases;
    }
}
