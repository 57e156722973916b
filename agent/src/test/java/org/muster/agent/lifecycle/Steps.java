package org.muster.agent.lifecycle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.UUID;
import org.muster.rig.Await;

/**
 * In the agent's process: writes down each step before it is taken, and does not take it while the plan of the test says so. The
 * test's end is {@link StepPlan}; they share a folder.
 */
final class Steps {
    private static final Duration NEVER = Duration.ofMinutes(5);

    private final Path folder;

    Steps(Path folder) {
        this.folder = folder;
    }

    static Path plan(Path folder, UUID vm, String step) {
        return folder.resolve("plan").resolve(vm + "_" + step);
    }

    static Path stopped(Path folder, UUID vm, String step) {
        return folder.resolve("stopped").resolve(vm + "_" + step);
    }

    static Path taken(Path folder) {
        return folder.resolve("taken");
    }

    void pass(UUID vm, String step) {
        try {
            record(vm, step);
            Path plan = plan(folder, vm, step);
            if (Files.exists(plan)) {
                Files.createFile(stopped(folder, vm, step));
                Await.until("the test lets it go on", NEVER, () -> !Files.exists(plan));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void record(UUID vm, String step) throws IOException {
        Files.write(
                taken(folder),
                (vm + " " + step + "\n").getBytes(StandardCharsets.UTF_8),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
