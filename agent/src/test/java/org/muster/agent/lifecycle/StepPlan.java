package org.muster.agent.lifecycle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.muster.rig.Await;

/** Says at which step of which VM an agent is to stop, and knows which steps it has taken: the test's end of {@link Steps}. */
final class StepPlan {
    private static final Duration SOON = Duration.ofSeconds(60);

    private final Path folder;
    private final Map<UUID, String> stops = new LinkedHashMap<>();

    StepPlan(Path folder) {
        this.folder = folder;
        try {
            Files.createDirectories(folder.resolve("plan"));
            Files.createDirectories(folder.resolve("stopped"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path folder() {
        return folder;
    }

    void stopAt(UUID vm, String step) {
        stops.put(vm, step);
        try {
            Files.createFile(Steps.plan(folder, vm, step));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns when every VM of the plan stands at its step. */
    void awaitStopped() {
        stops.forEach((vm, step) -> Await.until(
                vm + " stands at " + step + ", it has taken " + taken(vm),
                SOON,
                () -> Files.exists(Steps.stopped(folder, vm, step))));
    }

    /** All go on, and nothing is planned any more. */
    void goOn() {
        clear("plan");
        clear("stopped");
        stops.clear();
    }

    /** As for an agent that was killed: what it has taken is forgotten too. */
    void forget() {
        goOn();
        try {
            Files.deleteIfExists(Steps.taken(folder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void clear(String name) {
        try (Stream<Path> files = Files.list(folder.resolve(name))) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The steps taken for one VM, in order. */
    List<String> taken(UUID vm) {
        try {
            if (!Files.exists(Steps.taken(folder))) {
                return List.of();
            }
            String prefix = vm + " ";
            return Files.readAllLines(Steps.taken(folder)).stream()
                    .filter(line -> line.startsWith(prefix))
                    .map(line -> line.substring(prefix.length()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void awaitTaken(UUID vm, String step) {
        Await.until(vm + " has come to " + step, SOON, () -> taken(vm).contains(step));
    }
}
