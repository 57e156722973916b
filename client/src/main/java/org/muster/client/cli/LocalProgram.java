package org.muster.client.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What another program of this host prints, within a time. Stateless. */
final class LocalProgram {
    private static final int MOST_BYTES = 16 << 20;
    private static final int MOST_OF_ERRORS = 1000;
    private static final String NO_ENTRIES =
            "-- No entries --"; // journalctl's whole output where there are none for us

    private LocalProgram() {}

    /** Errors: IOException with the reason, its own word for it included, also when it has nothing to tell or does not end. */
    static String output(Duration patience, List<String> command) throws IOException, InterruptedException {
        Path file = Files.createTempFile("muster-report", ".txt"); // a pipe that nobody reads could stop it
        Path errors = Files.createTempFile("muster-report", ".err");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectOutput(file.toFile())
                    .redirectError(errors.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IOException(command.get(0) + " does not end within " + patience.toSeconds() + " s");
            }
            String ended = command.get(0) + " ended with " + process.exitValue() + " and printed ";
            if (Files.size(file) > MOST_BYTES) {
                throw new IOException(ended + Files.size(file) + " bytes");
            }
            String text = Files.readString(file, StandardCharsets.UTF_8);
            if (text.isBlank() || text.strip().equals(NO_ENTRIES)) {
                String why = beginning(errors);
                throw new IOException(ended + "nothing" + (why.isEmpty() ? "" : ": " + why));
            }
            return text;
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(errors);
        }
    }

    private static String beginning(Path errors) throws IOException {
        try (InputStream in = Files.newInputStream(errors)) {
            return new String(in.readNBytes(MOST_OF_ERRORS), StandardCharsets.UTF_8).strip();
        }
    }
}
