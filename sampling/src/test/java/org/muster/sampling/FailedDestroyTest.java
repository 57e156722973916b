package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A guest that is being destroyed is asked nothing, and is still there. */
final class FailedDestroyTest {
    private static final Duration INTERVAL = SamplingConfig.DEFAULT.interval();
    private static final Duration TAKES = Duration.ofSeconds(30);

    private final SimulatedHost host = new SimulatedHost(SamplingConfig.DEFAULT, 20);

    private void watchTheOthers() {
        host.watch(
                host.ids().stream().filter(id -> !id.equals(host.guest(4).id)).toList());
    }

    private void assertTheOthersLostNothing() {
        for (Tier tier : Tier.values()) {
            assertThat(host.worstAge(tier))
                    .isLessThanOrEqualTo(
                            host.config.interval(tier).multipliedBy(3).dividedBy(2));
        }
    }

    @Test
    void whatIsKnownStaysAndGoesOnIfItFails() {
        host.run(Duration.ofSeconds(29));
        watchTheOthers();
        host.failToDestroy(4, TAKES);
        for (int i = 0; i < 29; i++) {
            host.run(Duration.ofSeconds(1));
            assertThat(host.stats(4).block().orElseThrow().disks()).isNotEmpty();
            assertThat(host.stats(4).responsive()).isTrue();
        }
        assertThat(host.age(4, Group.STATE)).as("it is not asked").isGreaterThan(Duration.ofSeconds(24));
        host.run(INTERVAL.plusSeconds(2));
        assertThat(host.age(4, Group.BALLOON)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
        assertThat(host.stats(4).block().orElseThrow().disks().get(0).sizes()).isPresent();
        host.run(host.config.blockInterval());
        assertThat(host.age(4, Group.BLOCK)).isLessThanOrEqualTo(host.config.blockInterval());
        assertThat(host.listener.of("unresponsive")).isEmpty();
        assertThat(host.listener.of("frozen")).isEmpty();
        assertTheOthersLostNothing();
    }

    @Test
    void howUncertainItsLastCallWasIsKeptToo() {
        long second = Duration.ofSeconds(1).toNanos();
        Guest before = new Guest(new UUID(1, 1), 0);
        Call call = new Call(Call.Purpose.REGULAR, Tier.SHORT, List.of(before), Optional.empty(), 0, 0);
        before.told(call, true, 0, 60 * second);

        Guest back = new Guest(before, 65 * second);

        assertThat(back.baselineNanos(call, 66 * second, 0))
                .as("no rate over 66 s of which 60 were one call")
                .isPositive();
    }

    @Test
    void halfAnAnswerAboutDisksSaysNothingOfQuickValues() {
        long second = Duration.ofSeconds(1).toNanos();
        Guest guest = new Guest(new UUID(1, 1), 0);
        Call disks = new Call(Call.Purpose.REGULAR, Tier.BLOCK, List.of(guest), Optional.empty(), 0, 0);
        Call quick = new Call(Call.Purpose.REGULAR, Tier.SHORT, List.of(guest), Optional.empty(), 0, 0);
        guest.told(disks, false, 0, 60 * second);

        assertThat(guest.baselineNanos(quick, 66 * second, 0)).isZero();
    }

    @Test
    void halfAnAnswerAboutDisksDoesNotMakeAnEarlierOneCertain() {
        long second = Duration.ofSeconds(1).toNanos();
        Guest guest = new Guest(new UUID(1, 1), 0);
        Call disks = new Call(Call.Purpose.REGULAR, Tier.BLOCK, List.of(guest), Optional.empty(), 0, 0);
        guest.told(disks, false, 61 * second, 1); // it was busy with the one that comes back now
        guest.told(disks, true, 0, 60 * second);

        assertThat(guest.baselineNanos(disks, 66 * second, 0)).isPositive();
    }

    @Test
    void aFrozenOneThatThawsMeanwhileIsToldAsBack() {
        host.freeze(4);
        host.run(Duration.ofSeconds(31));
        assertThat(host.stats(4).responsive()).isFalse();
        host.failToDestroy(4, TAKES);
        host.run(Duration.ofSeconds(6));
        assertThat(host.stats(4).responsive()).as("while it is being destroyed").isFalse();
        assertThat(host.stats(4).frozen()).isPresent();
        host.thaw(4);
        host.run(Duration.ofSeconds(23));
        assertThat(host.listener.of("thawed")).as("nobody has asked it").isEmpty();
        host.run(INTERVAL.plusSeconds(2));
        assertThat(host.listener.domains("thawed")).containsExactly(host.guest(4).id);
        assertThat(host.listener.domains("responsive")).containsExactly(host.guest(4).id);
        assertThat(host.stats(4).frozen()).isEmpty();
        assertThat(host.age(4, Group.BALLOON)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
    }

    @Test
    void aFrozenOneIsLeftOutAsBefore() {
        for (boolean otherLink : new boolean[] {false, true}) {
            host.freeze(4);
            host.run(Duration.ofSeconds(31));
            watchTheOthers();
            host.mostStuck = 0;
            host.failToDestroy(4, TAKES);
            host.run(Duration.ofSeconds(15));
            if (otherLink) {
                host.loseLink();
                host.reconnect();
            }
            host.run(Duration.ofSeconds(45));
            assertThat(host.stats(4).frozen()).isPresent();
            assertThat(host.age(4, Group.STATE)).as("read again").isLessThanOrEqualTo(INTERVAL.plusMillis(100));
            assertThat(host.hanging()).as("one call in all").isEqualTo(1);
            assertThat(host.listener.of("frozen")).as("told once each time").hasSize(otherLink ? 2 : 1);
            assertTheOthersLostNothing();
            host.thaw(4);
            host.run(INTERVAL.multipliedBy(2));
            assertThat(host.stats(4).frozen()).isEmpty();
        }
    }

    @Test
    void itIsForgottenAtOnceWhenItIsGone() {
        GuestTable table = new GuestTable();
        UUID id = new UUID(1, 1);
        table.add(id, 100);
        table.retain(Set.of(), any -> true, 200);
        assertThat(table.latest(id)).isPresent();
        assertThat(table.all()).isEmpty();
        table.remove(id);
        assertThat(table.latest(id)).isEmpty();
    }

    @Test
    void whatNobodyWaitsForAnyMoreIsNotKept() {
        GuestTable table = new GuestTable();
        UUID id = new UUID(1, 1);
        table.add(id, 100);
        table.retain(Set.of(), any -> true, 200);
        table.retain(Set.of(), any -> false, 300);
        assertThat(table.latest(id)).isEmpty();
    }

    @Test
    void oneThatComesBackIsNotToldOfByWhatWasAskedBefore() {
        GuestTable table = new GuestTable();
        UUID id = new UUID(1, 1);
        table.add(id, 100);
        Guest first = table.find(id);
        table.retain(Set.of(), any -> true, 200);
        assertThat(first.gone()).isTrue();
        table.retain(Set.of(id), any -> true, 300);
        assertThat(table.find(id, 150)).isNull();
        assertThat(table.find(id, 300)).isNotNull();
    }
}
