package org.muster.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.lifecycle.Musterd;
import org.muster.client.cli.Muster;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What the packages have to read says what the programs do. */
class DocumentsTest {
    private static final Path PROJECT = Path.of(System.getProperty("muster.root"));

    @TempDir
    private Path out;

    @BeforeEach
    void write() throws IOException {
        new Documents(PROJECT, out, "2026-11-21", "1.2.3").write();
    }

    private String page(String name) throws IOException {
        try (InputStream in =
                new GZIPInputStream(Files.newInputStream(out.resolve("man").resolve(name)))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** As a reader sees it, near enough. */
    private static String plain(String page) {
        return page.replace("\\-", "-").replace("\\(ga", "`").replace("\\&", "").replace("\\e", "\\");
    }

    @Test
    void everyCommandAndEveryOptionIsInTheManualOfMuster() throws IOException {
        String page = plain(page("man1/muster.1.gz"));
        List<CommandSpec> commands = CommandPage.commands(Muster.describe());

        assertThat(commands).hasSizeGreaterThan(8);
        for (CommandSpec command : commands) {
            assertThat(page).contains(".SS \"" + command.qualifiedName(" "));
            for (OptionSpec option : command.options()) {
                assertThat(page).as(command.qualifiedName(" ")).contains(option.longestName());
            }
        }
        assertThat(page).contains(".TH \"MUSTER\" \"1\" \"2026-11-21\" \"Muster 1.2.3\"");
    }

    @Test
    void everyOptionOfMusterdIsInItsManualAndNoOther() throws IOException {
        Pattern option = Pattern.compile("(?<![a-z-])--[a-z][a-z-]*");

        assertThat(found(option, plain(page("man8/musterd.8.gz")))).isEqualTo(found(option, output("--help")));
    }

    @Test
    void everyKeyIsInTheManualOfTheConfigurationAndNoOther() throws IOException {
        Path empty = Files.createFile(out.resolve("empty.toml"));
        Pattern line = Pattern.compile("(?m)^([a-z]+\\.[a-z-]+) *=");
        TreeSet<String> explained = new TreeSet<>();
        KeyTable.of(Files.readString(PROJECT.resolve("docs/operations.md")))
                .forEach(row -> explained.addAll(row.names()));

        Set<String> keys = found(line, output("--config", empty.toString(), "--check-config"));
        assertThat(keys).hasSizeGreaterThan(20);
        assertThat(explained).isEqualTo(keys);
        String page = plain(page("man5/muster.toml.5.gz"));
        assertThat(keys).allMatch(page::contains);
    }

    @Test
    void theShippedConfigurationHasEveryKey() throws IOException {
        Path empty = Files.createFile(out.resolve("empty.toml"));
        Pattern line = Pattern.compile("(?m)^([a-z]+)\\.([a-z-]+) *=");
        String shipped = Files.readString(PROJECT.resolve("packaging/src/main/tree/etc/muster.toml"));
        Matcher key = line.matcher(output("--config", empty.toString(), "--check-config"));
        while (key.find()) {
            assertThat(shipped).containsPattern("(?m)^# " + key.group(2) + " = ");
        }
    }

    @Test
    void completionKnowsTheCommands() throws IOException {
        String completion = Files.readString(out.resolve("completion"));

        for (CommandSpec command : CommandPage.commands(Muster.describe())) {
            assertThat(completion).contains(command.name());
        }
    }

    @Test
    void completionOfMusterdKnowsWhatItTakes() throws Exception {
        Pattern option = Pattern.compile("(?<![a-z-])--[a-z][a-z-]*");
        Set<String> ofSelfCheck = new TreeSet<>(Set.of("--config", "--output", "--strict", "--help"));
        Set<String> all = new TreeSet<>(completed("musterd", "--"));
        assertThat(completed("musterd", "self-check", "--")).isEqualTo(ofSelfCheck);
        all.addAll(ofSelfCheck);
        assertThat(all).as("nothing else, and all of it").isEqualTo(found(option, output("--help")));
        assertThat(completed("musterd", "s")).containsExactly("self-check");
        assertThat(completed("musterd", "self-check", "--output", "")).containsExactlyInAnyOrder("table", "json");
        assertThat(completed("musterd", "self-check", "--st")).containsExactly("--strict");
        Path script = Files.createFile(out.resolve("script.toml"));
        assertThat(completed("musterd", "--simulate", out.resolve("scr").toString()))
                .containsExactly(script.toString());
    }

    /** What bash offers for the last of these words. */
    private static Set<String> completed(String... words) throws IOException, InterruptedException {
        String script =
                ". \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _musterd; printf '%s\\n' \"${COMPREPLY[@]}\"";
        Path completion = PROJECT.resolve("packaging/src/main/root/usr/share/bash-completion/completions/musterd");
        List<String> command = new ArrayList<>(List.of("bash", "-c", script, completion.toString()));
        command.addAll(List.of(words));
        Process bash = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor()).as(text).isZero();
        return new TreeSet<>(text.lines().toList());
    }

    @Test
    void theSameIsWrittenTwice(@TempDir Path again) throws IOException {
        new Documents(PROJECT, again, "2026-11-21", "1.2.3").write();

        for (String name : List.of("man/man1/muster.1.gz", "man/man8/musterd.8.gz", "changelog.gz", "completion")) {
            assertThat(again.resolve(name)).hasSameBinaryContentAs(out.resolve(name));
        }
    }

    private static Set<String> found(Pattern pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(matcher.groupCount()));
        }
        return found;
    }

    /** What musterd prints; only for words that make it end with code 0. */
    private static String output(String... words) {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            Musterd.main(words);
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
