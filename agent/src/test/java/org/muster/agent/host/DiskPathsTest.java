package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a path, and whether we may say it. */
class DiskPathsTest {
    private static final String SAME = "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n";

    @TempDir
    private Path directory;

    private DiskPaths paths(String ours, String theirs) throws IOException {
        Path proc = directory.resolve("root/proc");
        Files.createDirectories(proc.resolve("self"));
        Files.createDirectories(proc.resolve("77"));
        Files.writeString(proc.resolve("self/mountinfo"), ours);
        Files.writeString(proc.resolve("77/mountinfo"), theirs);
        return new DiskPaths(new HostRoot(directory.resolve("root")), () -> OptionalLong.of(77));
    }

    private static Optional<String> problem(DiskPaths paths, Path path) {
        return paths.problem(path.toString(), at -> {});
    }

    @Test
    void aFileIsGoodWhatIsMissingIsNamedWithTheFirstThatIs() throws IOException {
        DiskPaths paths = paths(SAME, SAME);
        Path file = Files.createFile(directory.resolve("disk.raw"));

        assertThat(problem(paths, file)).isEmpty();
        assertThat(problem(paths, directory.resolve("no.raw")))
                .contains(directory.resolve("no.raw") + " does not exist");
        assertThat(problem(paths, directory.resolve("none/no.raw")))
                .contains(directory.resolve("none") + " does not exist");
        assertThat(problem(paths, directory)).contains(directory + " is a directory");
        assertThat(problem(paths, file.resolve("x"))).contains(file + " is no directory");
        assertThat(problem(paths, directory.resolve("./a/../disk.raw"))).isEmpty();
        assertThat(paths.problem("relative/path", at -> {})).isEmpty();
        assertThat(paths.problem("/dev/null", at -> {})).as("a device").isEmpty();
    }

    @Test
    void everyDirectoryIsToldBeforeItIsTouched() throws IOException {
        List<String> touched = new ArrayList<>();

        paths(SAME, SAME).problem("/proc/self/nothing", touched::add);

        assertThat(touched).containsExactly("/proc", "/proc/self", "/proc/self/nothing");
    }

    /** Through the kernel's link to its root: what is there for it and not for us, and the other way round. */
    @Test
    void thePathIsLookedAtAsTheDaemonSeesItWhereWeMay() throws IOException {
        DiskPaths paths = paths(SAME, "");
        Path itsRoot = directory.resolve("root/proc/77/root");
        Files.createDirectories(itsRoot.resolve("images"));
        Files.createFile(itsRoot.resolve("images/theirs.raw"));
        Path ours = Files.createFile(directory.resolve("ours.raw"));
        Files.createSymbolicLink(itsRoot.resolve("link"), Path.of("/nowhere"));

        assertThat(paths.problem("/images/theirs.raw", at -> {})).isEmpty();
        assertThat(paths.problem("/images/no.raw", at -> {})).contains("/images/no.raw does not exist");
        assertThat(problem(paths, ours)).isPresent();
        assertThat(paths.sameForGuests("/images/no.raw")).isTrue();
        assertThat(paths.problem("/link", at -> {}))
                .as("a link leads us through our own root, so nothing is certain")
                .isEmpty();
    }

    @Test
    void aLinkThatLeadsNowhereIsMissing() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("gone"));

        assertThat(problem(paths(SAME, SAME), link)).contains(link + " does not exist");
    }

    @Test
    void whatLibvirtdSeesOtherwiseIsNotJudged() throws IOException {
        String tmpOfOurOwn = SAME + "2 1 8:1 /private/tmp " + directory + " rw - ext4 /dev/sda1 rw\n";

        assertThat(problem(paths(tmpOfOurOwn, SAME), directory.resolve("no.raw")))
                .isEmpty();
        assertThat(problem(paths(SAME, tmpOfOurOwn), directory.resolve("no.raw")))
                .isEmpty();
        assertThat(problem(paths(tmpOfOurOwn, tmpOfOurOwn), directory.resolve("no.raw")))
                .isPresent();
    }

    @Test
    void withoutADaemonNothingIsJudged() {
        DiskPaths blind = new DiskPaths(HostRoot.system(), OptionalLong::empty);

        assertThat(problem(blind, directory.resolve("no.raw"))).isEmpty();
    }

    @Test
    void theRunningSystemSeesItselfAlike() {
        DiskPaths self = new DiskPaths(
                HostRoot.system(), () -> OptionalLong.of(ProcessHandle.current().pid()));

        assertThat(self.sameForGuests(directory.toString())).isTrue();
        assertThat(problem(self, directory.resolve("no.raw"))).isPresent();
    }

    @Test
    void theDeepestAndLastMountHasThePath() {
        MountView view = MountView.of(List.of(
                "1 1 8:1 / / rw - ext4 a rw",
                "2 1 0:5 / /nfs rw - nfs b rw",
                "3 2 8:2 /sub /nfs/a\\040b rw - ext4 c rw",
                "4 1 0:9 / /nfs rw - nfs d rw"));

        assertThat(view.file(Path.of("/etc/x"))).contains("8:1 /etc/x");
        assertThat(view.file(Path.of("/nfs/x"))).contains("0:9 /x");
        assertThat(view.file(Path.of("/nfs/a b/x"))).contains("8:2 /sub/x");
        assertThat(view.file(Path.of("/nfs2"))).contains("8:1 /nfs2");
    }
}
