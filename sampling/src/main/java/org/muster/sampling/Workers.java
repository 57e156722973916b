package org.muster.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * The threads {@code stats-%d} and {@code stats-control-%d}, which make the calls: a fixed number, all started at once.
 *
 * <p>A thread whose call does not return is lost until it does; no other takes its place. Questions have threads of
 * their own, so that lost calls never keep the search for who is to blame waiting. Thread-safe.
 */
final class Workers implements Lanes, AutoCloseable {
    private static final String CALLS = "stats";
    private static final int CONTROL_THREADS = 2; // who keeps a late call, and who is back: side by side
    static final int FOR_STUCK_CALLS = 13; // as many as the hypervisor is trusted to bear
    private static final int SPARE = 1; // for what never blocks, beyond the budget

    private final StatsSource source;
    private final LongSupplier nanoTime;
    private final Reports reports;
    private final Lane calls;
    private final Lane questions;

    /** Told on the worker's thread what came of a call; must not block. */
    interface Reports {
        void returned(Call call, Outcome outcome);

        void answered(ControlRequest request, ControlRequest.Answer answer);
    }

    /** @param parallel calls of one tier side by side, as {@link ShardPlan} has it */
    Workers(StatsSource source, int parallel, LongSupplier nanoTime, Reports reports) {
        this.source = source;
        this.nanoTime = nanoTime;
        this.reports = reports;
        this.calls = new Lane(CALLS, threads(parallel));
        this.questions = new Lane("stats-control", CONTROL_THREADS);
    }

    static int threads(int parallel) {
        return Tier.values().length * parallel + FOR_STUCK_CALLS + SPARE + BlockInfoLane.SIDE_BY_SIDE;
    }

    static boolean isThread(String name) {
        return name.startsWith(CALLS + "-");
    }

    void start() {
        calls.start();
        questions.start();
    }

    @Override
    public boolean call(Call call) {
        return calls.run(() -> {
            Outcome outcome = make(call);
            return () -> reports.returned(call, outcome);
        });
    }

    @Override
    public boolean control(ControlRequest request) {
        return questions.run(() -> {
            ControlRequest.Answer answer = ask(request);
            return () -> reports.answered(request, answer);
        });
    }

    @Override
    public int busy() {
        return calls.busy();
    }

    @Override
    public int size() {
        return calls.size();
    }

    private Outcome make(Call call) {
        call.thread = Thread.currentThread().getName();
        try {
            if (call.purpose == Call.Purpose.BLOCK_INFO) {
                BlockInfo info = source.blockInfo(
                        call.guests.get(0).id, call.disk.orElseThrow().name());
                return Outcome.of(info, nanoTime.getAsLong());
            }
            if (call.purpose == Call.Purpose.CPU_ACCOUNT) {
                CpuAccount account = source.cpuAccount(call.guests.get(0).id);
                return Outcome.of(account, nanoTime.getAsLong());
            }
            List<UUID> domains = new ArrayList<>(call.guests.size());
            call.guests.forEach(g -> domains.add(g.id));
            // a guest that is busy with somebody else's job is passed over, rather than waited for
            List<DomainSample> samples = call.purpose == Call.Purpose.SAFE
                    ? source.withoutMonitor(domains)
                    : source.sample(domains, call.groups(), true);
            return Outcome.of(samples, nanoTime.getAsLong());
        } catch (StatsUnavailableException | RuntimeException | Error e) {
            return Outcome.failed(e, nanoTime.getAsLong());
        }
    }

    private ControlRequest.Answer ask(ControlRequest request) {
        try {
            return request.purpose() == ControlRequest.Purpose.STANDING
                    ? askStanding(request)
                    : ControlRequest.Answer.of(source.control(request.domains(), request.patience()));
        } catch (StatsUnavailableException | RuntimeException | Error e) {
            return ControlRequest.Answer.failed(e);
        }
    }

    private ControlRequest.Answer askStanding(ControlRequest request) throws StatsUnavailableException {
        Optional<Set<UUID>> standing = source.standingStill(request.domains());
        List<UUID> those = new ArrayList<>(request.domains());
        those.retainAll(standing.orElse(Set.of()));
        Map<UUID, ControlState> states = those.isEmpty() ? Map.of() : source.control(those, request.patience());
        return new ControlRequest.Answer(states, standing, null);
    }

    @Override
    public void close() {
        calls.close();
        questions.close();
    }
}
