package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ThreadTimesTest {
    @Test
    void aBusyThreadIsCountedUnlessItIsLeftOut() throws Exception {
        long pid = ProcessHandle.current().pid();
        boolean[] stop = new boolean[1];
        Thread busy = new Thread(
                () -> {
                    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
                    while (System.nanoTime() < end) {
                        synchronized (stop) {
                            if (stop[0]) {
                                return;
                            }
                        }
                    }
                },
                "busy-bee");
        ThreadTimes before = ThreadTimes.of(pid);
        busy.start();
        try {
            double used = 0;
            double others = 0;
            for (int i = 0; i < 1000 && used < 0.2; i++) {
                busy.join(20);
                ThreadTimes now = ThreadTimes.of(pid);
                used = now.secondsSince(before, List.of());
                others = now.secondsSince(before, List.of("busy-bee"));
            }
            assertThat(used).isGreaterThanOrEqualTo(0.2);
            assertThat(used - others).as("the bee's").isBetween(0.02, 10.0);
        } finally {
            synchronized (stop) {
                stop[0] = true;
            }
            busy.join();
        }
    }
}
