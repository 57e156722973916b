package org.muster.sampling;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.muster.sampling.Call.Phase;
import org.muster.sampling.Call.Purpose;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done about calls that are late: who keeps them is found and left out, and the others are asked again at once.
 *
 * <p>Confined to the thread {@code sampler}; never blocks.
 */
final class Lateness {
    static final Duration PATIENCE = Duration.ofMillis(250);

    private static final Logger LOG = LoggerFactory.getLogger(Lateness.class);
    private static final long SOONEST_LOOK_NANOS = 100_000_000;
    private static final int SUSPECTS_PATIENCE = 4; // times the timeout, before suspects are asked again without reason
    private static final long LOST_QUESTION_NANOS = 4 * PATIENCE.toNanos();

    private final Lanes lanes;
    private final Flight flight;
    private final Quarantine quarantine;
    private final Asking asking;
    private final Map<Tier, TierCycle> cycles;
    private final Supplier<? extends Collection<UUID>> running;

    private SamplingConfig config;
    private ControlRequest question; // under way, else null
    private boolean silence; // nobody was answered before this one: calls need a moment to go on as well
    private Set<UUID> standing = Set.of(); // as of the last answer, of those whom it was about

    Lateness(
            Lanes lanes,
            Flight flight,
            Quarantine quarantine,
            Asking asking,
            Map<Tier, TierCycle> cycles,
            Supplier<? extends Collection<UUID>> running,
            SamplingConfig config) {
        this.lanes = lanes;
        this.flight = flight;
        this.quarantine = quarantine;
        this.asking = asking;
        this.cycles = cycles;
        this.running = running;
        this.config = config;
    }

    void config(SamplingConfig changed) {
        config = changed;
    }

    void reset() {
        question = null;
        silence = false;
        standing = Set.of();
    }

    /** Finds the calls that have become late and asks who keeps them, in one question for all. */
    void examine(long now) {
        if (question != null && now - question.startedAtNanos() > LOST_QUESTION_NANOS) {
            unanswered(now);
        }
        List<Call> examined = new ArrayList<>();
        for (Call call : flight.all()) {
            if (now - call.checkAtNanos < 0 || call.settled) {
                continue;
            }
            if (call.phase == Phase.ON_TIME && now - call.lateAtNanos >= 0) {
                becomesLate(call);
            }
            if (!call.settled && question == null) {
                call.examining = true;
                examined.add(call);
            }
        }
        if (!examined.isEmpty()) {
            boolean kernelFirst = examined.stream().anyMatch(Call::kernelFirst);
            ask(kernelFirst ? ControlRequest.Purpose.STANDING : ControlRequest.Purpose.CULPRITS, examined, now);
        }
    }

    /**
     * Age at which a call is looked at first: a guest that hangs can be told from a healthy one long before the whole
     * call is late, if the call is a large one.
     */
    static long firstLookNanos(long lateAfterNanos) {
        return Math.max(CostWindow.EARLIEST_LATE_NANOS, lateAfterNanos / 2);
    }

    private void becomesLate(Call call) {
        call.phase = Phase.LATE;
        if (call.countsForCycle()) {
            cycles.get(call.tier).wasLate();
        }
        if (call.purpose == Purpose.PROBE) {
            // it was frozen and still is: this call is the new sensor
            call.settled = true;
            call.phase = Phase.ABANDONED;
            for (Guest guest : call.guests) {
                quarantine.stillFrozen(guest, call);
            }
        }
    }

    private void ask(ControlRequest.Purpose purpose, List<Call> examined, long now) {
        Set<Guest> involved = new LinkedHashSet<>(); // there may be no time for the last of them
        examined.forEach(call -> involved.addAll(call.unheard()));
        for (Call call : examined) {
            if (purpose == ControlRequest.Purpose.CULPRITS || call.kernelFirst()) {
                involved.addAll(call.guests);
            }
        }
        Set<UUID> present = new HashSet<>(running.get());
        List<UUID> domains = new ArrayList<>();
        for (Guest guest : involved) {
            if (!guest.gone() && present.contains(guest.id)) {
                domains.add(guest.id);
            }
        }
        ControlRequest request = new ControlRequest(purpose, domains, PATIENCE, now, flight.epoch());
        if (lanes.control(request)) {
            question = request;
        } else {
            lookAgainLater(now);
        }
    }

    private void lookAgainLater(long now) {
        for (Call call : flight.all()) {
            if (call.examining) {
                call.examining = false;
                lookAgain(call, usualPauseNanos(call, now), now);
            }
        }
    }

    /** The hypervisor did not answer: whether it only stood still, another question tells. */
    void lookAtOnce(long now) {
        for (Call call : flight.all()) {
            if (call.ageNanos(now) >= CostWindow.EARLIEST_LATE_NANOS) {
                call.checkAtNanos = now;
            }
        }
    }

    /** If the question failed nobody can be blamed. */
    void answered(ControlRequest request, ControlRequest.Answer answer, long now) {
        if (!request.equals(question)) {
            return; // given up, or of another connection
        }
        if (answer.states() == null) {
            unanswered(now);
            return;
        }
        question = null;
        Set<UUID> present = new HashSet<>(running.get());
        if (request.purpose() == ControlRequest.Purpose.STANDING) {
            standing = answer.standing().orElse(Set.of());
            judgeStanding(answer, present, now);
            return;
        }
        for (Call call : examined()) {
            call.examining = false;
            judge(call, answer.states(), present, now);
        }
        silence = false;
    }

    private void unanswered(long now) {
        question = null;
        silence = true;
        lookAgainLater(now);
    }

    private List<Call> examined() {
        List<Call> examined = new ArrayList<>();
        for (Call call : flight.all()) {
            if (call.examining) {
                examined.add(call);
            }
        }
        return examined;
    }

    /** Whoever stands still was asked about, and nobody else: so if none of them keeps a late call, all are asked about at once. */
    private void judgeStanding(ControlRequest.Answer answer, Set<UUID> present, long now) {
        List<Call> unexplained = new ArrayList<>();
        for (Call call : examined()) {
            List<Guest> culprits = present(Culprits.ofSome(call, answer.states(), now), present);
            boolean untold = answer.standing().isEmpty();
            if (!culprits.isEmpty()) {
                call.examining = false;
                settle(call, culprits, answer.states(), present, now);
            } else if (call.late() || !call.kernelFirst() || (untold && now - call.askAllNanos >= 0)) {
                unexplained.add(call);
            } else {
                call.examining = false;
                lookAgain(call, untold ? call.askAllNanos - now : usualPauseNanos(call, now), now);
            }
        }
        if (!unexplained.isEmpty()) {
            ask(ControlRequest.Purpose.CULPRITS, unexplained, now);
        }
    }

    private static List<Guest> present(List<Guest> guests, Set<UUID> present) {
        guests.removeIf(g -> g.gone() || !present.contains(g.id));
        return guests;
    }

    private void settle(Call call, List<Guest> culprits, Map<UUID, ControlState> states, Set<UUID> present, long now) {
        if (call.phase == Phase.ON_TIME) {
            becomesLate(call);
        }
        call.settled = true;
        culprits.forEach(g -> blame(g, call, states.get(g.id), now));
        abandon(call, present);
    }

    private void judge(Call call, Map<UUID, ControlState> states, Set<UUID> present, long now) {
        List<Guest> culprits = present(Culprits.of(call, states, now), present);
        // a guest that is being destroyed holds its lock for 1 s to 12 s, and every call that it is in
        boolean somebodyLeaves = call.guests.stream().anyMatch(g -> g.gone() || !present.contains(g.id));
        boolean progress = call.heard(g -> Culprits.told(states.get(g.id)) || g.gone() || !present.contains(g.id));
        boolean allHeard = call.unheard().isEmpty();
        call.cleared = culprits.isEmpty() && !somebodyLeaves && !silence && (allHeard || call.cleared);
        long patience = config.timeout().toNanos() * (call.purpose == Purpose.SUSPECT ? SUSPECTS_PATIENCE : 1);
        if (!culprits.isEmpty()) {
            settle(call, culprits, states, present, now);
        } else if (call.phase == Phase.LATE && (somebodyLeaves || call.ageNanos(now) >= patience)) {
            LOG.info(
                    "a call for {} guests is late by {} ms and nobody is to blame ({}): the others are asked again",
                    call.guests.size(),
                    Duration.ofNanos(call.ageNanos(now)).toMillis(),
                    somebodyLeaves ? "a guest in it is leaving" : "slow host");
            abandon(call, present);
        }
        lookAgain(call, progress && !allHeard ? SOONEST_LOOK_NANOS : usualPauseNanos(call, now), now);
    }

    /** Soon at first, then less and less often, at least once per interval. */
    private long usualPauseNanos(Call call, long now) {
        return Math.min(config.interval().toNanos(), Math.max(SOONEST_LOOK_NANOS, call.ageNanos(now) / 2));
    }

    private void lookAgain(Call call, long pause, long now) {
        boolean beforeLate = call.phase == Phase.ON_TIME && call.lateAtNanos - now < pause;
        call.checkAtNanos = beforeLate ? call.lateAtNanos : now + pause;
    }

    private void blame(Guest guest, Call call, ControlState state, long now) {
        if (guest.frozen == null) {
            quarantine.freeze(guest, state, call, now);
        } else {
            quarantine.state(guest, state, now);
        }
        asking.readWithoutMonitor();
    }

    private void abandon(Call call, Set<UUID> present) {
        if (call.phase == Phase.ABANDONED) {
            return;
        }
        call.phase = Phase.ABANDONED;
        if (call.countsForCycle()) {
            cycles.get(call.tier).open--;
        }
        List<Guest> rest = new ArrayList<>();
        List<Guest> last = new ArrayList<>();
        for (Guest guest : call.guests) {
            if (guest.call == call) {
                guest.call = null;
            }
            if (guest.frozen == null && present.contains(guest.id)) {
                (standing.contains(guest.id) ? last : rest).add(guest);
            }
        }
        if (call.countsForCycle()) {
            rest.addAll(last); // they are likely to hang, and would take the others' places
            asking.suspects(call.tier).add(rest);
        }
    }

    /**
     * True while a call is not answered for long, although the hypervisor does answer questions about its guests and has
     * nobody to blame. While it answers no such question either we would not know that its guests are not to blame.
     */
    boolean unexplained(long now) {
        for (Call call : flight.all()) {
            boolean overTime = call.ageNanos(now) >= config.timeout().toNanos();
            if (call.late() && !call.settled && call.cleared && overTime) {
                return true;
            }
        }
        return false;
    }

    /** When {@link #examine} has something to do again, at the latest. */
    long nextNanos(long now) {
        if (question != null) {
            return question.startedAtNanos() + LOST_QUESTION_NANOS + 1;
        }
        long next = now + config.interval().toNanos();
        for (Call call : flight.all()) {
            if (!call.settled && call.checkAtNanos - next < 0) {
                next = call.checkAtNanos;
            }
        }
        return next;
    }
}
