package org.muster.agent.factors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Test
    void readsAndWritesAreAddedUp() throws IOException {
        process("self", "java", 3, 4);
        process("17", "libvirtd", 10, 20);
        process("18", "bash", 1, 1);

        assertThat(new SystemCalls(proc).own()).hasValue(7);
        assertThat(new SystemCalls(proc).libvirtd()).hasValue(30);
    }

    @Test
    void oneOfSeveralDaemonsCannotBeTold() throws IOException {
        process("17", "libvirtd", 10, 20);
        process("18", "virtqemud", 10, 20);

        assertThat(new SystemCalls(proc).libvirtd()).isEmpty();
    }

    @Test
    void whatTheKernelDoesNotCountIsNotZero() throws IOException {
        Files.createDirectory(proc.resolve("17"));

        assertThat(new SystemCalls(proc).own()).isEmpty();
        assertThat(new SystemCalls(proc).libvirtd()).isEmpty();
    }

    @Test
    void theRunningProcessIsCounted() {
        assertThat(new SystemCalls(Path.of("/proc")).own().orElseThrow()).isPositive();
    }
}
