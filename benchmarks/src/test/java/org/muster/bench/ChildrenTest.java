package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ChildrenTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    @Test
    void inputGoesInAndOutputComesBack() throws Exception {
        try (Children children = new Children(folder)) {
            assertThat(children.run(LIMIT, "a\nb\n", List.of("/bin/cat"))).isEqualTo("a\nb\n");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFailureTellsWhatTheCommandSaid() {
        try (Children children = new Children(folder)) {
            assertThatThrownBy(() -> children.run(LIMIT, "", List.of("/bin/sh", "-c", "echo no disk >&2; exit 3")))
                    .isInstanceOf(BenchException.class)
                    .hasMessage("sh ended with 3: no disk");
        }
    }

    @Test
    void aCommandThatOutlastsItsLimitIsEnded() {
        try (Children children = new Children(folder)) {
            assertThatThrownBy(() -> children.run(Duration.ofMillis(20), "", List.of("/bin/sleep", "600")))
                    .isInstanceOf(BenchException.class)
                    .hasMessageContaining("did not end");
        }
        assertThat(ProcessHandle.current().children()).noneMatch(ProcessHandle::isAlive);
    }

    @Test
    void noneOutlivesCloseAndNoneIsStartedAfterIt() throws Exception {
        Children children = new Children(folder);
        Process process = children.start(new ProcessBuilder("/bin/sleep", "600"));
        children.close();
        assertThat(process.isAlive()).isFalse();
        assertThatThrownBy(() -> children.start(new ProcessBuilder("/bin/true")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("taken down");
    }
}
