package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.muster.sampling.CpuAccount;
import org.muster.sampling.CpuAccount.Source;

class SamplingEventsTest {
    @Test
    void whoCountsCpuTimesIsSaidAndWhatHeDoesNotTell() {
        assertThat(SamplingEvents.words(new CpuAccount(Source.PROC, 100, OptionalLong.empty(), 0)))
                .startsWith("/proc");
        assertThat(SamplingEvents.words(new CpuAccount(Source.CGROUP, 100, OptionalLong.empty(), 0)))
                .startsWith("their control groups")
                .contains("does not tell them by host CPU");
        assertThat(SamplingEvents.words(new CpuAccount(Source.CGROUP, 100, OptionalLong.of(101), 8)))
                .contains("over 8 host CPUs", "1.000 %");
    }
}
