package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a command to its end or to its deadline, never longer.
 *
 * <p>Output goes through a file, not a pipe: a daemon that inherits a pipe would keep the reader waiting for its end.
 */
final class Shell {
    /** @param output standard output and standard error as they came */
    record Result(int exitCode, boolean timedOut, String output) {
        boolean ok() {
            return exitCode == 0 && !timedOut;
        }

        /** Lines that are not blank, without blanks around them. */
        List<String> lines() {
            return output.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        }
    }

    private Shell() {}

    /** Runs a command and returns its output, or throws with the command and what it said. */
    static Result check(Duration deadline, List<String> command) {
        Result result = run(deadline, command);
        if (!result.ok()) {
            String end = result.timedOut() ? "no end after " + deadline : "exit code " + result.exitCode();
            throw new IllegalStateException(String.join(" ", command) + ": " + end + ": "
                    + result.output().strip());
        }
        return result;
    }

    /** Runs a command; one that misses the deadline is ended and reported as timed out. */
    static Result run(Duration deadline, List<String> command) {
        try {
            Path output = Files.createTempFile("rig-", ".out");
            try {
                return run(deadline, command, output);
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Result run(Duration deadline, List<String> command, Path output) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = false;
        try {
            ended = process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + String.join(" ", command), e);
        } finally {
            if (!ended) {
                process.destroyForcibly();
            }
        }
        String text = Files.readString(output, StandardCharsets.UTF_8);
        return new Result(ended ? process.exitValue() : -1, !ended, text);
    }
}
