package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.muster.rig.Await;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** What sampling is made of, measured on real guests through the verb. */
@Tag("qemu")
class FactorsQemuTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final int COUNT = 6;

    @Test
    void aCycleIsTakenApart() {
        try (PrivateHypervisor host = PrivateHypervisor.start();
                AgentProcess agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), Map.of());
                LineClient client = agent.connect()) {
            assertThat(client.error("Host.getSamplingFactors", "{}")
                            .path("code")
                            .intValue())
                    .as("there is no guest")
                    .isEqualTo(16);

            List<GuestXml> guests = IntStream.range(0, COUNT)
                    .mapToObj(i -> GuestXml.named("f" + i))
                    .toList();
            List<UUID> ids = guests.stream().map(GuestXml::uuid).toList();
            client.create("f", guests.stream().map(GuestXml::xml).toList());
            client.awaitStatus(ids, "Up", LONG);
            Await.until(
                    "they are known to answer",
                    LONG,
                    () -> client.stats(ids.get(COUNT - 1))
                            .at("/sampleAges/block")
                            .isNumber());

            JsonNode report = client.call("Host.getSamplingFactors", "{\"sweep\": true}");

            assertThat(report.path("guests").intValue()).isEqualTo(COUNT);
            assertThat(report.path("roundTripMicros").doubleValue()).isBetween(5.0, 100_000.0);
            assertThat(report.path("groups").size()).isEqualTo(6);
            assertThat(report.at("/groups/BLOCK/perGuestMicros").doubleValue())
                    .as("what asks a monitor costs more than what does not")
                    .isGreaterThan(report.at("/groups/STATE/perGuestMicros").doubleValue());
            for (JsonNode cycle : report.path("cycles")) {
                double parts = cycle.path("ownCpuMillis").doubleValue()
                        + cycle.path("roundTripMillis").doubleValue()
                        + cycle.path("monitorMillis").doubleValue()
                        + cycle.path("libvirtMillis").doubleValue();
                assertThat(parts).isCloseTo(cycle.path("wallMillis").doubleValue(), within(5.0));
                assertThat(cycle.path("agentSystemCalls").intValue()).isPositive();
            }
            assertThat(report.path("sweep"))
                    .allSatisfy(point -> assertThat(point.path("callsPerSecond").doubleValue())
                            .isPositive());
            assertThat(report.path("sweep").findValuesAsText("concurrency")).contains("1", "2");
            AgentProcess.destroyAll(client);
        }
    }
}
