package org.muster.client.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Asks for and sets a terminal's properties by the program stty: the JDK has no way. Stateless; blocks half a second at most. */
final class Stty {
    private static final long PATIENCE_MILLIS = 500;

    private Stty() {}

    /** What it printed, empty if it failed or is not there. */
    static Optional<String> run(Path terminal, String... words) {
        List<String> command = new ArrayList<>(List.of("stty", "-F", terminal.toString()));
        command.addAll(List.of(words));
        try {
            Process stty = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                stty.destroyForcibly();
                return Optional.empty();
            }
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return stty.exitValue() == 0 ? Optional.of(answer.strip()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // no stty here: what is usual is taken
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
