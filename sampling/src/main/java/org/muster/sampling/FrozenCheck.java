package org.muster.sampling;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Once per interval, in one question: which frozen guests are back although their call has not returned, and which
 * others hang although no call of ours showed it.
 *
 * <p>A call that hung on one guest goes on when that one is back, and may hang on the next; the guests that are asked
 * about are those who may be in its way. Confined to the thread {@code sampler}.
 */
final class FrozenCheck {
    private final Lanes lanes;
    private final Flight flight;
    private final Quarantine quarantine;
    private final Asking asking;
    private final Samples samples;

    private ControlRequest question; // under way, else null
    private final Set<Guest> unheard = new LinkedHashSet<>(); // those whom the last one did not reach
    private long nextNanos;

    FrozenCheck(Lanes lanes, Flight flight, Quarantine quarantine, Asking asking, Samples samples) {
        this.lanes = lanes;
        this.flight = flight;
        this.quarantine = quarantine;
        this.asking = asking;
        this.samples = samples;
    }

    void reset(long now) {
        question = null;
        nextNanos = now;
    }

    /** Brings the next question forward, if it would come later. */
    void noLaterThan(long nanos) {
        nextNanos = nanos - nextNanos < 0 ? nanos : nextNanos;
    }

    /** The hypervisor did not answer: whether it only stood still, another question tells. */
    void checkAtOnce(long now) {
        nextNanos = now;
    }

    void check(long now, SamplingConfig config) {
        if (now - nextNanos < 0) {
            return;
        }
        nextNanos = now + config.interval().toNanos();
        Set<Guest> involved = involved();
        unheard.retainAll(involved);
        if (involved.isEmpty()) {
            return;
        }
        unheard.addAll(involved); // in that order, for there may be no time for the last of them
        List<UUID> domains = new ArrayList<>();
        unheard.forEach(g -> domains.add(g.id));
        ControlRequest request =
                new ControlRequest(ControlRequest.Purpose.FROZEN, domains, Lateness.PATIENCE, now, flight.epoch());
        if (lanes.control(request)) {
            question = request; // one of an interval ago that was not answered is given up
        }
    }

    private Set<Guest> involved() {
        Set<Guest> involved = new LinkedHashSet<>(quarantine.silent());
        involved.addAll(samples.busy());
        if (asking.exhausted()) {
            involved.addAll(asking.suspects(Tier.SHORT).idle());
            involved.addAll(asking.suspects(Tier.BLOCK).idle());
        }
        return involved;
    }

    /** @param states null if the question failed */
    void answered(ControlRequest request, Map<UUID, ControlState> states, long now, SamplingConfig config) {
        if (!request.equals(question) || states == null) {
            return;
        }
        question = null;
        for (Guest guest : involved()) {
            ControlState state = states.get(guest.id);
            if (!Culprits.told(state) || guest.gone()) {
                continue;
            }
            unheard.remove(guest);
            if (guest.frozen == null) {
                freezeIfHung(guest, state, now, config);
            } else if (state.kind() == ControlState.Kind.OK || state.kind() == ControlState.Kind.ERROR) {
                quarantine.free(guest);
            } else {
                quarantine.state(guest, state, now);
            }
        }
    }

    private void freezeIfHung(Guest guest, ControlState state, long now, SamplingConfig config) {
        boolean hung =
                state.kind() == ControlState.Kind.OCCUPIED && state.since().compareTo(config.timeout()) >= 0;
        if (hung) {
            quarantine.freeze(guest, state, flight.abandonedWith(guest), now);
        }
    }

    long nextNanos(long otherwise) {
        return nextNanos - otherwise < 0 && !involved().isEmpty() ? nextNanos : otherwise;
    }
}
