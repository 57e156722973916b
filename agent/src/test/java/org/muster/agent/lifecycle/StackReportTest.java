package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.CallGuard;

class StackReportTest {
    private final CallGuard calls = new CallGuard(OptionalInt.empty(), System::nanoTime);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void tellsWhoWaitsForWhomAndWhatIsInLibvirt() throws Exception {
        UUID guest = UUID.randomUUID();
        ReentrantLock lock = new ReentrantLock();
        Thread waiter = new Thread(lock::lock, "the-waiter");
        lock.lock();
        try (CallGuard.CallToken token = calls.begin(CallGuard.Role.CREATE, "virDomainCreate", guest)) {
            waiter.start();
            while (!lock.hasQueuedThread(waiter)) {
                Thread.onSpinWait();
            }

            new StackReport(calls, out, "<3>").run();

            token.succeeded();
        } finally {
            lock.unlock();
            waiter.join();
        }
        String text = out.toString(StandardCharsets.UTF_8);
        assertThat(text)
                .contains("CREATE virDomainCreate " + guest + " on "
                        + Thread.currentThread().getName());
        assertThat(text)
                .containsPattern("\"the-waiter\" WAITING on .*ReentrantLock.* held by \""
                        + Thread.currentThread().getName() + "\"");
        assertThat(text).contains("at java.base@").contains("tellsWhoWaitsForWhomAndWhatIsInLibvirt");
        assertThat(text.lines()).allMatch(line -> line.startsWith("<3>"));
    }

    @Test
    void everyThreadIsInIt() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Thread idle = new Thread(
                () -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "an-idle-one");
        idle.start();
        try {
            new StackReport(calls, out, "").run();
        } finally {
            end.countDown();
            idle.join();
        }

        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("calls in libvirt: 0")
                .contains("\"an-idle-one\"")
                .contains("\"main\"");
    }
}
