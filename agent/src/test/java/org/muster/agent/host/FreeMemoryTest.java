package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreeMemoryTest {
    @TempDir
    private Path root;

    private void file(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private void pool(long size, int free, int promised, int overcommit, int surplus) throws IOException {
        String pool = "sys/kernel/mm/hugepages/hugepages-" + size + "kB/";
        file(pool + "free_hugepages", free + "\n");
        file(pool + "resv_hugepages", promised + "\n");
        file(pool + "nr_overcommit_hugepages", overcommit + "\n");
        file(pool + "surplus_hugepages", surplus + "\n");
    }

    @Test
    void whatTheKernelCouldGiveIsCounted() throws IOException {
        file(
                "proc/meminfo",
                "MemTotal:  100 kB\nMemAvailable:    4000 kB\nSwapFree: 500 kB\nHugePages_Free: 3\nHugepagesize: 2048 kB\n");
        pool(2048, 10, 3, 5, 1);
        pool(1 << 20, 0, 0, 0, 0);

        FreeMemory free = FreeMemory.read(new HostRoot(root));

        assertThat(free.availableKib()).hasValue(4500);
        assertThat(free.hugePagesKib()).isEqualTo(Map.of(2048L, 11 * 2048L, 1L << 20, 0L));
        assertThat(free.hugePagesKnown()).isTrue();
        assertThat(free.defaultPageKib()).hasValue(2048);
    }

    @Test
    void whatIsNotToldIsNotKnown() {
        assertThat(FreeMemory.read(new HostRoot(root)))
                .isEqualTo(new FreeMemory(OptionalLong.empty(), Map.of(), false, OptionalLong.empty()));
    }

    @Test
    void thisHostTellsSomething() {
        assertThat(FreeMemory.read(HostRoot.system()).availableKib()).isPresent();
    }
}
