package org.muster.agent.factors;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.muster.agent.factors.FactorsRefusedException.Reason;
import org.muster.agent.simulation.FakeHypervisor;

class SamplingFactorsTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final FakeHypervisor hypervisor = new FakeHypervisor();

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
