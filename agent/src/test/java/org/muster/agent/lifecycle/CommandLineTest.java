package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {
    @TempDir
    private Path folder;

    private static Optional<CommandLine> parse(String... words) {
        return CommandLine.parse(List.of(words));
    }

    @Test
    void whatMakesSenseIsTaken() {
        Optional<Path> file = Optional.of(Path.of("a"));
        Optional<Path> script = Optional.of(Path.of("s"));

        assertThat(parse("--config", "a")).contains(new CommandLine(file, Optional.empty(), false));
        assertThat(parse("--check-config", "--config", "a")).contains(new CommandLine(file, Optional.empty(), true));
        assertThat(parse("--simulate", "s")).contains(new CommandLine(Optional.empty(), script, false));
        assertThat(parse("--config", "a", "--simulate", "s")).contains(new CommandLine(file, script, false));
    }

    @Test
    void whatMakesNoneIsNot() {
        assertThat(parse()).isEmpty();
        assertThat(parse("--config")).isEmpty();
        assertThat(parse("--check-config")).isEmpty();
        assertThat(parse("--config", "a", "--config", "b")).isEmpty();
        assertThat(parse("--simulate", "s", "--check-config")).isEmpty();
        assertThat(parse("--simulat", "s")).isEmpty();
    }

    @Test
    void aScriptThatCannotBeUsedIsRefusedWithAllItsProblems() throws IOException {
        Path script = Files.writeString(folder.resolve("s.toml"), "[host]\ncpus = 0\nmemory-mib = \"much\"");
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(Musterd.run(List.of("--simulate", script.toString()))).isEqualTo(78);
        } finally {
            System.setErr(before);
        }
        assertThat(said.toString(StandardCharsets.UTF_8))
                .contains("s.toml:2:1: host.cpus must be", "s.toml:3:1: host.memory-mib must be");
    }
}
