package org.muster.agent.factors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemCallsTest {
    @TempDir
    private Path proc;

    private void process(String pid, String name, int reads, int writes) throws IOException {
        Path folder = Files.createDirectory(proc.resolve(pid));
        Files.writeString(folder.resolve("comm"), name + "\n");
        Files.writeString(folder.resolve("io"), "rchar: 9\nwchar: 9\nsyscr: " + reads + "\nsyscw: " + writes + "\n");
    }

    private SystemCalls calls(OptionalLong daemonPid) {
        return new SystemCalls(proc, () -> daemonPid);
    }

    @Test
    void readsAndWritesAreAddedUp() throws IOException {
        process("self", "java", 3, 4);
        process("17", "libvirtd", 10, 20);
        process("18", "bash", 1, 1);

        assertThat(calls(OptionalLong.of(17)).own()).hasValue(7);
        assertThat(calls(OptionalLong.of(17)).libvirtd()).hasValue(30);
    }

    @Test
    void ofSeveralDaemonsItIsTheOneThatServesUs() throws IOException {
        process("17", "libvirtd", 10, 20);
        process("19", "libvirtd", 1, 2);

        assertThat(calls(OptionalLong.of(19)).libvirtd()).hasValue(3);
    }

    /** The host is simulated, or another machine: the daemon that happens to run here has nothing to do with it. */
    @Test
    void aDaemonThatServesOthersIsNotOurs() throws IOException {
        process("17", "libvirtd", 10, 20);

        assertThat(calls(OptionalLong.empty()).libvirtd()).isEmpty();
    }

    @Test
    void whereSystemdListensItIsTheOnlyDaemonThereIs() throws IOException {
        process("1", "systemd", 500, 500);
        process("17", "virtqemud", 10, 20);
        assertThat(calls(OptionalLong.of(1)).libvirtd()).hasValue(30);

        process("18", "libvirtd", 10, 20);
        assertThat(calls(OptionalLong.of(1)).libvirtd()).as("one of two").isEmpty();
    }

    @Test
    void whatTheKernelDoesNotCountIsNotZero() throws IOException {
        Files.createDirectory(proc.resolve("17"));

        assertThat(calls(OptionalLong.of(17)).own()).isEmpty();
        assertThat(calls(OptionalLong.of(17)).libvirtd()).isEmpty();
        assertThat(SystemCalls.perCall(OptionalLong.empty(), OptionalLong.of(7), 5))
                .isEmpty();
        assertThat(SystemCalls.perCall(OptionalLong.of(7), OptionalLong.empty(), 5))
                .isEmpty();
        assertThat(SystemCalls.perCall(OptionalLong.of(7), OptionalLong.of(10), 2))
                .hasValue(1.5);
    }

    @Test
    void theRunningProcessIsCounted() {
        assertThat(new SystemCalls(Path.of("/proc"), OptionalLong::empty).own().orElseThrow())
                .isPositive();
    }
}
