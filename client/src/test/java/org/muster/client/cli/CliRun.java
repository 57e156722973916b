package org.muster.client.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.muster.client.FakeAgent;

/** One run of the command inside the test's own process: its exit status and all it printed. */
record CliRun(int exitCode, String out, String err) {
    static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-21T10:00:00Z"), ZoneOffset.UTC);

    static CliRun of(FakeAgent agent, String... arguments) {
        return with(Map.of("MUSTER_URL", agent.address().toString()), null, "", arguments);
    }

    static CliRun with(Map<String, String> environment, Path terminal, String input, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        Console console =
                new Console(in, new CheckedOutput(out, false), stream(err), terminal, terminal, environment, CLOCK);
        int exitCode = Muster.run(console, arguments);
        return new CliRun(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** What a command says and ends with whose output nobody takes. */
    static CliRun unheard(FakeAgent agent, boolean pipe, String... arguments) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        Map<String, String> environment = Map.of("MUSTER_URL", agent.address().toString());
        Console console = new Console(
                InputStream.nullInputStream(),
                new CheckedOutput(full, pipe),
                stream(err),
                null,
                null,
                environment,
                CLOCK);
        int exitCode = Muster.run(console, arguments);
        return new CliRun(exitCode, "", err.toString(StandardCharsets.UTF_8));
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    List<String> lines() {
        return Arrays.asList(out.split("\n"));
    }
}
