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

/** What bin/musterd gives the JVM. */
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
        program("bin/musterd", Files.readString(PROJECT.resolve("packaging/src/main/tree/bin/musterd")));
    }

    private void program(String name, String text) throws IOException {
        Path file = tree.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private List<String> given(Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(tree.resolve("bin/musterd").toString(), "--config=x").redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("LOGS_DIRECTORY", "MUSTERD_JAVA_OPTS"));
        builder.environment().put("JAVA_HOME", tree.resolve("java").toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
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
}
