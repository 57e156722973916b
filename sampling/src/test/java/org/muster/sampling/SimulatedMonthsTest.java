package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Guests freeze, thaw, come and go at random, and libvirtd with them; what must hold always is looked at throughout. */
final class SimulatedMonthsTest {
    private static final SamplingConfig CONFIG = new SamplingConfig(
            Duration.ofSeconds(2), Duration.ofSeconds(6), Duration.ofSeconds(3), Duration.ofSeconds(6));

    @Test
    void whateverHappensEverybodyIsSampledInTheEnd() {
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            SimulatedHost host = new SimulatedHost(CONFIG, 10 + random.nextInt(60), 1 + random.nextInt(8));
            host.budget = 1 + random.nextInt(8);
            host.costPerGuest = (1 + random.nextInt(8)) * SimulatedHost.MS;
            for (int i = 0; i < 300; i++) {
                disturb(host, random);
                host.run(Duration.ofMillis(random.nextInt(1500)));
                assertThat(host.core.state().stuckCalls())
                        .as("seed " + seed + " step " + i + " budget " + host.budget + " " + host.core.state()
                                + host.stuck())
                        .isLessThanOrEqualTo(host.budget + 1); // one that never reaches a monitor, on a lock
            }
            calmDown(host);
            String why = "seed " + seed + " " + host.core.state();
            assertThat(host.core.state().frozen()).as(why).isEmpty();
            assertThat(host.core.state().stuckCalls()).as(why).isZero();
            assertThat(host.core.state().degraded()).as(why).isFalse();
            assertThat(host.listener.domains("frozen").size())
                    .as(why)
                    .isGreaterThanOrEqualTo(host.listener.domains("thawed").size());
            for (SimulatedHost.SimulatedGuest guest : host.guests.values()) {
                GuestStats stats = host.table.latest(guest.id).orElse(null);
                if (!guest.running) {
                    assertThat(stats).as(why).isNull();
                    continue;
                }
                assertThat(stats.responsive()).as(why).isTrue();
                for (Group group : Group.values()) {
                    long limit = (group == Group.BLOCK ? 6_300 : 2_300) * SimulatedHost.MS;
                    assertThat(stats.ageNanos(host.now, group).orElse(Long.MAX_VALUE))
                            .as(why + group)
                            .isLessThan(limit);
                }
            }
        }
    }

    private static void calmDown(SimulatedHost host) {
        host.costPerGuest = SimulatedHost.MS;
        host.stalled = false;
        if (!host.connected) {
            host.reconnect();
        }
        for (int i = 0; i < host.guests.size(); i++) {
            host.thaw(i);
        }
        host.run(Duration.ofSeconds(40));
    }

    private static void disturb(SimulatedHost host, Random random) {
        int index = random.nextInt(host.guests.size());
        SimulatedHost.SimulatedGuest guest = host.guest(index);
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> host.freeze(index);
            case 3 -> guest.diskHung = true;
            case 4, 5, 6, 7, 8 -> host.thaw(index);
            case 9 -> {
                if (guest.running) {
                    host.destroy(index, Duration.ofMillis(1000 + random.nextInt(11_000)));
                    host.table.remove(guest.id);
                }
            }
            case 10 -> host.started();
            case 11 -> {
                if (host.connected && random.nextInt(4) == 0) {
                    host.disconnect();
                } else if (!host.connected) {
                    host.reconnect();
                }
            }
            case 12 -> host.stalled = random.nextInt(3) == 0;
            default -> host.costPerGuest = (1 + random.nextInt(8)) * SimulatedHost.MS;
        }
    }
}
