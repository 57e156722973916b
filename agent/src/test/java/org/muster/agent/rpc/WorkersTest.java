package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.rig.Await;

class WorkersTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final Workers workers = new Workers("workers-test", 2);
    private final Semaphore entered = new Semaphore(0);
    private final Semaphore let = new Semaphore(0);
    private final AtomicInteger beats = new AtomicInteger();

    @AfterEach
    void close() {
        let.release(1_000_000);
        workers.close();
    }

    private void holdOne() {
        entered.release();
        let.acquireUninterruptibly();
    }

    private void holdBoth() throws InterruptedException {
        for (int i = 0; i < 2; i++) {
            assertThat(workers.tryRun(this::holdOne)).isTrue();
        }
        assertThat(entered.tryAcquire(2, SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    private void awaitBeats(int count) {
        Await.until(count + " signs of life", SOON, () -> beats.get() == count);
    }

    @Test
    void idleThreadsGiveASignOfLifeEachTimeTheyAreAsked() {
        for (int i = 1; i <= 3; i++) {
            workers.beat(beats::incrementAndGet);
            awaitBeats(i);
        }
    }

    @Test
    void oneThatIsHeldIsNoReasonToWorry() throws InterruptedException {
        assertThat(workers.tryRun(this::holdOne)).isTrue();
        assertThat(entered.tryAcquire(1, SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();

        workers.beat(beats::incrementAndGet);

        awaitBeats(1);
    }

    @Test
    void allOfThemHeldGiveNone() throws InterruptedException {
        holdBoth();

        workers.beat(beats::incrementAndGet);

        assertThat(beats).hasValue(0);
        let.release();
        awaitBeats(1);
    }

    @Test
    void aFullQueueThatGetsOnIsASignOfLife() throws InterruptedException {
        holdBoth();
        int queued = 0;
        while (workers.tryRun(this::holdOne)) {
            queued++;
        }
        assertThat(queued).isGreaterThan(1000);

        workers.beat(beats::incrementAndGet);
        assertThat(beats).hasValue(0);
        let.release(); // one ends, and all the others wait on

        awaitBeats(1);
    }

    @Test
    void aDirectoryServiceThatHangsTakesTwoOfThem() throws InterruptedException {
        Workers three = new Workers("three", 3);
        try {
            LookUps lookUps = new LookUps(three);
            int taken = 0;
            while (lookUps.tryRun(this::holdOne)) {
                taken++;
            }
            assertThat(taken).isEqualTo(LookUps.MOST);
            assertThat(entered.tryAcquire(2, SOON.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();

            CountDownLatch free = new CountDownLatch(1);
            assertThat(three.tryRun(free::countDown)).isTrue();

            assertThat(free.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(entered.availablePermits())
                    .as("the others wait for the first ones")
                    .isZero();
            let.release(taken);
            Await.until("all had their turn", SOON, () -> entered.availablePermits() == LookUps.MOST - 2);
            Await.until("there is room again", SOON, () -> lookUps.tryRun(() -> {}));
        } finally {
            let.release(1_000_000);
            three.close();
        }
    }

    @Test
    void oneLookUpThatHangsKeepsNobodyElseWaiting() throws InterruptedException {
        Workers three = new Workers("three", 3);
        try {
            LookUps lookUps = new LookUps(three);
            assertThat(lookUps.tryRun(this::holdOne)).isTrue();
            assertThat(entered.tryAcquire(1, SOON.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            CountDownLatch others = new CountDownLatch(1);
            assertThat(lookUps.tryRun(others::countDown)).isTrue();

            assertThat(others.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } finally {
            let.release(1_000_000);
            three.close();
        }
    }
}
