package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.verbs.NothingKnown;

/** When the thread that writes entries ahead is put to work; what it writes is {@link StatsViewTest}'s. */
class StatsAheadTest {
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final long PATIENCE_SECONDS = 10;

    private final AtomicLong now = new AtomicLong(1);
    private final StatsView view = new StatsView(vm -> "Up", new NothingKnown(), new EventClock(), now::get);
    private final AtomicInteger written = new AtomicInteger();
    private final List<UUID> looked = new ArrayList<>();
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final StatsAhead ahead = new StatsAhead(view, this::vms, this::vm, INTERVAL);

    /** Asked for once by each writing; the first one stays at it until it may go on. */
    private Collection<Vm> vms() {
        if (written.getAndIncrement() == 0) {
            begun.countDown();
            try {
                assertThat(goOn.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return List.of();
    }

    private Optional<Vm> vm(UUID id) {
        looked.add(id);
        return Optional.empty();
    }

    @AfterEach
    void close() {
        goOn.countDown();
        ahead.close();
    }

    private void sampled() {
        ahead.storing();
        ahead.stored();
    }

    private void read(long seconds) {
        now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
        List<byte[]> unused = view.all(List.of(), 0);
    }

    @Test
    void nothingIsDoneForNobody() {
        ahead.start();
        sampled();
        read(0); // once is not regularly
        sampled();

        assertThat(view.aheadBegun()).isFalse();
        ahead.close();
        assertThat(written).hasValue(0);
    }

    @Test
    void oneThatChangedIsWrittenAtOnceIfSomebodyReads() {
        UUID id = new UUID(1, 1);
        ahead.changed(id);
        assertThat(looked).isEmpty();
        read(0);
        read(2);
        ahead.changed(id);
        assertThat(looked).containsExactly(id);
    }

    @Test
    void whatComesWhileItWritesIsWrittenOnce() throws InterruptedException {
        ahead.start();
        read(0);
        read(2);
        sampled();
        assertThat(begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 5; i++) {
            sampled();
        }
        goOn.countDown();

        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while ((written.get() < 2 || view.aheadBegun()) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        ahead.reconfigure(Duration.ofSeconds(1)); // longer than nobody has read now
        now.addAndGet(TimeUnit.MINUTES.toNanos(1));
        sampled();
        assertThat(view.aheadBegun()).isFalse();
        ahead.close();
        assertThat(written).hasValue(2);
    }
}
