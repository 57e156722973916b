package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.Agent.id;

import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VmLaneTest {
    private static final long SEED = 20261121;

    private final VmLane lane = new VmLane(3);
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void close() {
        released.countDown();
        lane.close();
    }

    private void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void oneVmsTasksRunInOrderAndNeverTwoAtOnce() {
        Random random = new Random(SEED);
        int vms = 5;
        int[] next = new int[vms]; // confined to each VM's tasks, one at a time
        AtomicInteger[] inside = new AtomicInteger[vms];
        for (int i = 0; i < vms; i++) {
            inside[i] = new AtomicInteger();
        }
        List<String> wrong = new CopyOnWriteArrayList<>();
        CountDownLatch done = new CountDownLatch(100);
        int[] numbers = new int[vms];
        for (int i = 0; i < 100; i++) {
            int vm = random.nextInt(vms);
            int number = numbers[vm]++;
            boolean taken = lane.submit(id(vm), () -> {
                if (inside[vm].incrementAndGet() != 1 || next[vm]++ != number) {
                    wrong.add("vm " + vm + " task " + number + ", seed " + SEED);
                }
                inside[vm].decrementAndGet();
                done.countDown();
            });
            assertThat(taken).isTrue();
        }
        await(done);

        assertThat(wrong).isEmpty();
    }

    @Test
    void aTaskThatHangsKeepsNobodyElseWaiting() {
        CountDownLatch other = new CountDownLatch(1);
        lane.submit(id(1), () -> await(released));
        lane.submit(id(1), () -> {});

        assertThat(lane.submit(id(2), other::countDown)).isTrue();

        await(other);
    }

    @Test
    void onlySoManyMayWaitForOneVm() {
        CountDownLatch entered = new CountDownLatch(1);
        lane.submit(id(1), () -> {
            entered.countDown();
            await(released);
        });
        await(entered);
        for (int i = 1; i < VmLane.WAITING_PER_VM; i++) {
            assertThat(lane.submit(id(1), () -> {})).isTrue();
        }

        assertThat(lane.submit(id(1), () -> {})).isFalse();
        assertThat(lane.submit(id(2), () -> {})).isTrue();
    }

    @Test
    void aTaskThatFailsDoesNotStopThoseBehindIt() {
        CountDownLatch next = new CountDownLatch(1);
        lane.submit(id(1), () -> {
            throw new IllegalStateException("told to");
        });
        lane.submit(id(1), next::countDown);

        await(next);
    }

    @Test
    void aClosedLaneTakesNothing() {
        lane.close();

        assertThat(lane.submit(id(1), () -> {})).isFalse();
    }
}
