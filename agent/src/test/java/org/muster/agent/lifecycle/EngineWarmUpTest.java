package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.lifecycle.ContractHost.Way;
import org.muster.rig.Await;

/** What accepts creates is rehearsed when an engine has come, and not before. */
class EngineWarmUpTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String REHEARSES = "create-warm-up";

    @TempDir
    private Path folder;

    @Test
    void anEngineThatComesAndListensHasCreatesRehearsed() throws Exception {
        try (ContractHost host = ContractHost.simulated(folder, "[[vms]]\ncount = 1\n", Map.of());
                LineClient other = host.agent().connect()) {
            other.call("Host.getVMList");
            assertThat(threads(host)).doesNotContain(REHEARSES);
            try (EngineClient engine = new EngineClient(host.context(Way.TLS_1_2), host.port())) {
                engine.call("Host.getCapabilities");
                Await.until("creates are rehearsed", SOON, () -> threads(host).contains(REHEARSES));
            }
        }
    }

    private static List<String> threads(ContractHost host) {
        try (Stream<Path> tasks =
                Files.list(Path.of("/proc", Long.toString(host.agent().pid()), "task"))) {
            return tasks.map(EngineWarmUpTest::name).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm")).strip();
        } catch (NoSuchFileException e) {
            return ""; // it has ended meanwhile
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
