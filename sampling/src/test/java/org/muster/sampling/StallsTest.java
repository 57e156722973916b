package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** A hypervisor that does not answer for a while, on a link that may or may not be lost. */
final class StallsTest {
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private static SimulatedHost host(int guests) {
        return new SimulatedHost(SamplingConfig.DEFAULT, guests);
    }

    /** So that the host stands still from the middle of a call on. */
    private static void runIntoACall(SimulatedHost host, String which) {
        long before = host.countCalls(which);
        for (int i = 0; i < 20_000 && host.countCalls(which) == before; i++) {
            host.run(Duration.ofMillis(1));
        }
        host.run(Duration.ofMillis(9));
        assertThat(host.calls).isNotEmpty();
    }

    private static OptionalDouble userPercent(SimulatedHost host, int guest) {
        return host.stats(guest).cpu().orElseThrow().userPercent();
    }

    private static OptionalDouble vcpuPercent(SimulatedHost host, int guest) {
        return host.stats(guest).vcpus().orElseThrow().vcpus().get(0).busyPercent();
    }

    private static OptionalDouble readRate(SimulatedHost host, int guest) {
        return host.stats(guest).block().orElseThrow().disks().get(0).readBytesPerSecond();
    }

    /** Rates that are told are those of the guest, but for the time in which a call was under way. */
    private static void runWithoutAbsurdRates(SimulatedHost host, Duration time) {
        for (long left = time.toMillis(); left > 0; left -= 50) {
            host.run(Duration.ofMillis(50));
            for (int i = 0; i < host.guests.size(); i++) {
                assertThat(userPercent(host, i).orElse(40)).isBetween(20.0, 60.0);
                assertThat(readRate(host, i).orElse(1 << 20)).isBetween(0.5 * (1 << 20), 1.5 * (1 << 20));
            }
        }
    }

    @Test
    void aStallIsNoOutageAndTakesNoRates() {
        for (String which : List.of("REGULAR SHORT", "REGULAR BLOCK")) {
            SimulatedHost host = host(20);
            host.run(Duration.ofSeconds(31));
            for (int i = 0; i < 4; i++) {
                runIntoACall(host, which);
                host.stalled = true;
                runWithoutAbsurdRates(host, Duration.ofMillis(600));
                host.stalled = false;
                runWithoutAbsurdRates(host, Duration.ofMillis(500));
                for (int guest = 0; guest < 20; guest++) {
                    assertThat(userPercent(host, guest)).as(which).isPresent();
                    assertThat(readRate(host, guest)).as(which).isPresent();
                }
            }
            assertThat(host.listener.of("health")).isEmpty();
            assertThat(host.listener.of("frozen")).isEmpty();
        }
    }

    @Test
    void aDaemonThatIsStoppedIsToldSoonAndWhenItGoesOnRatesAreThereWithTheSecondSample() {
        for (SimulatedHost.Kernel kernel : SimulatedHost.Kernel.values()) {
            aDaemonIsStopped(kernel);
        }
    }

    private static void aDaemonIsStopped(SimulatedHost.Kernel kernel) {
        for (String which : List.of("REGULAR SHORT", "REGULAR BLOCK")) {
            for (int seconds : new int[] {2, 3, 8, 20, 60}) {
                String why = which + " " + seconds + " " + kernel;
                SimulatedHost host = host(20);
                host.kernel = kernel;
                host.run(Duration.ofSeconds(31));
                runIntoACall(host, which);
                host.stalled = true;
                runWithoutAbsurdRates(host, Duration.ofMillis(INTERVAL.toMillis() + 850));
                assertThat(host.core.state().health()).as(why).isEqualTo(SamplerState.Health.DOWN);
                runWithoutAbsurdRates(host, Duration.ofSeconds(seconds));
                host.stalled = false;
                runWithoutAbsurdRates(host, Duration.ofSeconds(1));
                assertThat(host.core.state().health()).as(why).isEqualTo(SamplerState.Health.OK);
                assertThat(host.age(3, Group.BALLOON)).as(why).isLessThan(Duration.ofSeconds(1));
                runWithoutAbsurdRates(host, INTERVAL);
                assertThat(userPercent(host, 3)).as(why).isPresent();
                runWithoutAbsurdRates(host, Duration.ofSeconds(10));
                assertThat(readRate(host, 3)).as(why).isPresent();
                assertThat(host.listener.of("unresponsive")).as(why).isEmpty();
                assertThat(host.listener.of("health").stream().map(RecordingListener.Told::detail))
                        .as(why)
                        .containsExactly("DOWN", "OK");
            }
        }
    }

    /** Questions may be answered a moment before the calls that hung are. */
    @Test
    void aDaemonThatGoesOnIsNotTakenForOneWhoseWorkersAreUsedUp() {
        for (int tenths = 20; tenths < 300; tenths++) {
            SimulatedHost host = host(20);
            host.run(Duration.ofSeconds(31));
            runIntoACall(host, "REGULAR SHORT");
            host.stalled = true;
            host.run(INTERVAL.plusMillis(850 + 100L * tenths));
            host.stalled = false;
            host.run(INTERVAL);
            assertThat(host.listener.of("health").stream().map(RecordingListener.Told::detail))
                    .as("%d tenths of a second", tenths)
                    .containsExactly("DOWN", "OK");
        }
    }

    /** Each interval there is a question about it, and each fifteen seconds the host stands still for one. */
    @Test
    void stallsForgiveNoGuestItsSilence() {
        for (int millis : new int[] {300, 700, 1500}) {
            SimulatedHost host = host(20);
            host.run(Duration.ofSeconds(31));
            host.freeze(4);
            long since = host.now;
            for (int i = 0; i < 4; i++) {
                runIntoACall(host, "REGULAR SHORT");
                host.stalled = true;
                host.run(Duration.ofMillis(millis));
                host.stalled = false;
                host.run(Duration.ofSeconds(9));
            }
            assertThat(host.listener.domains("unresponsive"))
                    .as("stalls of " + millis)
                    .containsExactly(host.guest(4).id);
            assertThat(Duration.ofNanos(host.listener.of("unresponsive").get(0).at() - since))
                    .isBetween(Duration.ofSeconds(10), Duration.ofSeconds(20));
        }
    }

    @Test
    void aCallThatSaysThereIsNoLinkIsBelievedAndRatesAreThereWithTheSecondSampleAfter() {
        SimulatedHost host = host(2);
        host.run(Duration.ofSeconds(31));
        host.connected = false; // nobody tells of a new link
        host.run(INTERVAL);
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.DOWN);
        host.run(Duration.ofSeconds(30));
        host.connected = true;
        host.run(INTERVAL);
        assertThat(host.core.state().health()).isEqualTo(SamplerState.Health.OK);
        assertThat(userPercent(host, 1)).isEmpty();
        runWithoutAbsurdRates(host, INTERVAL);
        assertThat(userPercent(host, 1)).isPresent();
        assertThat(host.listener.of("unresponsive")).isEmpty();
    }

    /** Its call comes back after a minute, when nobody can tell what was read when. */
    @Test
    void whatACallToldThatWasLongUnderWayIsNoBaseForRates() {
        SimulatedHost host = host(3);
        host.run(Duration.ofSeconds(31));
        runIntoACall(host, "REGULAR SHORT");
        host.saturated = true;
        host.run(Duration.ofSeconds(60));
        host.saturated = false;
        for (int i = 0; i < 160; i++) {
            host.run(Duration.ofMillis(100));
            assertThat(vcpuPercent(host, 1).orElse(25)).isBetween(12.5, 37.5);
        }
        assertThat(vcpuPercent(host, 1)).isPresent();
    }
}
