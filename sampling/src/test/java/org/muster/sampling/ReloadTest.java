package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A shorter interval reaches all that waits for its turn by the old one, not only the next cycles. */
final class ReloadTest {
    private static final Duration SLOW = Duration.ofMinutes(10);
    private static final Duration SOON = SamplingConfig.DEFAULT.interval().plusMillis(600);

    private final SimulatedHost host =
            new SimulatedHost(new SamplingConfig(SLOW, SLOW, Duration.ofMinutes(1), SLOW.multipliedBy(3)), 3);

    private void freezeForLong() {
        host.run(SLOW);
        host.freeze(2);
        host.run(SLOW.multipliedBy(3).plusSeconds(60));
        assertThat(host.core.state().frozen()).hasSize(1);
    }

    @Test
    void whatIsReadOfGuestsThatAreLeftOut() {
        freezeForLong();
        host.reconfigure(SamplingConfig.DEFAULT);
        host.run(SOON);
        assertThat(host.age(2, Group.STATE)).isLessThan(SOON);
    }

    @Test
    void theQuestionWhoIsBack() {
        host.run(SLOW);
        host.guest(2).holder = "somebody else's call";
        host.guest(2).occupiedSince = host.now;
        host.run(SLOW.multipliedBy(3).plusSeconds(60));
        assertThat(host.core.state().frozen()).hasSize(1);
        host.guest(2).holder = null;
        host.reconfigure(SamplingConfig.DEFAULT);
        host.run(SOON);
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(2).id);
    }

    @Test
    void theNextProbeOfOneThatIsBackButBusy() {
        freezeForLong();
        host.thaw(2);
        host.run(Duration.ofMillis(5));
        host.guest(2).holder = "a hot plug";
        host.guest(2).occupiedSince = host.now;
        host.run(SLOW.multipliedBy(3));
        assertThat(host.listener.of("thawed")).isEmpty();
        host.guest(2).holder = null;
        host.reconfigure(SamplingConfig.DEFAULT);
        host.run(SOON);
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(2).id);
    }

    @Test
    void whenCallsUnderWayAreLookedAt() {
        host.run(SLOW);
        host.saturated = true;
        host.run(SLOW.multipliedBy(3));
        assertThat(host.calls).isNotEmpty();
        host.reconfigure(SamplingConfig.DEFAULT);
        assertThat(host.calls)
                .allSatisfy(running -> assertThat(Duration.ofNanos(running.call.checkAtNanos - host.now))
                        .isLessThanOrEqualTo(SamplingConfig.DEFAULT.interval()));
    }
}
