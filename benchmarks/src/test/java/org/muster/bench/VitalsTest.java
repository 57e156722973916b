package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VitalsTest {
    @TempDir
    private Path folder;

    @Test
    void aJvmTellsWhatItHolds() throws Exception {
        try (Children children = new Children(folder)) {
            Vitals vitals = Vitals.of(ProcessHandle.current().pid(), children);
            assertThat(vitals.threads()).isGreaterThan(5);
            assertThat(vitals.handles()).isGreaterThan(2);
            assertThat(vitals.heapMib()).isBetween(0.5, 2000.0);
            assertThat(vitals.nativeMib()).isGreaterThan(1);
        }
    }
}
