package org.muster.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When bin/muster-archive makes the archives of classes. */
class ArchiveTest {
    private static final Path PROJECT = Path.of(System.getProperty("muster.root"));
    private static final FileTime OF_THE_SOURCES = FileTime.fromMillis(1_700_000_000_000L);

    @TempDir
    private Path tree;

    /** A tree whose java notes the archive that it is to make, and makes one. */
    @BeforeEach
    void makeTree() throws IOException {
        write("lib/musterd.jvm", "");
        write("lib/muster.jvm", "");
        jar("one");
        write("java/lib/modules", "");
        write("java/lib/server/libjvm.so", "");
        program("java/bin/java", """
                #!/bin/sh
                for word; do
                    case $word in -XX:ArchiveClassesAtExit=*) file=${word#*=} ;; esac
                done
                echo "${file##*/}" >>"$JAVA_HOME/made"
                echo classes >"$file"
                """);
        program("bin/muster-archive", Files.readString(PROJECT.resolve("packaging/src/main/tree/bin/muster-archive")));
    }

    private void jar(String content) throws IOException {
        write("lib/a.jar", content);
        Files.setLastModifiedTime(tree.resolve("lib/a.jar"), OF_THE_SOURCES);
    }

    private void write(String name, String text) throws IOException {
        Files.createDirectories(tree.resolve(name).getParent());
        Files.writeString(tree.resolve(name), text);
    }

    private void program(String name, String text) throws IOException {
        write(name, text);
        Files.setPosixFilePermissions(tree.resolve(name), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** What the call makes. */
    private List<String> made() throws IOException, InterruptedException {
        Path noted = tree.resolve("java/made");
        Files.deleteIfExists(noted);
        ProcessBuilder builder =
                new ProcessBuilder(tree.resolve("bin/muster-archive").toString()).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", tree.resolve("java").toString());
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return Files.exists(noted) ? Files.readAllLines(noted) : List.of();
    }

    @Test
    void archivesAreMadeOnce() throws Exception {
        assertThat(made()).containsExactly("musterd.jsa", "muster.jsa");
        assertThat(tree.resolve("cache/musterd.jsa")).exists();
        assertThat(made()).isEmpty();
    }

    @Test
    void aJarOfTheSameSizeAndTimeIsAnother() throws Exception {
        made();

        jar("two");

        assertThat(made()).containsExactly("musterd.jsa", "muster.jsa");
    }

    @Test
    void anotherRuntimeIsAnother() throws Exception {
        made();

        write("java/lib/modules", "newer");

        assertThat(made()).containsExactly("musterd.jsa", "muster.jsa");
    }

    @Test
    void oneThatWasCutIsMadeAgain() throws Exception {
        assertThat(made()).hasSize(2);
        write("cache/musterd.jsa", "clas");
        assertThat(made()).hasSize(2);
        assertThat(made()).isEmpty();
        Files.delete(tree.resolve("cache/muster.size")); // as an older version left it
        assertThat(made()).hasSize(2);
    }
}
