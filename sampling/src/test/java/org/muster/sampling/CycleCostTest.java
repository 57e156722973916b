package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a cycle costs beyond the source's own work. */
final class CycleCostTest {
    private static final int GUESTS = 300;
    private static final long SECOND = 1_000_000_000;
    private static final long MIB = 1 << 20;

    private final List<Call> handed = new ArrayList<>();
    private final Set<UUID> running = new LinkedHashSet<>();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long spentNanos;
    private long madeBytes;

    private final Lanes lanes = new Lanes() {
        @Override
        public boolean call(Call call) {
            return handed.add(call);
        }

        @Override
        public boolean control(ControlRequest request) {
            throw new AssertionError("nobody was late");
        }

        @Override
        public int busy() {
            return handed.size();
        }

        @Override
        public int size() {
            return 15;
        }
    };

    @Test
    void aCycleOverThreeHundredGuestsMakesLessThanOneMibOfGarbage() {
        Random random = new Random(1);
        for (int i = 0; i < GUESTS; i++) {
            running.add(new UUID(random.nextLong(), random.nextLong()));
        }
        SamplerCore core = new SamplerCore(
                SamplingConfig.DEFAULT,
                new GuestTable(),
                lanes,
                () -> running,
                id -> false,
                () -> 8,
                () -> false,
                new SamplingListener() {},
                ShardPlan.forCpus(2),
                new Phase(0, 0),
                0);
        int cycles = 1000;
        for (int i = 0; i < cycles; i++) {
            if (i == cycles / 2) {
                spentNanos = 0;
                madeBytes = 0;
            }
            cycle(core, 5L * i * SECOND);
        }
        long perCycle = madeBytes / (cycles / 2);
        assertThat(perCycle).as("CPU %d ns a cycle", spentNanos / (cycles / 2)).isLessThan(MIB);
    }

    private void cycle(SamplerCore core, long now) {
        measured(() -> core.step(now));
        long time = now;
        while (!handed.isEmpty()) {
            time += 1_000_000;
            Call call = handed.remove(0);
            Outcome outcome = outcome(call, time);
            long at = time;
            measured(() -> {
                core.returned(call, outcome, at);
                core.step(at);
            });
        }
    }

    private static Outcome outcome(Call call, long time) {
        if (call.purpose == Call.Purpose.BLOCK_INFO) {
            return Outcome.of(Samplings.INFO, time);
        }
        List<DomainSample> samples = new ArrayList<>();
        for (Guest guest : call.guests) {
            samples.add(Samplings.full(new SimulatedHost.SimulatedGuest(guest.id, 0), time, time, call.groups()));
        }
        return Outcome.of(samples, time);
    }

    private void measured(Runnable work) {
        long cpu = threads.getCurrentThreadCpuTime();
        long bytes = threads.getCurrentThreadAllocatedBytes();
        work.run();
        madeBytes += threads.getCurrentThreadAllocatedBytes() - bytes;
        spentNanos += threads.getCurrentThreadCpuTime() - cpu;
    }
}
