package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostRootTest {
    private static final int LARGE = 200_000; // as /proc/interrupts of a host with hundreds of CPUs

    @TempDir
    private Path folder;

    @Test
    void aFileOfAnySizeIsReadWholeAndLeavesNothingToTheNext() throws IOException {
        StringBuilder large = new StringBuilder();
        while (large.length() < LARGE) {
            large.append(large.length()).append(" \u00e4\n");
        }
        Files.writeString(folder.resolve("large"), large);
        Files.writeString(folder.resolve("exact"), "x".repeat(32 * 1024)); // as much as a buffer that has grown once
        Files.writeString(folder.resolve("small"), " 7\n");
        Files.writeString(folder.resolve("empty"), "");
        HostRoot root = new HostRoot(folder);

        for (int i = 0; i < 2; i++) {
            assertThat(root.text("exact")).hasValue("x".repeat(32 * 1024));
            assertThat(root.text("large")).hasValue(large.toString().strip());
            assertThat(root.text("small")).hasValue("7");
            assertThat(root.number("small")).hasValue(7);
            assertThat(root.text("empty")).hasValue("");
        }
        assertThat(root.text("missing")).isEmpty();
    }
}
