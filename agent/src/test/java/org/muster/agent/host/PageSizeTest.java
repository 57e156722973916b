package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageSizeTest {
    @TempDir
    private Path directory;

    @Test
    void theKernelTellsIt() {
        new FakeTree(directory).pageBytes(65536);

        assertThat(PageSize.bytes(new HostRoot(directory))).isEqualTo(OptionalLong.of(65536));
    }

    @Test
    void thisHostHasOne() {
        assertThat(PageSize.bytes(HostRoot.system()).orElseThrow()).isIn(4096L, 16384L, 65536L);
    }

    @Test
    void whatIsNotToldIsNotGuessed() {
        assertThat(PageSize.bytes(new HostRoot(directory))).isEmpty();
    }
}
