package org.muster.sampling;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A hypervisor with guests, and a sampler on it, in virtual time and on one thread.
 *
 * <p>Behaves as libvirt was measured to: a bulk call takes its guests one after the other; one whose monitor does not
 * answer holds it for ever, and its job with it; a guest whose job somebody holds is passed over with part of its
 * values; a guest that is being destroyed holds its lock, on which every call waits; control info tells all of it.
 */
final class SimulatedHost implements Lanes {
    static final long MS = 1_000_000;

    private static final int CONTROL_THREADS = 8;
    private static final int CONTROL_HELPERS = 2;
    private static final long CONTROL_ROUND_TRIP = 20 * MS;
    private static final long KERNEL_LOOK = 5 * MS;
    private static final long CONTROL_NO_ANSWER_AFTER = 150 * MS;

    final Map<UUID, SimulatedGuest> guests = new LinkedHashMap<>();
    final RecordingListener listener = new RecordingListener(() -> this.now);
    GuestTable table = new GuestTable(); // of the agent that lives
    final List<Running> calls = new ArrayList<>();
    private final List<Running> orphans = new ArrayList<>(); // whose agent is dead; they hang all the same
    final List<String> log = new ArrayList<>(); // one line per bulk call: purpose, tier, number of guests
    final List<String> aside = new ArrayList<>(); // one line per other call: purpose, guest
    SamplerCore core;
    SamplingConfig config;
    private final int cpus;
    int budget = 8;
    int mostStuck;
    private int threads;
    long now = 1_000_000_000_000L;
    long costPerGuest = 4 * MS;
    long roundTrip = 200_000;
    long controlCost; // of the question about one guest's monitor
    Kernel kernel = Kernel.SILENT;
    final List<Integer> asked = new ArrayList<>(); // of how many guests each question was whose monitor is free
    private final Map<UUID, Long> lostTo = new HashMap<>(); // threads for such questions: who keeps them, since when
    boolean connected = true;
    boolean stalled;
    boolean saturated; // no worker takes our calls; questions, which have workers of their own, are answered
    boolean starting; // guests are being started
    boolean noCallFree;
    boolean infoFails;
    boolean triesToDestroy; // as an agent that goes on with the guest if it does not succeed
    boolean probesFail; // as calls do, on a link that is well
    int mostAside; // questions about sizes side by side
    int steps; // of the sampler
    int kernelLooks; // how often it was asked who stands still
    int mostRegular; // regular calls of one tier side by side

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong((Event e) -> e.at).thenComparingLong(e -> e.number));
    private final Map<UUID, long[]> worstAge = new HashMap<>(); // watched guests: per tier
    private long eventNumber;
    private long wake;

    /** What the kernel says of emulators that stand still. */
    enum Kernel {
        /** It cannot be asked. */
        SILENT,
        /** Those that are frozen do. */
        KNOWS,
        /** None does: whatever keeps them cannot be seen. */
        BLIND
    }

    /** @param at virtual time */
    private record Event(long at, long number, Runnable what) {}

    /** A guest as the hypervisor has it. */
    static final class SimulatedGuest {
        final UUID id;
        boolean frozen;
        boolean inJob; // whoever waits for it waits in a job, and not for its monitor
        boolean stopped; // by a signal, and the kernel says so
        boolean waits; // for its disk, for a moment, as the kernel sees it
        boolean diskHung;
        boolean infoHangs; // what asks for its disk's sizes
        long infoTakes; // the same, longer than usual
        boolean locked;
        boolean running = true;
        boolean lacksSizes;
        boolean diskless;
        int vcpus = 1;
        long bornAt;
        private long frozenAt;
        private long stoodStill; // before it was frozen the last time
        Object holder; // of its job
        long occupiedSince;

        SimulatedGuest(UUID id, long bornAt) {
            this.id = id;
            this.bornAt = bornAt;
        }

        private void freeze(long now) {
            frozenAt = frozen ? frozenAt : now;
            frozen = true;
        }

        private void thaw(long now) {
            stoodStill += frozen ? now - frozenAt : 0;
            frozen = false;
        }

        /** How long it has run: while it is frozen it uses nothing. */
        long lived(long at) {
            return at - bornAt - stoodStill - (frozen ? at - frozenAt : 0);
        }
    }

    /** A call inside the hypervisor. */
    final class Running {
        final Call call;
        final long takenAt;
        final List<DomainSample> samples = new ArrayList<>();
        int index;
        SimulatedGuest waitsFor;
        boolean dead; // its connection is gone
        private final SamplerCore asker = core;

        Running(Call call) {
            this.call = call;
            call.thread = "stats-" + threads++;
            this.takenAt = now;
        }

        void advance() {
            if (dead || waitsFor != null) {
                return;
            }
            if (stalled || saturated) {
                at(now + 10 * MS, this::advance);
                return;
            }
            while (index < call.guests.size()) {
                SimulatedGuest guest = guests.get(call.guests.get(index).id);
                if (guest == null || (!guest.running && !guest.locked)) {
                    index++;
                } else if (take(guest)) {
                    return;
                }
            }
            finish();
        }

        /** True if the call has to wait. */
        private boolean take(SimulatedGuest guest) {
            if (guest.locked) {
                waitsFor = guest;
                return true;
            }
            if (!call.reachesMonitor()) {
                samples.add(Samplings.withoutMonitor(guest.id, takenAt, guest.lived(now)));
                index++;
                return false;
            }
            if (guest.holder != null && guest.holder != this) {
                DomainSample busy = Samplings.busy(guest.id, takenAt, call.groups(), now - guest.bornAt);
                samples.add(guest.diskless ? Samplings.withoutDisks(busy) : busy);
                index++;
                return false;
            }
            boolean hangs = hangs(guest);
            if (guest.holder == null) {
                guest.holder = this;
                guest.occupiedSince = now;
            }
            if (hangs) {
                waitsFor = guest;
                return true;
            }
            boolean slow = call.purpose == Call.Purpose.BLOCK_INFO && guest.infoTakes > 0;
            at(now + (slow ? guest.infoTakes : costPerGuest), () -> served(guest));
            return true;
        }

        private void served(SimulatedGuest guest) {
            if (dead) {
                return;
            }
            if (hangs(guest)) {
                waitsFor = guest;
                return;
            }
            guest.holder = null;
            DomainSample full = Samplings.full(guest, takenAt, now, call.groups());
            samples.add(guest.diskless ? Samplings.withoutDisks(full) : full);
            index++;
            advance();
        }

        private boolean hangs(SimulatedGuest guest) {
            boolean disk = guest.diskHung || (guest.infoHangs && call.purpose == Call.Purpose.BLOCK_INFO);
            return guest.frozen || (disk && call.tier == Tier.BLOCK);
        }

        void release() {
            waitsFor = null;
            if (index < call.guests.size()) {
                SimulatedGuest guest = guests.get(call.guests.get(index).id);
                if (guest != null && guest.holder == this) {
                    at(now + costPerGuest, () -> served(guest));
                    return;
                }
            }
            advance();
        }

        private void finish() {
            calls.remove(this);
            if (orphans.remove(this)) {
                return;
            }
            Outcome outcome = switch (call.purpose) {
                case BLOCK_INFO -> Outcome.of(Samplings.INFO, now);
                case CPU_ACCOUNT ->
                    Outcome.of(new CpuAccount(CpuAccount.Source.PROC, now, OptionalLong.empty(), 0), now);
                default -> Outcome.of(samples, now);
            };
            asker.returned(call, outcome, now);
        }

        void fail() {
            fail(StatsUnavailableException.Why.CONNECTION_LOST);
        }

        private void fail(StatsUnavailableException.Why why) {
            dead = true;
            calls.remove(this);
            guests.values().forEach(g -> g.holder = g.holder == this ? null : g.holder);
            Throwable failure = new StatsUnavailableException("told to", why, null);
            asker.returned(call, Outcome.failed(failure, now), now);
        }
    }

    SimulatedHost(SamplingConfig config, int guestCount) {
        this(config, guestCount, 2);
    }

    SimulatedHost(SamplingConfig config, int guestCount, int cpus) {
        this.config = config;
        for (int i = 0; i < guestCount; i++) {
            addGuest();
        }
        this.cpus = cpus;
        startAgent();
    }

    private void startAgent() {
        table = new GuestTable();
        core = new SamplerCore(
                config,
                table,
                this,
                this::running,
                id -> triesToDestroy && guests.get(id).locked,
                () -> budget,
                () -> starting,
                listener,
                ShardPlan.forCpus(cpus),
                new Phase(0, now),
                now);
        wake = now;
    }

    /** Another agent, of the same hypervisor, in which the calls of the one before may hang. */
    void restartAgent() {
        orphans.addAll(calls);
        calls.clear();
        startAgent();
    }

    /** Calls that hang on a frozen guest, whoever made them: each keeps a worker. */
    int hanging() {
        return (int) Stream.concat(calls.stream(), orphans.stream())
                .filter(running -> running.waitsFor != null && running.waitsFor.frozen)
                .count();
    }

    UUID addGuest() {
        UUID id = new UUID(7, guests.size() + 1);
        guests.put(id, new SimulatedGuest(id, now));
        return id;
    }

    /** A new guest of which the sampler has been told. */
    UUID started() {
        UUID id = addGuest();
        table.add(id, now);
        core.added(id, now);
        wake = now;
        return id;
    }

    SimulatedGuest guest(int index) {
        return new ArrayList<>(guests.values()).get(index);
    }

    List<UUID> ids() {
        return new ArrayList<>(guests.keySet());
    }

    private Collection<UUID> running() {
        Set<UUID> running = new LinkedHashSet<>();
        guests.values().stream().filter(g -> g.running).forEach(g -> running.add(g.id));
        return running;
    }

    void freeze(int... indexes) {
        for (int index : indexes) {
            guest(index).freeze(now);
        }
    }

    /** The same guest is started again, or comes back from another host. */
    void startedAgain(UUID id) {
        table.add(id, now);
        core.added(id, now);
        wake = now;
    }

    void thaw(int... indexes) {
        for (int index : indexes) {
            SimulatedGuest guest = guest(index);
            guest.thaw(now);
            guest.diskHung = false;
            guest.holder = guest.holder instanceof String ? null : guest.holder;
            free(guest);
        }
    }

    /** libvirtd starts to destroy it: it leaves the list at once and keeps its lock for so long. */
    void destroy(int index, Duration takes) {
        SimulatedGuest guest = guest(index);
        guest.running = false;
        guest.locked = true;
        at(now + takes.toNanos(), () -> {
            guest.locked = false;
            guest.thaw(now);
            guest.holder = null;
            free(guest);
        });
    }

    /** As {@link #destroy}, but it is there afterwards as it was before. */
    void failToDestroy(int index, Duration takes) {
        SimulatedGuest guest = guest(index);
        triesToDestroy = true;
        guest.running = false;
        guest.locked = true;
        at(now + takes.toNanos(), () -> {
            guest.running = true;
            guest.locked = false;
            free(guest);
        });
    }

    private void free(SimulatedGuest guest) {
        for (Running call : Stream.concat(calls.stream(), orphans.stream()).toList()) {
            if (call.waitsFor == guest) {
                at(now, call::release);
            }
        }
    }

    /** libvirtd dies, and with it all calls in it. */
    void disconnect() {
        connected = false;
        core.connectionLost(now);
        List.copyOf(calls).forEach(Running::fail);
    }

    /** It is started again, and looks for its guests; who is frozen keeps that look waiting, which is none of its workers. */
    void restartedAfterDeath() {
        for (SimulatedGuest guest : guests.values()) {
            if (guest.frozen && guest.running) {
                guest.holder = "libvirtd itself";
                guest.occupiedSince = now;
            }
        }
        reconnect();
    }

    /** Only the link is lost. */
    void loseLink() {
        core.connectionLost(now);
    }

    /** Over a new link; what hung before and was not {@link #disconnect}ed still hangs. */
    void reconnect() {
        connected = true;
        core.connectionReset(now);
        wake = now;
    }

    void reconfigure(SamplingConfig changed) {
        config = changed;
        core.reconfigure(changed, now);
        wake = now;
    }

    /** From now on the greatest age of these guests' values is noted. */
    void watch(Collection<UUID> watched) {
        worstAge.clear();
        watched.forEach(id -> worstAge.put(id, new long[Tier.values().length]));
    }

    Duration worstAge(Tier tier) {
        long worst = 0;
        for (long[] ages : worstAge.values()) {
            worst = Math.max(worst, ages[tier.ordinal()]);
        }
        return Duration.ofNanos(worst);
    }

    GuestStats stats(int index) {
        return table.latest(guest(index).id).orElseThrow();
    }

    Duration age(int index, Group group) {
        return Duration.ofNanos(stats(index).ageNanos(now, group).orElse(Long.MAX_VALUE));
    }

    long countCalls(String start) {
        return log.stream().filter(line -> line.startsWith(start)).count();
    }

    long countAside(String start) {
        return aside.stream().filter(line -> line.startsWith(start)).count();
    }

    void run(Duration time) {
        long end = now + time.toNanos();
        while (true) {
            long next = events.isEmpty() ? wake : Math.min(wake, events.peek().at);
            if (next > end) {
                now = end;
                noteAges();
                return;
            }
            now = Math.max(now, next);
            noteAges();
            while (!events.isEmpty() && events.peek().at <= now) {
                events.poll().what.run();
            }
            steps++;
            wake = core.step(now);
            if (wake <= now) {
                throw new AssertionError("the sampler wants to be called again at once: it would spin");
            }
            mostStuck = Math.max(mostStuck, core.state().stuckCalls());
        }
    }

    /** What is under way, for messages. */
    String stuck() {
        StringBuilder text = new StringBuilder();
        for (Running running : calls) {
            Call call = running.call;
            text.append('\n').append(call.purpose + " " + call.tier + " " + call.guests.size() + " " + call.phase);
            text.append(" for " + (now - running.takenAt) / MS + " ms");
            if (running.waitsFor != null) {
                SimulatedGuest guest = running.waitsFor;
                text.append(" on " + guest.id + " frozen " + guest.frozen + " locked " + guest.locked);
            }
        }
        return text.toString();
    }

    private void noteAges() {
        worstAge.forEach((id, ages) -> {
            GuestStats stats = table.latest(id).orElseThrow();
            note(ages, Tier.SHORT, stats.ageNanos(now, Group.BALLOON));
            note(ages, Tier.BLOCK, stats.ageNanos(now, Group.BLOCK));
        });
    }

    private static void note(long[] ages, Tier tier, OptionalLong age) {
        ages[tier.ordinal()] = Math.max(ages[tier.ordinal()], age.orElseThrow());
    }

    private void at(long time, Runnable what) {
        events.add(new Event(time, eventNumber++, what));
    }

    @Override
    public boolean call(Call call) {
        if (calls.size() == size()) {
            return false;
        }
        Running running = new Running(call);
        calls.add(running);
        switch (call.purpose) {
            case BLOCK_INFO, CPU_ACCOUNT -> aside.add(call.purpose + " " + call.guests.get(0).id);
            default -> log.add(call.purpose + " " + call.tier + " " + call.guests.size());
        }
        mostAside = Math.max(mostAside, underWay(c -> c.purpose == Call.Purpose.BLOCK_INFO));
        for (Tier tier : Tier.values()) {
            mostRegular = Math.max(
                    mostRegular, underWay(c -> c.purpose == Call.Purpose.REGULAR && c.tier == tier && !c.late()));
        }
        at(now + roundTrip, () -> answer(running));
        return true;
    }

    private int underWay(Predicate<Call> wanted) {
        return (int) calls.stream().filter(running -> wanted.test(running.call)).count();
    }

    private void answer(Running running) {
        if (!connected) {
            running.fail();
        } else if (noCallFree) {
            running.fail(StatsUnavailableException.Why.NO_CALL_FREE);
        } else if ((infoFails && running.call.purpose == Call.Purpose.BLOCK_INFO)
                || (probesFail && running.call.purpose == Call.Purpose.PROBE)) {
            running.fail(StatsUnavailableException.Why.FAILED);
        } else {
            running.advance();
        }
    }

    @Override
    public boolean control(ControlRequest request) {
        if (request.purpose() == ControlRequest.Purpose.STANDING) {
            at(now + KERNEL_LOOK, () -> askStanding(request));
        } else {
            ask(request, request.domains(), Optional.empty());
        }
        return true;
    }

    private void askStanding(ControlRequest request) {
        kernelLooks++;
        Set<UUID> standing = new LinkedHashSet<>(request.domains());
        standing.removeIf(id -> !standsStill(guests.get(id)));
        Optional<Set<UUID>> told = kernel == Kernel.SILENT ? Optional.empty() : Optional.of(standing);
        if (told.isEmpty() || standing.isEmpty()) {
            core.answered(request, new ControlRequest.Answer(Map.of(), told, null), now);
        } else {
            ask(request, List.copyOf(standing), told);
        }
    }

    private boolean standsStill(SimulatedGuest guest) {
        return guest.waits || (guest.frozen && kernel == Kernel.KNOWS);
    }

    private void ask(ControlRequest request, List<UUID> domains, Optional<Set<UUID>> standing) {
        asked.add(domains.size());
        control(new Asked(request, domains, standing, now + request.patience().toNanos()));
    }

    private void control(Asked question) {
        if (connected && !stalled) {
            question.begin();
        } else if (now >= question.deadline) {
            core.answered(question.request, noAnswer(), now);
        } else {
            at(Math.min(question.deadline, now + 10 * MS), () -> control(question));
        }
    }

    /**
     * A question, as the adapter asks it: two threads take one guest after the other until the time is up; whoever holds its lock keeps its
     * thread until it lets go, and is not asked again before.
     */
    private final class Asked {
        private final ControlRequest request;
        private final List<UUID> domains;
        private final Optional<Set<UUID>> standing;
        private final long deadline;
        private final long[] freeAt = new long[CONTROL_HELPERS];
        private final Map<UUID, Long> reached = new LinkedHashMap<>(); // when

        Asked(ControlRequest request, List<UUID> domains, Optional<Set<UUID>> standing, long deadline) {
            this.request = request;
            this.domains = domains;
            this.standing = standing;
            this.deadline = deadline;
        }

        void begin() {
            lostTo.keySet().removeIf(id -> !guests.get(id).locked);
            int threads = Math.min(CONTROL_HELPERS, CONTROL_THREADS - lostTo.size());
            for (int i = 0; i < CONTROL_HELPERS; i++) {
                freeAt[i] = i < threads ? now + CONTROL_ROUND_TRIP : Long.MAX_VALUE;
            }
            long end = now + CONTROL_ROUND_TRIP;
            for (UUID id : domains) {
                if (!lostTo.containsKey(id)) {
                    end = Math.max(end, ask(id));
                }
            }
            at(Math.min(deadline, end), this::answer);
        }

        /** When that is answered, or never. */
        private long ask(UUID id) {
            int helper = freeAt[0] <= freeAt[1] ? 0 : 1;
            if (freeAt[helper] >= deadline) {
                return Long.MAX_VALUE;
            }
            if (guests.get(id).locked) {
                lostTo.put(id, freeAt[helper]);
                freeAt[helper] = Long.MAX_VALUE;
            } else {
                freeAt[helper] += controlCost;
                reached.put(id, freeAt[helper]);
            }
            return freeAt[helper];
        }

        private void answer() {
            if (!connected || stalled) { // since it was asked: nothing is known of anybody
                at(deadline, () -> core.answered(request, noAnswer(), now));
                return;
            }
            Map<UUID, ControlState> states = new HashMap<>();
            for (UUID id : domains) {
                Long since = lostTo.get(id);
                boolean unlocked = since != null && !guests.get(id).locked;
                if (unlocked || reached.getOrDefault(id, Long.MAX_VALUE) <= now) {
                    states.put(id, state(guests.get(id)));
                } else if (since != null && now - since >= CONTROL_NO_ANSWER_AFTER) {
                    states.put(id, new ControlState(ControlState.Kind.NO_ANSWER, Duration.ofNanos(now - since)));
                }
            }
            core.answered(request, new ControlRequest.Answer(states, standing, null), now);
        }
    }

    private ControlRequest.Answer noAnswer() {
        return ControlRequest.Answer.failed(new StatsUnavailableException(
                "libvirtd is silent", StatsUnavailableException.Why.CONNECTION_LOST, null));
    }

    private ControlState state(SimulatedGuest guest) {
        if (guest.holder == null) {
            return new ControlState(ControlState.Kind.OK, Duration.ZERO);
        }
        Duration since = Duration.ofNanos(now - guest.occupiedSince);
        return guest.inJob // nobody asks the kernel about such a one
                ? new ControlState(ControlState.Kind.JOB, since)
                : new ControlState(ControlState.Kind.OCCUPIED, since, Optional.of(guest.stopped));
    }

    @Override
    public int busy() {
        return calls.size();
    }

    @Override
    public int size() {
        return Workers.threads(ShardPlan.forCpus(cpus).parallel());
    }
}
