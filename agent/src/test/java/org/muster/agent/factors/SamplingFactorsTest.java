package org.muster.agent.factors;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.factors.FactorsRefusedException.Reason;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.Simulation;
import org.muster.libvirt.ControlInfo;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.StatsGroup;
import org.muster.rig.Await;

class SamplingFactorsTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final FakeHypervisor hypervisor = new FakeHypervisor();

    @TempDir
    private Path folder;

    private Simulation simulate(String script) throws Exception {
        Simulation simulation = Simulation.of(Files.writeString(folder.resolve("s.toml"), script), OptionalInt.empty());
        simulation.hypervisor().restoreLink();
        return simulation;
    }

    /** Takes all guests for healthy, as the agent does with one that has just frozen. */
    private static SamplingFactors measuring(Simulation simulation, Duration patience) throws HypervisorException {
        List<UUID> guests = guests(simulation.hypervisor());
        return new SamplingFactors(simulation.hypervisor(), () -> guests, patience);
    }

    private static List<UUID> guests(FakeHypervisor host) throws HypervisorException {
        return host.list().stream().map(DomainRecord::domain).toList();
    }

    private static Reason refusal(CompletableFuture<FactorsReport> report) throws Exception {
        try {
            return Reason.valueOf("none, but " + report.get(SOON.toSeconds(), TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(FactorsRefusedException.class);
            return ((FactorsRefusedException) e.getCause()).reason();
        }
    }

    @Test
    void withoutALinkOrGuestsThereIsNothingToMeasure() throws Exception {
        try (SamplingFactors factors = new SamplingFactors(hypervisor, List::of)) {
            FactorsRequest request = new FactorsRequest(10, false);
            hypervisor.loseLink();
            assertThat(refusal(factors.measure(request).toCompletableFuture())).isEqualTo(Reason.NO_HYPERVISOR);
            hypervisor.restoreLink();
            assertThat(refusal(factors.measure(request).toCompletableFuture())).isEqualTo(Reason.NO_GUESTS);
        }
    }

    /** Whoever shares libvirtd's workers must know before the call is overdue, and for as long as it hangs. */
    @Test
    void aCallThatAGuestKeepsIsAtRiskFromItsBeginningToItsEnd() throws Exception {
        try (Simulation simulation = simulate("[libvirtd]\nmin-workers = 5\n[[vms]]\ncount = 3");
                SamplingFactors factors = measuring(simulation, SOON)) {
            FakeHypervisor host = simulation.hypervisor();
            List<UUID> guests = guests(host);
            host.freeze(guests.get(1));
            assertThat(factors.callsAtRisk()).isZero();

            CompletableFuture<FactorsReport> report =
                    factors.measure(new FactorsRequest(10, false)).toCompletableFuture();
            Await.until("its call hangs", SOON, () -> occupied(host, guests.get(1)));
            assertThat(factors.callsAtRisk()).isEqualTo(1);

            host.thaw(guests.get(1));
            assertThat(report).succeedsWithin(SOON);
            Await.until("nothing is at risk", SOON, () -> factors.callsAtRisk() == 0);
        }
    }

    @Test
    void theSweepTakesItsCallsBeforeItMakesThemAndLeavesSamplingSome() throws Exception {
        try (Simulation simulation = simulate("[libvirtd]\nmin-workers = 20\n[[vms]]\ncount = 12");
                SamplingFactors factors = measuring(simulation, SOON)) {
            FakeHypervisor host = simulation.hypervisor();
            List<UUID> guests = guests(host);
            host.freeze(guests.get(0));
            CompletableFuture<FactorsReport> report =
                    factors.measure(new FactorsRequest(12, true)).toCompletableFuture();
            Await.until("its first call hangs", SOON, () -> occupied(host, guests.get(0)));
            assertThat(host.calls().maxStuck()).isEqualTo(13);
            assertThat(factors.callsAtRisk()).isEqualTo(8);

            host.thaw(guests.get(0));
            assertThat(report.get(60, TimeUnit.SECONDS).sweep())
                    .extracting(FactorsReport.SweepPoint::concurrency)
                    .contains(1, 2, 4, 8)
                    .doesNotContain(16);
        }
    }

    @Test
    void aGuestThatFreezesEndsTheMeasurementAndTheNextOneWaitsForItsCall() throws Exception {
        try (Simulation simulation = simulate("[[vms]]\ncount = 3");
                SamplingFactors factors = measuring(simulation, Duration.ofMillis(100))) {
            FakeHypervisor host = simulation.hypervisor();
            UUID frozen = guests(host).get(1);
            host.freeze(frozen);
            FactorsRequest request = new FactorsRequest(10, false);

            assertThat(factors.measure(request).toCompletableFuture())
                    .failsWithin(SOON)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOfSatisfying(
                            HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TIMED_OUT));
            assertThat(factors.callsAtRisk()).as("its call still hangs").isEqualTo(1);
            assertThat(refusal(factors.measure(request).toCompletableFuture())).isEqualTo(Reason.BUSY);

            host.thaw(frozen);
            Await.until("its call is back", SOON, () -> factors.callsAtRisk() == 0);
            assertThat(factors.measure(request).toCompletableFuture()).succeedsWithin(SOON);
        }
    }

    /** As sampling does: who is known to be busy with somebody else's call is not waited for. */
    @Test
    void aGuestThatKeepsAnothersCallIsPassedOver() throws Exception {
        try (Simulation simulation = simulate("[[vms]]\ncount = 3");
                SamplingFactors factors = measuring(simulation, SOON)) {
            FakeHypervisor host = simulation.hypervisor();
            UUID frozen = guests(host).get(1);
            host.freeze(frozen);
            Thread another = new Thread(() -> {
                try {
                    host.stats(List.of(frozen), Set.of(StatsGroup.BLOCK), true);
                } catch (HypervisorException e) {
                    throw new AssertionError(e);
                }
            });
            another.start();
            Await.until("the other's call hangs", SOON, () -> occupied(host, frozen));

            assertThat(factors.measure(new FactorsRequest(10, false)).toCompletableFuture())
                    .succeedsWithin(SOON);
            host.thaw(frozen);
            another.join();
        }
    }

    @Test
    void nothingIsMeasuredWhereLibvirtdCanBearNoMoreCallsThatHang() throws Exception {
        try (Simulation simulation = simulate("[libvirtd]\nmin-workers = 3\n[[vms]]\ncount = 3");
                SamplingFactors factors = measuring(simulation, SOON)) {
            assertThat(refusal(factors.measure(new FactorsRequest(10, false)).toCompletableFuture()))
                    .isEqualTo(Reason.BUSY);
            assertThat(factors.callsAtRisk()).isZero();
        }
    }

    private static boolean occupied(FakeHypervisor host, UUID guest) {
        try {
            return host.control(List.of(guest), SOON).get(guest).kind() == ControlInfo.Kind.OCCUPIED;
        } catch (HypervisorException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void oneMeasurementAtATime() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (SamplingFactors factors = new SamplingFactors(hypervisor, () -> {
            begun.countDown();
            try {
                assertThat(goOn.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return List.of();
        })) {
            hypervisor.restoreLink();
            CompletableFuture<FactorsReport> first =
                    factors.measure(new FactorsRequest(10, false)).toCompletableFuture();
            assertThat(begun.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();

            assertThat(refusal(factors.measure(new FactorsRequest(10, false)).toCompletableFuture()))
                    .isEqualTo(Reason.BUSY);
            goOn.countDown();
            assertThat(refusal(first)).isEqualTo(Reason.NO_GUESTS);
        }
    }
}
