package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {
    @TempDir
    private Path folder;

    private static CommandLine parse(String... words) throws CommandLine.UsageException {
        return CommandLine.parse(CommandLine.split(List.of(words)));
    }

    private static void refused(String why, String... words) {
        assertThatThrownBy(() -> parse(words))
                .isInstanceOf(CommandLine.UsageException.class)
                .hasMessage(why);
    }

    @Test
    void whatMakesSenseIsTaken() throws Exception {
        Optional<Path> file = Optional.of(Path.of("a"));
        Optional<Path> script = Optional.of(Path.of("s"));
        Optional<Path> none = Optional.empty();

        assertThat(parse("--config", "a")).isEqualTo(new CommandLine(file, none, false, false));
        assertThat(parse("--check-config", "--config", "a")).isEqualTo(new CommandLine(file, none, true, false));
        assertThat(parse("--simulate", "s")).isEqualTo(new CommandLine(none, script, false, false));
        assertThat(parse("--config", "a", "--simulate", "s")).isEqualTo(new CommandLine(file, script, false, false));
        assertThat(parse("--check-config", "--quiet"))
                .as("to look at the usual file needs no name")
                .isEqualTo(new CommandLine(Optional.of(Path.of("/etc/muster/muster.toml")), none, true, true));
    }

    @Test
    void aValueMayFollowAnEqualsSign() throws Exception {
        assertThat(parse("--config=a=b", "--simulate", "--config=c"))
                .isEqualTo(
                        new CommandLine(Optional.of(Path.of("a=b")), Optional.of(Path.of("--config=c")), false, false));
        assertThat(CommandLine.split(List.of("self-check", "--output=json", "--strict=1")))
                .containsExactly("self-check", "--output", "json", "--strict=1");
    }

    @Test
    void whatMakesNoneIsNamed() {
        refused("--config FILE is missing");
        refused("--config wants a file", "--config");
        refused("--config is given twice", "--config", "a", "--config", "b");
        refused("--simulate and --check-config do not go together", "--simulate", "s", "--check-config");
        refused("--quiet goes with --check-config only", "--config", "a", "--quiet");
        refused("unknown word: --simulat", "--simulat", "s");
    }

    private static String said(int code, String... words) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(Musterd.run(List.of(words))).isEqualTo(code);
        } finally {
            System.setErr(before);
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theWordThatIsWrongComesBeforeTheHelp() {
        assertThat(said(2, "--confg=x")).startsWith("musterd: unknown word: --confg=x\nUsage: musterd");
        assertThat(said(2, "self-check", "--output")).startsWith("musterd self-check: --output wants a value\nUsage:");
        assertThat(said(2, "self-check", "--output=xml")).contains("--output must be table or json, got xml");
    }

    @Test
    void aCheckThatIsQuietSaysWhatIsWrongAndNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("m.toml"), "log.level = \"debug\"");
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertThat(said(0, "--config=" + file, "--check-config", "--quiet")).isEmpty();
            assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
            assertThat(said(0, "--config=" + file, "--check-config")).isEmpty();
            assertThat(printed.toString(StandardCharsets.UTF_8)).contains("log.level");
        } finally {
            System.setOut(before);
        }
        Files.writeString(file, "log.level = 1");
        assertThat(said(78, "--config=" + file, "--check-config", "--quiet")).contains("m.toml:1:1: log.level");
    }

    @Test
    void inTheJournalMistakesOfTheConfigurationAreErrors() {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);

        Musterd.complain(List.of("a\nb", "c"), out, true);
        Musterd.complain(List.of("d"), out, false);

        assertThat(said.toString(StandardCharsets.UTF_8).lines()).containsExactly("<3>a", "<3>b", "<3>c", "d");
    }

    @Test
    void whyAFileCannotBeUsedIsSaidAndNotItsNameAlone() {
        assertThat(Musterd.reason(new AccessDeniedException("/var/lib/muster/lock")))
                .isEqualTo("java.nio.file.AccessDeniedException: /var/lib/muster/lock");
        assertThat(Musterd.reason(new IOException("another agent has it"))).isEqualTo("another agent has it");
    }

    @Test
    void aScriptThatCannotBeUsedIsRefusedWithAllItsProblems() throws IOException {
        Path script = Files.writeString(folder.resolve("s.toml"), "[host]\ncpus = 0\nmemory-mib = \"much\"");
        assertThat(said(78, "--simulate", script.toString()))
                .contains("s.toml:2:1: host.cpus must be", "s.toml:3:1: host.memory-mib must be");
    }
}
