package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.CallGuard.Workers;
import org.muster.rig.Await;

class WorkerWatchTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Duration NEVER = Duration.ofDays(1);
    private static final Duration OFTEN = Duration.ofMillis(1);
    private static final Workers STOCK = new Workers(5, 20, true);
    private static final Workers RAISED = new Workers(20, 20, true);

    private final CallGuard guard = new CallGuard(OptionalInt.empty(), System::nanoTime);

    @Test
    void whatAnAdminSetsWhileLibvirtdRunsIsNoticed() {
        guard.workers(STOCK);
        try (WorkerWatch watch = new WorkerWatch(() -> true, () -> Optional.of(RAISED), guard, OFTEN)) {
            watch.start();
            Await.until("it is noticed", SOON, () -> guard.maxStuck() == 13);
        }
    }

    @Test
    void itIsAskedAtOnceWhenSomebodyWantsIt() {
        guard.workers(STOCK);
        try (WorkerWatch watch = new WorkerWatch(() -> true, () -> Optional.of(RAISED), guard, NEVER)) {
            watch.start();
            watch.soon();
            Await.until("it is noticed", SOON, () -> guard.maxStuck() == 13);
        }
    }

    @Test
    void whereLibvirtdDoesNotTellItIsAskedMoreSeldomUntilTheNextLink() {
        guard.workers(STOCK);
        AtomicInteger looks = new AtomicInteger();
        AtomicInteger asked = new AtomicInteger();
        try (WorkerWatch watch = new WorkerWatch(
                () -> looks.incrementAndGet() > 0,
                () -> {
                    asked.incrementAndGet();
                    return Optional.empty();
                },
                guard,
                OFTEN)) {
            watch.start();
            Await.until("it has come round many times", SOON, () -> looks.get() > 50);
            int times = asked.get();
            assertThat(times).isBetween(2, looks.get() / 10 + 1);
            watch.linked();
            Await.until("it is asked again", SOON, () -> asked.get() > times);
            assertThat(guard.workers()).isSameAs(STOCK);
        }
    }

    @Test
    void withoutALinkNobodyIsAsked() {
        AtomicInteger looks = new AtomicInteger();
        AtomicInteger asked = new AtomicInteger();
        try (WorkerWatch watch = new WorkerWatch(
                () -> looks.incrementAndGet() < 0,
                () -> {
                    asked.incrementAndGet();
                    return Optional.of(RAISED);
                },
                guard,
                OFTEN)) {
            watch.start();
            Await.until("it has come round some times", SOON, () -> looks.get() > 5);
            assertThat(asked).hasValue(0);
        }
    }

    /** libvirtd is started anew while the old one is asked: what the new link found stays. */
    @Test
    void anAnswerOfALibvirtdThatIsGoneChangesNothing() {
        AtomicInteger asked = new AtomicInteger();
        try (WorkerWatch watch = new WorkerWatch(
                () -> true,
                () -> {
                    guard.workers(new Workers(STOCK.min(), STOCK.max(), true));
                    asked.incrementAndGet();
                    return Optional.of(RAISED);
                },
                guard,
                OFTEN)) {
            watch.start();
            Await.until("the first two are judged", SOON, () -> asked.get() > 2);
            assertThat(guard.workers()).isEqualTo(STOCK);
        }
    }
}
