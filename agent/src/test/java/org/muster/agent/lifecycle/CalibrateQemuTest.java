package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.muster.rig.Await;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** A calibration with real guests: what it finds, that nobody is told of them, and that none stays, even after kill -9. */
@Tag("qemu")
class CalibrateQemuTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private static List<String> domains(PrivateHypervisor host) {
        return host.virsh("list", "--all", "--name")
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
    }

    @Test
    void nothingStaysBehindAndNobodyIsTold() throws Exception {
        try (PrivateHypervisor host = PrivateHypervisor.start();
                AgentProcess agent = AgentProcess.start(host.directory().resolve("agent"), host.uri())) {
            Path socket = agent.folder().resolve("m.sock");
            Path file = agent.folder().resolve("state/calibration.json");
            String own = "no-calibration-guest";
            host.virsh("define", GuestXml.named(own).writeTo(host.directory()).toString());
            try (LineClient client = agent.connect()) {
                JsonNode report = LocalSocketClient.ask(
                                socket, "Host.calibrate", "{\"guests\":4,\"limits\":[1,4],\"repeats\":1}")
                        .get("result");

                assertThat(report.get("levels")).hasSize(2).allSatisfy(level -> {
                    assertThat(level.get("guests").asInt()).isEqualTo(4);
                    assertThat(level.get("perSecond").doubleValue()).isPositive();
                    assertThat(level.get("mean").doubleValue()).isPositive();
                });
                assertThat(report.get("knee").asInt()).isIn(1, 4);
                assertThat(domains(host)).containsExactly(own);
                assertThat(file).doesNotExist();
                assertThat(client.call("Host.getVMList")).isEmpty();

                CompletableFuture<JsonNode> killed = LocalSocketClient.askAside(
                        socket, "Host.calibrate", "{\"guests\":8,\"limits\":[4],\"repeats\":5}");
                Await.until("guests are there", LONG, () -> domains(host).size() > 2);
                assertThat(client.call("Host.getVMList"))
                        .as("no VMs to anybody")
                        .isEmpty();
                agent.kill();
                assertThat(killed).failsWithin(LONG);
            }
            assertThat(domains(host)).hasSizeGreaterThan(1);
            assertThat(file).exists();

            agent.start();
            try (LineClient client = agent.connect()) {
                Await.until("its guests are gone", LONG, () -> !Files.exists(file));
                assertThat(domains(host)).containsExactly(own);
                assertThat(client.call("Host.getVMList")).isEmpty();
            }
        }
    }
}
