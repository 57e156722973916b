package org.muster.sampling;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The frozen guests: each keeps a call of ours, and that call is what tells when it is back.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class Quarantine {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);

    private final Announcer announcer;
    private final Set<Guest> guests = new LinkedHashSet<>();
    private OptionalLong linkLostNanos = OptionalLong.empty(); // the last time

    Quarantine(Announcer announcer) {
        this.announcer = announcer;
    }

    void freeze(Guest guest, ControlState state, Call sensor, long now) {
        long since = sensor == null ? now : sensor.startedAtNanos;
        guest.suspect = null;
        guest.frozen(new Frozen(since, state, sensor, now));
        guests.add(guest);
        LOG.debug(
                "guest {} keeps a call since {} ms ({}, {}): it is left out until that returns",
                guest.id,
                Duration.ofNanos(now - since).toMillis(),
                state.kind(),
                guest.frozen.cause());
        announcer.frozen(guest);
    }

    /**
     * A guest that was not asked for a while is back, frozen as it went.
     *
     * @param flight its call hangs as before, or was lost sight of
     */
    void comeBack(Guest guest, Frozen frozen, Flight flight) {
        if (!flight.has(frozen.sensor)) {
            frozen.forgetCalls();
        }
        guest.frozen(frozen);
        guests.add(guest);
    }

    /** The hypervisor says something else of a guest that is frozen already. */
    void state(Guest guest, ControlState state, long now) {
        ControlState.Kind reason = guest.frozen.reason();
        GuestStats.Cause cause = guest.frozen.cause();
        guest.frozen.state(state, now);
        if (guest.frozen.reason() != reason || guest.frozen.cause() != cause) {
            guest.frozen(guest.frozen);
        }
        if (guest.frozen.cause() != cause) {
            announcer.frozen(guest);
        }
    }

    /** A frozen guest that was probed keeps that call too. */
    void stillFrozen(Guest guest, Call probe) {
        guest.call = null;
        if (guest.frozen != null) {
            guest.frozen.sensor = probe;
            guest.frozen.askedOnThisConnection = true;
            guest.frozen.release = Frozen.Release.NONE;
        }
    }

    void thaw(Guest guest, long now) {
        long frozenNanos = now - guest.frozen.sinceNanos;
        guest.frozen(null);
        guests.remove(guest);
        LOG.debug(
                "guest {} answers again after {} ms",
                guest.id,
                Duration.ofNanos(frozenNanos).toMillis());
        announcer.thawed(guest.id, frozenNanos);
    }

    /** The call has returned, so whoever kept it is back. */
    void returned(Call call) {
        for (Guest guest : guests) {
            if (guest.frozen.sensor == call) {
                guest.frozen.sensor = null;
                guest.frozen.release = Frozen.Release.PROVEN;
            }
        }
    }

    /** The hypervisor says that the guest's monitor is free. */
    void free(Guest guest) {
        if (guest.frozen.release == Frozen.Release.NONE) {
            guest.frozen.release = guest.frozen.askedOnThisConnection ? Frozen.Release.PROVEN : Frozen.Release.UNPROVEN;
        }
    }

    /** Nobody can be asked at present: whoever seemed to be back is looked at again later. */
    void silence() {
        guests.forEach(g -> g.frozen.release = Frozen.Release.NONE);
    }

    /** The connection is another one: the guests may still be frozen, but no call tells us. */
    void reset() {
        guests.forEach(guest -> guest.frozen.forgetCalls());
    }

    void linkLost(long now) {
        linkLostNanos = OptionalLong.of(now);
    }

    /**
     * Calls that hang in the hypervisor and are not ours, or not any more; each keeps a worker of it. A call of ours is kept by one
     * guest, however many in it were found to be occupied.
     *
     * @param ours late calls of ours of which it is known that somebody keeps them
     */
    int keptByOthers(int ours) {
        int others = 0;
        int some = 0;
        for (Guest guest : guests) {
            others += guest.frozen.keepsCallOfOthers(linkLostNanos) ? 1 : 0;
            some += guest.frozen.keepsSomeCall(linkLostNanos) ? 1 : 0;
        }
        return others + Math.max(0, some - ours);
    }

    /** Those that seem to be back and have not been asked yet. */
    List<Guest> toProbe(long now) {
        List<Guest> back = new ArrayList<>();
        for (Guest guest : guests) {
            boolean free = guest.frozen.release != Frozen.Release.NONE && guest.call == null;
            if (free && now - guest.frozen.probeAtNanos() >= 0) {
                back.add(guest);
            }
        }
        return back;
    }

    /** Brings probes forward that would come later. */
    void noLaterThan(long nanos) {
        guests.forEach(guest -> guest.frozen.probeNoLaterThan(nanos));
    }

    /** When somebody is to be probed again; {@code otherwise} if not before that. */
    long nextNanos(long now, long otherwise) {
        long next = otherwise;
        for (Guest guest : guests) {
            long at = guest.frozen.probeAtNanos();
            if (guest.frozen.release != Frozen.Release.NONE && at - now > 0 && at - next < 0) {
                next = at;
            }
        }
        return next;
    }

    /** Those of which nothing has been heard. */
    List<Guest> silent() {
        List<Guest> silent = new ArrayList<>();
        for (Guest guest : guests) {
            if (guest.frozen.release == Frozen.Release.NONE) {
                silent.add(guest);
            }
        }
        return silent;
    }

    /**
     * Those of which the hypervisor said something, so that nobody held their lock, and what never reaches the monitor can still be
     * read: neither a job nor a monitor command keeps anybody from that.
     */
    List<Guest> readable() {
        List<Guest> readable = new ArrayList<>();
        for (Guest guest : guests) {
            if (guest.frozen.reason() != ControlState.Kind.NO_ANSWER) {
                readable.add(guest);
            }
        }
        return readable;
    }

    /** Guests that are removed leave without a word. */
    void dropGone() {
        guests.removeIf(Guest::gone);
    }

    int size() {
        return guests.size();
    }

    /**
     * Each with the call that it keeps: its sensor, or where that is another one's too (a call that one guest let go may have met
     * the next) one that nobody else is known to keep.
     */
    List<SamplerState.FrozenGuest> shown(Flight flight) {
        Set<Call> sensors = new HashSet<>();
        guests.forEach(guest -> sensors.add(guest.frozen.sensor));
        Set<Call> kept = new HashSet<>();
        List<SamplerState.FrozenGuest> shown = new ArrayList<>();
        for (Guest guest : guests) {
            Call call = guest.frozen.sensor;
            if (call == null || !kept.add(call)) {
                call = flight.abandonedWith(guest, sensors);
                sensors.add(call);
            }
            shown.add(new SamplerState.FrozenGuest(
                    guest.id,
                    guest.frozen.reason(),
                    guest.frozen.cause(),
                    guest.frozen.sinceNanos,
                    Optional.ofNullable(call).map(by -> by.thread)));
        }
        return shown;
    }
}
