package org.muster.agent.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.Vm;
import org.muster.sampling.GuestStats;

/** What is kept of each guest's past. */
class CpuHistoryTest {
    private static final int LAST = CpuHistory.VALUES - 1;
    private static final short GAP = CpuHistory.GAP;

    private static GuestStats busy(UUID id, double user, double system) {
        GuestStats stats = OpsRig.stats(id, 1, 1);
        GuestStats.Cpu cpu = stats.cpu().orElseThrow();
        return new GuestStats(
                id,
                stats.state(),
                stats.network(),
                Optional.of(new GuestStats.Cpu(
                        cpu.takenAtNanos(),
                        cpu.timeNanos(),
                        cpu.userNanos(),
                        cpu.systemNanos(),
                        OptionalDouble.of(user),
                        OptionalDouble.of(system))),
                stats.vcpus(),
                stats.memory(),
                stats.block(),
                stats.monitorTakenAtNanos(),
                stats.frozen(),
                true);
    }

    @Test
    void theLatestValueIsTheLastAndWhatIsTooOldDropsOut() {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("a");
            CpuHistory history = new CpuHistory(rig.sources());
            for (int i = 0; i < CpuHistory.VALUES + 5; i++) {
                rig.samples.put(vm.id(), busy(vm.id(), i, 100));
                history.note();
            }

            short[] values = history.of(vm.id());
            assertThat(values[LAST]).isEqualTo((short) (100 + CpuHistory.VALUES + 4));
            assertThat(values[0]).isEqualTo((short) 105);
            assertThat(values[1]).isEqualTo((short) 106);
        }
    }

    @Test
    void whileNothingFreshIsKnownThereIsAGap() {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("a");
            CpuHistory history = new CpuHistory(rig.sources());
            history.note();
            rig.samples.put(vm.id(), OpsRig.frozen(OpsRig.stats(vm.id(), 1, 1)));
            history.note();
            rig.samples.put(vm.id(), OpsRig.stats(vm.id(), 1, 1));
            history.note();
            rig.clock.addAndGet(60_000_000_000L);
            history.note();

            short[] values = history.of(vm.id());
            assertThat(new short[] {values[LAST - 4], values[LAST - 3], values[LAST - 2], values[LAST - 1], values[LAST]
                    })
                    .containsExactly(GAP, (short) 10, GAP, (short) 10, GAP);
        }
    }

    @Test
    void aGuestThatIsGoneIsForgotten() {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("a");
            CpuHistory history = new CpuHistory(rig.sources());
            history.note();
            assertThat(history.of(vm.id())[LAST]).isEqualTo((short) 10);

            rig.end(vm);
            history.note();

            assertThat(history.of(vm.id())).containsOnly(GAP);
        }
    }
}
