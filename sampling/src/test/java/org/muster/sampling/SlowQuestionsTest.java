package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Hosts that cannot tell in time of all the guests that they are asked about who keeps a call. */
final class SlowQuestionsTest {
    private static final long MS = SimulatedHost.MS;
    private static final Duration UNTIL_THE_NEXT_TURN = Duration.ofSeconds(4);

    /** The first look, and a hundred guests at 40 ms, two at a time, with pauses. */
    private static final Duration ABOUT_ALL = Duration.ofSeconds(4);

    private static SimulatedHost warm(int guests, long controlCost) {
        SimulatedHost host = new SimulatedHost(SamplingConfig.DEFAULT, guests);
        host.budget = 13;
        host.costPerGuest = 7 * MS / 2;
        host.run(Duration.ofSeconds(41));
        host.controlCost = controlCost;
        return host;
    }

    @Test
    void nobodyIsBlamedOnASlowHost() {
        SimulatedHost host = warm(100, 40 * MS);
        host.costPerGuest = 30 * MS; // a call takes 3 s, where 350 ms were usual
        host.run(Duration.ofMinutes(2));

        assertThat(host.listener.of("cycle SHORT").stream()
                        .filter(t -> !t.detail().contains(" 0 late")))
                .isNotEmpty();
        assertThat(host.listener.of("frozen")).isEmpty();
    }

    /** Of calls that usually take longer than a quarter of the interval; a few are for disks, too, and differ from the usual. */
    @Test
    void theKernelIsAskedInEachCycleOnlyWhereThatBringsSomething() {
        assertThat(kernelLooks(Duration.ofSeconds(1), 4 * MS))
                .as("calls of 0.4 s, a quarter of the interval is 0.25 s")
                .isLessThanOrEqualTo(4);
        assertThat(kernelLooks(Duration.ofSeconds(2), 4 * MS))
                .as("the same calls at 2 s: the others can be asked again in time")
                .isGreaterThanOrEqualTo(25);
        assertThat(kernelLooks(Duration.ofSeconds(5), 25 * MS))
                .as("calls of 2.5 s, a quarter of the interval is 1.25 s")
                .isGreaterThanOrEqualTo(10);
    }

    private static int kernelLooks(Duration interval, long costPerGuest) {
        SamplingConfig config = new SamplingConfig(
                interval, interval.multipliedBy(6), SamplingConfig.DEFAULT.timeout(), interval.multipliedBy(24));
        SimulatedHost host = new SimulatedHost(config, 100);
        host.budget = 13;
        host.costPerGuest = costPerGuest;
        host.run(Duration.ofSeconds(61));
        host.kernelLooks = 0;
        host.run(Duration.ofMinutes(1));
        assertThat(host.listener.of("frozen")).isEmpty();
        return host.kernelLooks;
    }

    /** Whoever was not reached is asked about first the next time, so that the call need not be given up for its age. */
    @Test
    void whoeverKeepsACallIsFoundWhereverInItHeIs() {
        for (int index = 0; index < 100; index += 9) {
            SimulatedHost host = warm(100, 40 * MS);
            host.freeze(index);
            assertFoundAlone(host, index);
        }
    }

    @Test
    void whoHoldsItsLockIsFoundAmongManyWhoAreSlow() {
        for (int index = 0; index < 100; index += 9) {
            SimulatedHost host = warm(100, 40 * MS);
            host.guest(index).locked = true;
            assertFoundAlone(host, index);
        }
    }

    private static void assertFoundAlone(SimulatedHost host, int index) {
        UUID culprit = host.guest(index).id;
        host.watch(host.ids().stream().filter(id -> !id.equals(culprit)).toList());
        host.run(UNTIL_THE_NEXT_TURN.plus(ABOUT_ALL));
        assertThat(host.listener.domains("frozen")).as("guest " + index).containsExactly(culprit);

        host.run(Duration.ofSeconds(30));

        assertThat(host.listener.of("frozen")).as("guest " + index).hasSize(1);
        assertThat(host.worstAge(Tier.SHORT))
                .as("guest " + index)
                .isLessThanOrEqualTo(SamplingConfig.DEFAULT.interval().multipliedBy(2));
    }

    /** Nothing but a question tells that it is back, and four can be asked about in the time that there is. */
    @Test
    void whoIsBackIsFoundBehindThoseThatAreNot() {
        SimulatedHost host = warm(40, 100 * MS);
        host.freeze(0, 1, 2, 3, 4, 5, 6, 7);
        host.run(Duration.ofSeconds(30));
        assertThat(host.core.state().frozen()).hasSize(8);
        host.reconnect();
        host.run(Duration.ofSeconds(10));
        UUID last = host.core.state().frozen().get(7).domain();
        host.thaw(host.ids().indexOf(last));
        host.run(SamplingConfig.DEFAULT.interval().multipliedBy(3));

        assertThat(host.listener.domains("thawed")).containsExactly(last);
    }

    /** Two guests can be asked about in the time that there is. */
    @Test
    void aCallIsUnexplainedOnlyWhenAllOfItsGuestsHaveBeenAskedAbout() {
        SimulatedHost host = warm(40, 200 * MS);
        host.budget = 1;
        host.saturated = true;
        host.run(Duration.ofSeconds(9));
        assertThat(host.core.state().stuckCalls()).isEqualTo(1);
        assertThat(host.core.state().health()).isNotEqualTo(SamplerState.Health.SATURATED);

        host.run(Duration.ofSeconds(10));

        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.SATURATED);
        assertThat(host.listener.of("frozen")).isEmpty();
    }

    /** More hold their locks than there are threads to ask them: it takes a minute to find the others among the suspects. */
    @Test
    void whoAnswersIsSampledHoweverManyLocksAreHeld() {
        SimulatedHost host = warm(40, MS / 2);
        for (int i = 0; i < 10; i++) {
            host.guest(i).locked = true;
        }
        host.run(Duration.ofSeconds(80));
        List<UUID> others = host.ids().subList(10, 40);
        host.watch(others);
        host.run(Duration.ofMinutes(1));

        assertThat(host.core.state().connected()).isTrue();
        assertThat(host.core.state().frozen())
                .extracting(SamplerState.FrozenGuest::domain)
                .doesNotContainAnyElementsOf(others);
        assertThat(host.worstAge(Tier.SHORT))
                .isLessThan(SamplingConfig.DEFAULT.interval().multipliedBy(3).dividedBy(2));
    }
}
