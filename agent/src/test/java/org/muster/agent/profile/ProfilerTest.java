package org.muster.agent.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One recording at a time, and its files. What is in one: ProfileWireTest. */
class ProfilerTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    @TempDir
    private Path state;

    private static <T> T now(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static void refused(CompletionStage<?> stage, ProfileRefusedException.Reason reason) {
        assertThatThrownBy(() -> now(stage))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        ProfileRefusedException.class,
                        e -> assertThat(e.reason()).isEqualTo(reason));
    }

    @Test
    void aSecondOneIsRefusedWhileOneIsMadeAndClosingEndsItInTime() throws Exception {
        CompletionStage<Profile> first;
        try (Profiler profiler = new Profiler(state.resolve("profile"), List.of())) {
            first = profiler.record(LONG);
            refused(profiler.record(LONG), ProfileRefusedException.Reason.BUSY);
        }

        Profile made = now(first);

        Path file = state.resolve("profile").resolve(made.name());
        assertThat(file).hasSize(made.bytes());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
                .isEqualTo("rwx------");
    }

    @Test
    void aDiskThatTakesNothingIsToldAndTheNextOneMayBeAskedFor() throws Exception {
        Path blocked = Files.writeString(state.resolve("profile"), "no directory");
        try (Profiler profiler = new Profiler(blocked, List.of())) {
            refused(profiler.record(Duration.ofMillis(1)), ProfileRefusedException.Reason.FAILED);
            Files.delete(blocked);

            assertThat(now(profiler.record(Duration.ofMillis(1))).bytes()).isPositive();
        }
    }

    @Test
    void theLastThreeAreKeptAndNoUnfinishedOne() throws Exception {
        Profiles profiles = new Profiles(state.resolve("profile"));
        for (int i = 0; i < 5; i++) {
            profiles.keep(Instant.ofEpochSecond(i), file -> Files.writeString(file, "x"));
            Files.writeString(state.resolve("profile/muster-killed.jfr.part"), "half");
        }
        profiles.keep(Instant.ofEpochSecond(9), file -> Files.writeString(file, "0123456789"));

        try (Stream<Path> left = Files.list(state.resolve("profile"))) {
            assertThat(left.map(file -> file.getFileName().toString()).sorted())
                    .containsExactly(
                            "muster-19700101T000003.000.jfr",
                            "muster-19700101T000004.000.jfr",
                            "muster-19700101T000009.000.jfr");
        }
        assertThat(profiles.read("muster-19700101T000009.000.jfr", 7, 100)).containsExactly('7', '8', '9');
        assertThat(profiles.read("muster-19700101T000009.000.jfr", 2, 3)).containsExactly('2', '3', '4');
        assertThat(profiles.read("muster-19700101T000009.000.jfr", 10, 3)).isEmpty();
        assertThat(profiles.read("muster-19700101T000009.000.jfr", Long.MAX_VALUE, 3))
                .isEmpty();
    }

    @Test
    void nothingElseCanBeRead() throws IOException {
        Profiles profiles = new Profiles(Files.createDirectory(state.resolve("profile")));
        Files.writeString(state.resolve("journal"), "secret");
        Files.createSymbolicLink(state.resolve("profile/muster-19700101T000001.000.jfr"), state.resolve("journal"));

        for (String name : List.of("../journal", "/etc/passwd", "", "muster-19700101T000002.000.jfr")) {
            assertThatThrownBy(() -> profiles.read(name, 0, 10))
                    .as(name)
                    .isInstanceOfSatisfying(
                            ProfileRefusedException.class,
                            e -> assertThat(e.reason()).isEqualTo(ProfileRefusedException.Reason.UNKNOWN));
        }
        assertThatThrownBy(() -> profiles.read("muster-19700101T000001.000.jfr", 0, 10))
                .isInstanceOf(IOException.class);
    }
}
