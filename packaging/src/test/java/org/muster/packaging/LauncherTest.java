package org.muster.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What bin/musterd and bin/muster give the JVM. */
class LauncherTest {
    private static final Path PROJECT = Path.of(System.getProperty("muster.root"));

    @TempDir
    private Path tree;

    /** A tree whose java prints what it was given. */
    @BeforeEach
    void makeTree() throws IOException {
        Files.createDirectories(tree.resolve("lib"));
        Files.createFile(tree.resolve("lib/a.jar"));
        program("java/bin/java", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        for (String shipped : List.of("bin/musterd", "bin/muster", "lib/java.sh")) {
            program(shipped, Files.readString(PROJECT.resolve("packaging/src/main/tree/" + shipped)));
        }
    }

    private void program(String name, String text) throws IOException {
        Path file = tree.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private List<String> given(Map<String, String> environment) throws IOException, InterruptedException {
        return printed(0, environment);
    }

    private List<String> printed(int code, Map<String, String> environment) throws IOException, InterruptedException {
        return printed("bin/musterd", code, environment);
    }

    private List<String> printed(String program, int code, Map<String, String> environment)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(tree.resolve(program).toString(), "--config=x").redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("LOGS_DIRECTORY", "MUSTERD_JAVA_OPTS", "JOURNAL_STREAM"));
        builder.environment().put("JAVA_HOME", tree.resolve("java").toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isEqualTo(code);
        return text.lines().toList();
    }

    @Test
    void aCrashIsReportedInTheUnitsFolderAndOnlyThere() throws Exception {
        assertThat(given(Map.of(
                        "LOGS_DIRECTORY", "/var/log/muster:/var/log/other", "MUSTERD_JAVA_OPTS", "-Xmx1g -Da=b")))
                .containsSubsequence(
                        "-XX:ErrorFile=/var/log/muster/hs_err_%p.log",
                        "-Xmx1g", "-Da=b", "org.muster.agent.lifecycle.Musterd", "--config=x");
        assertThat(given(Map.of()))
                .noneMatch(word -> word.contains("ErrorFile"))
                .endsWith("--config=x");
    }

    @Test
    void anArchiveOfClassesIsUsedInItsFullSizeOnly() throws Exception {
        Files.createDirectories(tree.resolve("cache"));
        for (String name : List.of("musterd", "muster")) {
            String option = "-XX:SharedArchiveFile=" + tree.resolve("cache/" + name + ".jsa");
            Files.writeString(tree.resolve("cache/" + name + ".jsa"), "classes");
            assertThat(printed("bin/" + name, 0, Map.of()))
                    .as("it may not be whole")
                    .doesNotContain(option);
            Files.writeString(tree.resolve("cache/" + name + ".size"), "7\n");
            assertThat(printed("bin/" + name, 0, Map.of())).contains(option);
            Files.writeString(tree.resolve("cache/" + name + ".jsa"), "clas"); // a power cut
            assertThat(printed("bin/" + name, 0, Map.of())).doesNotContain(option);
            Files.delete(tree.resolve("cache/" + name + ".jsa"));
            assertThat(printed("bin/" + name, 0, Map.of())).doesNotContain(option);
        }
    }

    private void release(String version) throws IOException {
        Files.writeString(
                tree.resolve("java/release"),
                "IMPLEMENTOR=\"x=y\"\nJAVA_VERSION=\"" + version + "\"\nJAVA_VERSION_DATE=\"2025-04-15\"\n");
    }

    @Test
    void aJavaThatIsTooOldIsNamedAndNotTriedAgain() throws Exception {
        for (String old : List.of("11.0.25", "1.8.0_392", "16")) {
            release(old);
            assertThat(printed(78, Map.of()))
                    .singleElement()
                    .asString()
                    .contains(tree.resolve("java/bin/java") + " is Java " + old, "17 or newer", "JAVA_HOME");
        }
        for (String good : List.of("17", "17.0.15", "25-ea", "")) {
            release(good);
            assertThat(given(Map.of())).endsWith("--config=x");
        }
    }

    @Test
    void noJavaAtAllIsToldAsAnError() throws Exception {
        assertThat(printed(78, Map.of("JAVA_HOME", "/nowhere", "JOURNAL_STREAM", "8:1")))
                .singleElement()
                .asString()
                .startsWith("<3>musterd: there is no /nowhere/bin/java");
    }

    @Test
    void theCommandLineSaysItToo() throws Exception {
        assertThat(printed("bin/muster", 70, Map.of("JAVA_HOME", "/nowhere", "JOURNAL_STREAM", "8:1")))
                .singleElement()
                .asString()
                .startsWith("muster: there is no /nowhere/bin/java; Java 17 or newer is needed");
        release("11.0.25");
        assertThat(printed("bin/muster", 70, Map.of()))
                .singleElement()
                .asString()
                .startsWith(
                        "muster: " + tree.resolve("java/bin/java") + " is Java 11.0.25; Java 17 or newer is needed");
        release("17.0.15");
        assertThat(printed("bin/muster", 0, Map.of())).endsWith("--config=x");
    }
}
