package org.muster.client.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What another program of this host prints, within a time. Stateless. */
final class LocalProgram {
    private static final int MOST_BYTES = 16 << 20;

    private LocalProgram() {}

    /** Errors: IOException with the reason, also when it prints nothing or does not end. */
    static String output(Duration patience, List<String> command) throws IOException, InterruptedException {
        Path file = Files.createTempFile("muster-report", ".txt"); // a pipe that nobody reads could stop it
        try {
            Process process = new ProcessBuilder(command)
                    .redirectOutput(file.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IOException(command.get(0) + " does not end within " + patience.toSeconds() + " s");
            }
            long size = Files.size(file);
            if (size == 0 || size > MOST_BYTES) {
                throw new IOException(
                        command.get(0) + " ended with " + process.exitValue() + " and printed " + size + " bytes");
            }
            return Files.readString(file, StandardCharsets.UTF_8);
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
