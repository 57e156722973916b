package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.create.Chores.Matter;
import org.muster.rig.Await;

/** What must be done is done, once, however often it is asked for and however long it fails. */
class ChoresTest {
    private static final UUID ID = new UUID(3, 1);
    private static final UUID OTHER = new UUID(3, 2);
    private static final Duration SOON = Duration.ofSeconds(8);

    private final VmLane lane = new VmLane(2);
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    private final AtomicBoolean link = new AtomicBoolean(true);
    private final Chores chores = new Chores(lane, timer, link::get);
    private final AtomicInteger turns = new AtomicInteger();

    ChoresTest() {
        timer.setRemoveOnCancelPolicy(true);
    }

    @AfterEach
    void stop() {
        timer.shutdownNow();
        lane.close();
    }

    private void awaitTurns(int count) {
        Await.until(count + " turns", SOON, () -> turns.get() >= count);
    }

    private void awaitNone() {
        Await.until("nothing is left to do", SOON, () -> chores.size() == 0);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private Optional<String> failing() {
        turns.incrementAndGet();
        return Optional.of("still fails");
    }

    @Test
    void itIsTriedAgainUntilItIsDone() {
        chores.see(Matter.STORED, ID, 0, () -> turns.incrementAndGet() < 3 ? Optional.of("not yet") : Optional.empty());

        awaitNone();
        assertThat(turns).hasValue(3);
    }

    @Test
    void oneThatThrowsIsTriedAgain() {
        chores.see(Matter.STORED, ID, 0, () -> {
            if (turns.incrementAndGet() == 1) {
                throw new IllegalStateException("a bug");
            }
            return Optional.empty();
        });

        awaitNone();
        assertThat(turns).hasValue(2);
    }

    @Test
    void askedForAThousandTimesItIsStillOne() {
        chores.see(Matter.DOOMED, ID, 0, this::failing);
        awaitTurns(1);

        for (int i = 0; i < 1000; i++) {
            chores.see(Matter.DOOMED, ID, 0, this::failing);
        }

        assertThat(chores.size()).isEqualTo(1);
        assertThat(timer.getQueue()).hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void whatIsAskedForWhileItWaitsIsDoneAtOnce() {
        AtomicBoolean works = new AtomicBoolean();
        chores.see(Matter.DOOMED, ID, 0, this::failing);
        awaitTurns(3); // the next one would come after two seconds
        long since = System.nanoTime();
        works.set(true);

        chores.see(Matter.DOOMED, ID, 0, () -> works.get() ? Optional.empty() : failing());

        awaitNone();
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Duration.ofSeconds(1));
    }

    /** Whoever asks has seen something that the turn under way may have looked at before. */
    @Test
    void whatIsAskedForDuringATurnIsFollowedByOneMore() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        chores.see(Matter.DOOMED, ID, 0, () -> {
            turns.incrementAndGet();
            begun.countDown();
            await(released);
            return Optional.empty();
        });
        await(begun);

        for (int i = 0; i < 100; i++) {
            chores.see(Matter.DOOMED, ID, 0, () -> {
                turns.incrementAndGet();
                return Optional.empty();
            });
        }
        released.countDown();

        awaitNone();
        assertThat(turns).hasValue(2);
    }

    @Test
    void mattersAndVmsAreKeptApart() {
        chores.see(Matter.DOOMED, ID, 0, this::failing);
        chores.see(Matter.STORED, ID, 0, this::failing);
        chores.see(Matter.STORED, ID, 1, this::failing);
        chores.see(Matter.STORED, OTHER, 1, this::failing);

        assertThat(chores.size()).isEqualTo(4);
        awaitTurns(4);
    }

    @Test
    void withoutALinkNothingIsTriedAndWithOneAtOnce() {
        link.set(false);
        chores.see(Matter.STORED, ID, 0, () -> {
            turns.incrementAndGet();
            return Optional.empty();
        });
        Await.until("it waits", SOON, () -> !timer.getQueue().isEmpty());
        assertThat(turns).hasValue(0);

        link.set(true);
        chores.hurry();

        awaitNone();
        assertThat(turns).hasValue(1);
    }

    @Test
    void oneWhoseLaneIsFullHasItsTurnLater() {
        CountDownLatch released = new CountDownLatch(1);
        for (int i = 0; i < VmLane.WAITING_PER_VM; i++) {
            assertThat(lane.submit(ID, () -> await(released))).isTrue();
        }
        chores.see(Matter.STORED, ID, 0, () -> {
            turns.incrementAndGet();
            return Optional.empty();
        });
        assertThat(chores.size()).isEqualTo(1);

        released.countDown();

        awaitNone();
        assertThat(turns).hasValue(1);
    }
}
