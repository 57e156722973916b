package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LaneTest {
    private static final int SIZE = 3;

    // another one for each test: the threads of the one before may still be ending
    private final String name = "lane-test-" + UUID.randomUUID();
    private final Lane lane = new Lane(name, SIZE);
    private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    private final CountDownLatch hang = new CountDownLatch(1);

    @AfterEach
    void end() {
        hang.countDown();
        lane.close();
    }

    private boolean run(Runnable work) {
        return lane.run(() -> {
            work.run();
            String thread = Thread.currentThread().getName();
            return () -> reports.add(thread);
        });
    }

    private void hangs() {
        try {
            hang.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private String report() throws InterruptedException {
        String report = reports.poll(10, TimeUnit.SECONDS);
        assertThat(report).as("a report").isNotNull();
        return report;
    }

    @Test
    void oneThreadDoesAllOfTheWorkWhileNobodyHangs() throws Exception {
        lane.start();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            assertThat(run(() -> {})).isTrue();
            names.add(report()); // it counts as free before it reports
        }
        assertThat(names).containsOnly(names.get(0));
        assertThat(lane.busy()).isZero();
    }

    @Test
    void whoHangsKeepsItsThreadAndNothingIsQueued() throws Exception {
        lane.start();
        for (int i = 0; i < SIZE - 1; i++) {
            assertThat(run(this::hangs)).isTrue();
        }
        assertThat(run(() -> {})).isTrue();
        report();
        assertThat(run(this::hangs)).isTrue();
        assertThat(run(() -> {})).isFalse();
        assertThat(lane.busy()).isEqualTo(SIZE);
        hang.countDown();
        for (int i = 0; i < SIZE; i++) {
            report();
        }
        assertThat(lane.busy()).isZero();
    }

    @Test
    void aTaskThatFailsLosesNoThread() throws Exception {
        lane.start();
        for (int i = 0; i < 2 * SIZE; i++) {
            boolean taken = lane.run(() -> () -> {
                reports.add("failing");
                throw new IllegalStateException("a mistake");
            });
            assertThat(taken).isTrue();
            report();
        }
        assertThat(run(() -> {})).isTrue();
        report();
        assertThat(lane.busy()).isZero();
    }

    @Test
    void whatIsGivenBeforeTheStartIsDoneAfterIt() throws Exception {
        assertThat(run(() -> {})).isTrue();
        lane.start();
        assertThat(report()).startsWith(name);
    }

    @Test
    void closingEndsThreadsThatAreFreeAndThoseThatHangWhenTheyReturn() throws Exception {
        lane.start();
        List<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name))
                .toList();
        assertThat(threads).hasSize(SIZE);
        run(this::hangs);
        lane.close();
        hang.countDown();
        report();
        for (Thread thread : threads) {
            thread.join(10_000);
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
        assertThat(run(() -> {})).as("after the end").isFalse();
    }
}
