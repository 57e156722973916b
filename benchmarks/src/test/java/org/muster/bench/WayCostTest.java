package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class WayCostTest {
    // agent, libvirtd and one QEMU over ten cycles without sampling
    private static final Floor.Period IDLE = new Floor.Period(new double[10], 0.5, new double[] {0.1, 0.2, 0.4}, 0);

    @Test
    void whatIsUsedWithoutSamplingIsTakenOffCycleByCycle() {
        Floor.Period busy = new Floor.Period(new double[2], 0.9, new double[] {0.06, 0.1, 0.3}, 0);
        WayCost muster = WayCost.ofAgent(550, 116, busy, IDLE);
        assertThat(muster.programMillis()).isCloseTo(30 - 10, within(1e-9));
        assertThat(muster.hypervisorMillis()).isCloseTo(50 + 150 - 20 - 40, within(1e-9));
        assertThat(muster.togetherMillis()).isCloseTo(160, within(1e-9));
        assertThat(muster.wallMillis()).isEqualTo(550);
        assertThat(muster.threads()).isEqualTo(116);
    }

    @Test
    void aProgramPaysForItselfAndNotForTheAgentThatRests() {
        double[] wall = {0.4, 0.9, 0.5};
        WayCost vdsm = WayCost.ofProgram(new Floor.Period(wall, 0.03, new double[] {9, 0.3, 0.6}, 7), IDLE);
        assertThat(vdsm.programMillis()).isCloseTo(10, within(1e-9));
        assertThat(vdsm.hypervisorMillis()).isCloseTo(100 + 200 - 20 - 40, within(1e-9));
        assertThat(vdsm.wallMillis()).isEqualTo(500);
        assertThat(vdsm.threads()).isEqualTo(7);
    }
}
