package org.muster.sampling;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * A source that does what the test says: hang until released, be late, leave part out, fail, be disconnected.
 *
 * <p>Behaves as libvirt does otherwise: guests are taken one after the other, one that hangs holds up the call, and a
 * second call passes it over. Thread-safe.
 */
public final class FakeStatsSource implements StatsSource {
    private final Map<UUID, CountDownLatch> hanging = new ConcurrentHashMap<>();
    private final Map<UUID, Long> occupiedSince = new ConcurrentHashMap<>();
    private final Map<UUID, String> waiting = new ConcurrentHashMap<>(); // who, for whom
    private final Set<UUID> busy = ConcurrentHashMap.newKeySet();
    private final AtomicInteger bulkCalls = new AtomicInteger();
    private final AtomicInteger inCall = new AtomicInteger();
    private final List<List<UUID>> questions = new CopyOnWriteArrayList<>();
    private volatile boolean disconnected;
    private volatile RuntimeException failure;
    private volatile Duration costPerGuest = Duration.ZERO;

    /** From now on whatever reaches this guest's monitor hangs. */
    public void hang(UUID domain) {
        hanging.putIfAbsent(domain, new CountDownLatch(1));
    }

    /** The guest goes on, and the calls that it held come back, late. */
    public void release(UUID domain) {
        CountDownLatch latch = hanging.remove(domain);
        if (latch != null) {
            latch.countDown();
        }
    }

    public void releaseAll() {
        List.copyOf(hanging.keySet()).forEach(this::release);
    }

    /** Whether somebody else holds the guest's job, so that it is told in part. */
    public void busy(UUID domain, boolean isBusy) {
        if (isBusy) {
            busy.add(domain);
        } else {
            busy.remove(domain);
        }
    }

    /** Every call fails, as without a connection. */
    public void disconnect(boolean isDisconnected) {
        disconnected = isDisconnected;
    }

    /** Every call throws this; null for none. */
    public void fail(RuntimeException thrown) {
        failure = thrown;
    }

    public void costPerGuest(Duration cost) {
        costPerGuest = cost;
    }

    public int bulkCalls() {
        return bulkCalls.get();
    }

    /** The thread whose call the guest keeps. */
    public Optional<String> waitingFor(UUID domain) {
        return Optional.ofNullable(waiting.get(domain));
    }

    /** Whom each question about monitors was about. */
    public List<List<UUID>> questions() {
        return questions;
    }

    /** Threads in a bulk call at present. */
    public int inCall() {
        return inCall.get();
    }

    @Override
    public List<DomainSample> sample(List<UUID> domains, Set<Group> groups, boolean skipBusy)
            throws StatsUnavailableException {
        long takenAt = System.nanoTime();
        bulkCalls.incrementAndGet();
        inCall.incrementAndGet();
        try {
            check();
            List<DomainSample> samples = new ArrayList<>();
            for (UUID domain : domains) {
                samples.add(sample(domain, takenAt, groups));
            }
            return samples;
        } finally {
            inCall.decrementAndGet();
        }
    }

    private DomainSample sample(UUID domain, long takenAt, Set<Group> groups) {
        LockSupport.parkNanos(costPerGuest.toNanos());
        CountDownLatch latch = hanging.get(domain);
        boolean first = latch != null && occupiedSince.putIfAbsent(domain, System.nanoTime()) == null;
        if (first) {
            try {
                waiting.put(domain, Thread.currentThread().getName());
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("closed while a guest hung", e);
            } finally {
                waiting.remove(domain);
                occupiedSince.remove(domain);
            }
        }
        if ((latch != null && !first) || busy.contains(domain)) {
            return Samplings.busy(domain, takenAt, groups, takenAt);
        }
        return Samplings.full(new SimulatedHost.SimulatedGuest(domain, 0), takenAt, takenAt, groups);
    }

    @Override
    public List<DomainSample> withoutMonitor(List<UUID> domains) throws StatsUnavailableException {
        long takenAt = System.nanoTime();
        check();
        return domains.stream()
                .map(domain -> Samplings.withoutMonitor(domain, takenAt, takenAt))
                .toList();
    }

    @Override
    public CpuAccount cpuAccount(UUID domain) throws StatsUnavailableException {
        check();
        return new CpuAccount(CpuAccount.Source.PROC, System.nanoTime(), OptionalLong.empty(), 0);
    }

    private void check() throws StatsUnavailableException {
        if (disconnected) {
            throw new StatsUnavailableException("no connection", StatsUnavailableException.Why.CONNECTION_LOST, null);
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public Map<UUID, ControlState> control(List<UUID> domains, Duration patience) throws StatsUnavailableException {
        check();
        questions.add(List.copyOf(domains));
        long now = System.nanoTime();
        Map<UUID, ControlState> states = new HashMap<>();
        for (UUID domain : domains) {
            Long since = occupiedSince.get(domain);
            states.put(
                    domain,
                    since == null
                            ? new ControlState(ControlState.Kind.OK, Duration.ZERO)
                            : new ControlState(ControlState.Kind.OCCUPIED, Duration.ofNanos(now - since)));
        }
        return states;
    }

    @Override
    public Optional<Set<UUID>> standingStill(List<UUID> domains) {
        return Optional.of(domains.stream().filter(hanging::containsKey).collect(Collectors.toSet()));
    }

    @Override
    public BlockInfo blockInfo(UUID domain, String disk) throws StatsUnavailableException {
        check();
        return Samplings.INFO;
    }
}
