package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The sampler with its threads, on the real clock. */
final class SamplerTest {
    private static final SamplingConfig QUICK = new SamplingConfig(
            Duration.ofMillis(500), Duration.ofMillis(1000), Duration.ofSeconds(3), Duration.ofSeconds(2));

    private final FakeStatsSource source = new FakeStatsSource();
    private final List<UUID> running = new CopyOnWriteArrayList<>();
    private final CountDownLatch frozen = new CountDownLatch(1);
    private final CountDownLatch thawed = new CountDownLatch(1);
    private Sampler sampler;

    private final Set<Thread> ofOthers = allThreads().collect(Collectors.toSet());

    private final SamplingListener listener = new SamplingListener() {
        @Override
        public void frozen(UUID domain, GuestStats.Frozen cause) {
            frozen.countDown();
        }

        @Override
        public void thawed(UUID domain, long frozenNanos) {
            thawed.countDown();
        }
    };

    @AfterEach
    void stop() {
        sampler.close();
        source.releaseAll();
    }

    private void start(int guests) {
        IntStream.range(0, guests).forEach(i -> running.add(new UUID(1, i)));
        Collection<UUID> snapshot = running;
        sampler = new Sampler(
                QUICK,
                source,
                () -> snapshot,
                id -> false,
                () -> 8,
                () -> false,
                listener,
                "this host",
                System::nanoTime);
        sampler.start();
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            LockSupport.parkNanos(2_000_000);
        }
    }

    private boolean sampled(UUID domain) {
        return sampler.latest(domain).flatMap(GuestStats::cpu).isPresent();
    }

    /** Of this test's sampler: those of one before may still be about to end. */
    private List<String> threads() {
        return allThreads()
                .filter(thread -> !ofOthers.contains(thread))
                .map(Thread::getName)
                .toList();
    }

    private static Stream<Thread> allThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .filter(thread -> thread.getName().startsWith("stats-")
                        || thread.getName().equals("sampler"));
    }

    @Test
    void allGuestsAreSampledWithRates() {
        start(20);
        await(() -> running.stream()
                .allMatch(id -> sampler.latest(id)
                        .flatMap(GuestStats::cpu)
                        .map(c -> c.userPercent().isPresent())
                        .orElse(false)));
        assertThat(sampler.latest(new UUID(1, 3))
                        .orElseThrow()
                        .cpu()
                        .orElseThrow()
                        .userPercent()
                        .orElseThrow())
                .isBetween(39.0, 41.0);
    }

    @Test
    void theNumberOfThreadsDoesNotDependOnTheNumberOfGuests() {
        start(0);
        int none = threads().size();
        IntStream.range(0, 500).forEach(i -> running.add(new UUID(2, i)));
        await(() -> sampled(new UUID(2, 499)));
        assertThat(threads()).hasSize(none);
        source.hang(new UUID(2, 7));
        await(() -> frozen.getCount() == 0);
        assertThat(threads()).hasSize(none);
    }

    @Test
    void aFrozenGuestIsToldAndTheOthersGoOnAndItComesBack() throws InterruptedException {
        start(20);
        UUID culprit = new UUID(1, 5);
        await(() -> sampled(culprit));
        source.hang(culprit);
        assertThat(frozen.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(sampler.latest(culprit).orElseThrow().frozen()).isPresent();
        long since = System.nanoTime();
        await(() -> running.stream()
                .filter(id -> !id.equals(culprit))
                .allMatch(id -> sampler.latest(id)
                                .orElseThrow()
                                .takenAtNanos(Group.CPU_TOTAL)
                                .orElse(0)
                        > since));
        assertThat(sampler.state().frozen())
                .singleElement()
                .satisfies(guest ->
                        assertThat(source.waitingFor(culprit)).isPresent().isEqualTo(guest.thread()));
        source.release(culprit);
        assertThat(thawed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoStandsStillIsAskedAboutBeforeAnybodyElseIs() throws InterruptedException {
        start(20);
        UUID culprit = new UUID(1, 5);
        await(() -> sampled(culprit));
        source.hang(culprit);
        assertThat(frozen.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(source.questions()).contains(List.of(culprit));
    }

    @Test
    void aLostConnectionEndsNothing() {
        start(5);
        await(() -> sampled(new UUID(1, 0)));
        source.disconnect(true);
        await(() -> !sampler.state().connected());
        source.disconnect(false);
        long back = System.nanoTime();
        sampler.connectionReset();
        await(() -> sampler.latest(new UUID(1, 0))
                        .orElseThrow()
                        .takenAtNanos(Group.CPU_TOTAL)
                        .orElseThrow()
                > back);
        assertThat(frozen.getCount()).isEqualTo(1);
    }

    @Test
    void aSourceThatThrowsEndsNothing() {
        start(5);
        source.fail(new IllegalStateException("a mistake"));
        int calls = source.bulkCalls();
        await(() -> source.bulkCalls() > calls + 5);
        source.fail(null);
        await(() -> sampled(new UUID(1, 0)));
    }

    @Test
    void aMistakeInOneMessageLosesNoneOfTheOthers() throws InterruptedException {
        start(1);
        CountDownLatch posted = new CountDownLatch(1);
        CountDownLatch taken = new CountDownLatch(1);
        sampler.beat(() -> waitFor(posted)); // so that the others are taken together
        sampler.beat(() -> {
            throw new IllegalStateException("a mistake");
        });
        sampler.beat(taken::countDown);
        posted.countDown();
        assertThat(taken.await(10, TimeUnit.SECONDS)).isTrue();
        await(() -> sampled(new UUID(1, 0)));
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Test
    void addedGuestsAreSampledSoonAndRemovedOnesAreForgottenAtOnce() {
        start(1);
        await(() -> sampled(new UUID(1, 0)));
        sampler.reconfigure(SamplingConfig.DEFAULT);
        UUID fresh = new UUID(3, 3);
        running.add(fresh);
        long added = System.nanoTime();
        sampler.added(fresh);
        await(() -> sampled(fresh));
        assertThat(System.nanoTime() - added).isLessThan(TimeUnit.SECONDS.toNanos(3));
        running.remove(fresh);
        sampler.removed(fresh);
        assertThat(sampler.latest(fresh)).isEmpty();
    }

    @Test
    void closingWaitsForNoCallThatHangs() {
        start(5);
        source.hang(new UUID(1, 1));
        await(() -> source.inCall() > 0);
        long before = System.nanoTime();
        sampler.close();
        sampler.close();
        assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(1));
        await(() -> !threads().contains("sampler"));
    }
}
