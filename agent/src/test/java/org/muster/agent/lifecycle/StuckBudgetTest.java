package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.CallGuard.Role;
import org.muster.libvirt.CallGuard.Workers;
import org.muster.sampling.Sampler;

class StuckBudgetTest {
    private static final int ALL = 13; // of 20 workers

    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger measured = new AtomicInteger();
    private final CallGuard guard = new CallGuard(OptionalInt.empty(), now::get);
    private final StuckBudget budget = new StuckBudget(guard, measured::get);
    private final List<CallGuard.CallToken> stuck = new ArrayList<>();

    @AfterEach
    void theyReturn() {
        stuck.forEach(CallGuard.CallToken::close);
    }

    /** A call of that thread's is overdue. */
    private void overdue(Role role, String thread) throws InterruptedException {
        guard.workers(new Workers(20, 20, true));
        Thread caller = new Thread(() -> stuck.add(guard.begin(role, "call", null)), thread);
        caller.start();
        caller.join();
        now.addAndGet(Duration.ofMinutes(1).toNanos());
    }

    @Test
    void samplingKeepsItsOwnCallsWithinTheBudgetItself() throws Exception {
        overdue(Role.STATS, "stats-3");
        overdue(Role.PROBE, "stats-12");

        assertThat(budget.getAsInt()).isEqualTo(ALL);
    }

    @Test
    void aCallThatOthersHaveStuckIsOneLessWhateverItsRole() throws Exception {
        overdue(Role.PROBE, "upkeep-1"); // of a block job
        overdue(Role.CREATE, "create-7");

        assertThat(budget.getAsInt()).isEqualTo(ALL - 2);
    }

    @Test
    void whatAMeasurementRisksCountsOnceAndAtOnce() throws Exception {
        overdue(Role.STATS, "factors-0");
        measured.set(4);

        assertThat(budget.getAsInt()).isEqualTo(ALL - 4);
    }

    @Test
    void controlInfoHasWorkersOfItsOwn() throws Exception {
        overdue(Role.PROBE, "libvirt-control-2");

        assertThat(budget.getAsInt()).isEqualTo(ALL);
    }

    @Test
    void samplingHasThreadsForAllThatMayHang() {
        guard.setMaxStuck(OptionalInt.of(64));

        assertThat(budget.getAsInt()).isPositive().isLessThanOrEqualTo(Sampler.MOST_STUCK_CALLS);
    }

    @Test
    void oneCallIsRiskedForThoseThatAnswerWhateverHangs() throws Exception {
        overdue(Role.CREATE, "create-7");
        measured.set(ALL);

        assertThat(budget.getAsInt()).isEqualTo(1);
    }
}
