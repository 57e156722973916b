package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.muster.sampling.SimulatedHost.Kernel;

/** That an emulator stands still decides whom to ask about first, and nothing else. */
final class KernelsWordTest {
    private static final long MS = SimulatedHost.MS;
    private static final Duration INTERVAL = SamplingConfig.DEFAULT.interval();
    private static final Duration BOUND = INTERVAL.multipliedBy(3).dividedBy(2);

    /** A call for all takes 350 ms, and is late after 1.25 s. */
    private static SimulatedHost warm(Kernel kernel) {
        SimulatedHost host = new SimulatedHost(SamplingConfig.DEFAULT, 100);
        host.kernel = kernel;
        host.budget = 13;
        host.costPerGuest = 7 * MS / 2;
        host.run(Duration.ofSeconds(41));
        host.asked.clear();
        return host;
    }

    /** Until a call for all is under way. */
    private static void runIntoACall(SimulatedHost host) {
        long before = host.countCalls("REGULAR SHORT 100");
        for (int i = 0; i < 10_000 && host.countCalls("REGULAR SHORT 100") == before; i++) {
            host.run(Duration.ofMillis(1));
        }
        assertThat(host.calls).hasSize(1);
    }

    private static List<UUID> frozen(SimulatedHost host) {
        return host.core.state().frozen().stream()
                .map(SamplerState.FrozenGuest::domain)
                .toList();
    }

    @Test
    void aCallThatIsOnlySlowCostsNoQuestionBeforeItIsLate() {
        for (Kernel kernel : Kernel.values()) {
            SimulatedHost host = warm(kernel);
            host.costPerGuest = 9 * MS;
            host.run(Duration.ofSeconds(5));
            assertThat(host.asked).as("%s", kernel).hasSize(kernel == Kernel.SILENT ? 1 : 0);
        }
    }

    @Test
    void whoWaitsForAMomentIsAskedAboutAloneAndNotBlamed() {
        SimulatedHost host = warm(Kernel.KNOWS);
        host.costPerGuest = 9 * MS;
        host.guest(70).waits = true;
        host.run(Duration.ofSeconds(5));
        assertThat(host.asked).containsExactly(1);
        assertThat(host.listener.of("frozen")).isEmpty();
    }

    /** Where it takes two seconds to ask about all. */
    @Test
    void whoIsFrozenIsFoundByAQuestionAboutNobodyElse() {
        SimulatedHost host = warm(Kernel.KNOWS);
        host.controlCost = 40 * MS;
        runIntoACall(host);
        host.freeze(50);
        host.run(Duration.ofMillis(700));
        assertThat(frozen(host)).containsExactly(host.guest(50).id);
        assertThat(host.asked).containsExactly(1);
    }

    /** The kernel sees nothing of a disk that only libvirtd waits for. */
    @Test
    void whoKeepsALateCallIsFoundAtOnceAlthoughOthersStandStill() {
        SimulatedHost host = warm(Kernel.BLIND);
        runIntoACall(host);
        host.freeze(50);
        host.guest(70).waits = true;
        host.run(Duration.ofMillis(1400));
        assertThat(frozen(host)).containsExactly(host.guest(50).id);
        assertThat(host.asked).endsWith(1, 100);
    }

    @Test
    void whoStandsStillInAJobIsNotBlamedForAnothersCall() {
        SimulatedHost host = warm(Kernel.BLIND);
        runIntoACall(host);
        host.freeze(50);
        SimulatedHost.SimulatedGuest copied = host.guest(70);
        copied.waits = true;
        copied.inJob = true;
        copied.holder = "a block copy";
        copied.occupiedSince = host.now - Duration.ofMinutes(1).toNanos();
        host.run(Duration.ofMillis(1400));
        assertThat(frozen(host)).containsExactly(host.guest(50).id);
    }

    /** Its calls take two seconds, and a question reaches a dozen guests in its time. */
    @Test
    void onABusyHostTenFrozenGuestsAreFoundBeforeTheOthersAreMissed() {
        for (int seed = 0; seed < 20; seed++) {
            SimulatedHost host = warm(Kernel.KNOWS);
            host.costPerGuest = 20 * MS;
            host.controlCost = 40 * MS;
            host.run(Duration.ofMinutes(1).plusMillis(499L * seed));
            int[] frozen = new Random(seed).ints(0, 100).distinct().limit(10).toArray();
            host.freeze(frozen);
            host.watch(host.ids().stream()
                    .filter(id -> !host.guests.get(id).frozen)
                    .toList());
            host.run(Duration.ofSeconds(20));
            assertThat(frozen(host)).as("seed " + seed).hasSize(10);
            assertThat(host.worstAge(Tier.SHORT)).as("seed " + seed).isLessThanOrEqualTo(BOUND);
        }
    }

    /** Who stands still is asked last, so that all who answer are above suspicion when no more calls may be risked. */
    @Test
    void whoAnswersIsSampledHoweverManyAreFrozen() {
        for (int seed = 0; seed < 20; seed++) {
            SimulatedHost host = warm(Kernel.KNOWS);
            host.budget = 8;
            host.run(Duration.ofMillis(97L * seed));
            host.freeze(new Random(seed).ints(0, 100).distinct().limit(40).toArray());
            host.watch(IntStream.range(0, 100)
                    .mapToObj(i -> host.guest(i))
                    .filter(g -> !g.frozen)
                    .map(g -> g.id)
                    .toList());
            host.run(Duration.ofMinutes(1));
            assertThat(host.worstAge(Tier.SHORT)).as("seed " + seed).isLessThanOrEqualTo(BOUND);
            assertThat(host.mostStuck).as("seed " + seed).isLessThanOrEqualTo(8);
        }
    }

    /** Then the kernel still answers. */
    @Test
    void aHypervisorThatIsSilentIsNotReachedByAskingTheKernel() {
        SimulatedHost host = warm(Kernel.KNOWS);
        runIntoACall(host);
        host.stalled = true;
        host.run(Duration.ofSeconds(7));
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.DOWN);
        assertThat(host.listener.of("frozen")).isEmpty();
    }
}
