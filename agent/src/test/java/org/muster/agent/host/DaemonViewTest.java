package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often is asked which process serves guests: it costs a connection. */
class DaemonViewTest {
    @TempDir
    private Path root;

    private OptionalLong daemon = OptionalLong.of(77);
    private int asked;
    private long now; // simulated
    private DaemonView view;

    @BeforeEach
    void aView() {
        view = new DaemonView(
                new HostRoot(root),
                () -> {
                    asked++;
                    return daemon;
                },
                () -> now);
    }

    private void after(long seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
        for (int guest = 0; guest < 100; guest++) {
            assertThat(view.pid()).isEqualTo(daemon);
        }
    }

    @Test
    void onceAMinuteOfOneThatCanBeSeenAndAtOnceWhenItIsGone() throws IOException {
        Files.createDirectories(root.resolve("proc/77"));
        after(0);
        after(59);
        assertThat(asked).isEqualTo(1);
        after(1);
        assertThat(asked).isEqualTo(2);

        Files.delete(root.resolve("proc/77"));
        Files.createDirectories(root.resolve("proc/78"));
        daemon = OptionalLong.of(78);
        after(0);
        after(59);

        assertThat(asked).isEqualTo(3);
    }

    @Test
    void everyFewSecondsOfOneThatTheKernelDoesNotShow() {
        after(0);
        after(4);
        assertThat(asked).isEqualTo(1);
        after(1);
        assertThat(asked).isEqualTo(2);
    }

    @Test
    void everyFewSecondsWhereNobodyCanTell() {
        daemon = OptionalLong.empty();
        after(0);
        after(4);
        assertThat(asked).isEqualTo(1);
        after(1);
        assertThat(asked).isEqualTo(2);
    }
}
