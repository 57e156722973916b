package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.systemd.ServiceManager;

/** Whom the watchdog of a whole agent asks. */
class VitalsTest {
    @Test
    void everyThreadThatARequestNeedsIsAsked(@TempDir Path place) throws Exception {
        Path config = Files.writeString(
                place.resolve("muster.toml"), """
                listen.address = "127.0.0.1"
                listen.port = 0
                listen.socket = "%s"
                tls.enabled = false
                metrics.listen = "off"
                state.directory = "%s"
                """.formatted(place.resolve("m.sock"), place.resolve("state")));
        try (Daemon daemon = new Daemon(ConfigFile.read(config).effective(), new FakeHypervisor(), "test")) {
            daemon.start();

            assertThat(daemon.watchdog(ServiceManager.ofEnvironment()).asked())
                    .containsExactlyInAnyOrder(
                            "rpc-io-1", "rpc-io-2", "rpc-worker", "rpc-monitor", "create-watch", "sampler");
        }
    }
}
