package org.muster.agent.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether a stream is the one that JOURNAL_STREAM names. */
class JournaldTest {
    @TempDir
    private Path folder;

    @Test
    void onlyTheStreamWithThatDeviceAndInodeIsTheJournal() throws Exception {
        Path stream = Files.createFile(folder.resolve("a"));
        Path other = Files.createFile(folder.resolve("b"));
        String name = Files.getAttribute(stream, "unix:dev") + ":" + Files.getAttribute(stream, "unix:ino");

        assertThat(Journald.reads(stream, Map.of("JOURNAL_STREAM", name))).isTrue();
        assertThat(Journald.reads(other, Map.of("JOURNAL_STREAM", name)))
                .as("a shell in between has sent it elsewhere")
                .isFalse();
        assertThat(Journald.reads(stream, Map.of())).isFalse();
        assertThat(Journald.reads(folder.resolve("none"), Map.of("JOURNAL_STREAM", name)))
                .isFalse();
    }
}
