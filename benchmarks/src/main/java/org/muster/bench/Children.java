package org.muster.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The processes of this program: each has a deadline, and none outlives {@link #close}.
 *
 * <p>Their input and output are files, so nobody has to read along and a pipe that a grandchild keeps open holds up nobody.
 *
 * <p>Thread-safe.
 */
final class Children implements AutoCloseable {
    /** Everything that is measured, floors too, has the priority that systemd/musterd.service gives the agent. */
    static final List<String> LIKE_THE_SERVICE = List.of("nice", "-n", "-10");

    private static final Duration PATIENCE =
            Duration.ofSeconds(5); // between asking to end and ending; a stopped process needs all of it
    private static final int TOLD_CHARS = 2000; // of what a failed command said

    private final Path folder;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final List<Process> living = new ArrayList<>();

    @GuardedBy("lock")
    private boolean closed;

    @GuardedBy("lock")
    private int runs;

    /** @param folder for the files, which this class removes again */
    Children(Path folder) {
        this.folder = folder;
    }

    /** What a command said when it had ended by itself. */
    record Outcome(int code, String out, String err) {}

    /** Runs a command to its end and returns what it printed; any code but 0 is an error that tells what it said. */
    String run(Duration limit, String input, List<String> command) throws BenchException, InterruptedException {
        Outcome outcome = tryRun(limit, input, command);
        if (outcome.code() != 0) {
            throw new BenchException(name(command) + " ended with " + outcome.code() + ": " + clip(outcome.err()));
        }
        return outcome.out();
    }

    /** Runs a command to its end, whatever its code; one that outlasts {@code limit} is ended, which is an error. */
    Outcome tryRun(Duration limit, String input, List<String> command) throws BenchException, InterruptedException {
        String run = name(command) + "-" + nextRun();
        Path in = folder.resolve(run + ".in");
        Path out = folder.resolve(run + ".out");
        Path err = folder.resolve(run + ".err");
        try {
            Files.writeString(in, input);
            Process process = start(new ProcessBuilder(command)
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile()));
            try {
                if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new BenchException(name(command) + " did not end within " + limit.toSeconds() + " s: "
                            + clip(Files.readString(err)));
                }
            } finally {
                end(process);
            }
            return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
        } catch (IOException e) {
            throw new BenchException(name(command) + " cannot be run: " + e.getMessage(), e);
        } finally {
            remove(in, out, err);
        }
    }

    private int nextRun() {
        synchronized (lock) {
            return runs++;
        }
    }

    /** Starts a process that lives on until {@link #end} or {@link #close}. */
    Process start(ProcessBuilder builder) throws IOException {
        synchronized (lock) {
            if (closed) {
                throw new IOException("the benchmark is being taken down");
            }
            Process process = builder.start();
            living.add(process);
            return process;
        }
    }

    /** Ends a process, first politely; a stopped one is waked for that. Harmless when it has ended. */
    void end(Process process) {
        synchronized (lock) {
            living.remove(process);
        }
        if (!process.isAlive()) {
            return;
        }
        process.destroy();
        try {
            if (process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    /** Starts nothing any more, and ends what runs. */
    @Override
    public void close() {
        List<Process> left;
        synchronized (lock) {
            closed = true;
            left = List.copyOf(living);
        }
        left.forEach(this::end);
    }

    private static String name(List<String> command) {
        return Path.of(command.get(0)).getFileName().toString();
    }

    private static String clip(String text) {
        String said = text.strip();
        return said.length() <= TOLD_CHARS ? said : said.substring(0, TOLD_CHARS) + "...";
    }

    private static void remove(Path... files) throws BenchException {
        for (Path file : files) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new BenchException("cannot remove " + file + ": " + e.getMessage(), e);
            }
        }
    }
}
