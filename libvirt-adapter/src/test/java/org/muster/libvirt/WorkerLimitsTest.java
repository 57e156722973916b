package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.libvirt.CallGuard.Workers;

class WorkerLimitsTest {
    @TempDir
    Path folder;

    @Test
    void readsWhatVirtAdminPrints() {
        String text = "minWorkers     : 5\nmaxWorkers     : 30\nnWorkers       : 5\nfreeWorkers    : 5\n";
        assertThat(WorkerLimits.parse(text)).contains(new Workers(5, 30, true));
        assertThat(WorkerLimits.parse("error: failed to connect")).isEmpty();
    }

    @Test
    void readsTheConfigurationWithItsDefaults() throws Exception {
        Path file = folder.resolve("libvirtd.conf");
        Files.writeString(file, "#min_workers = 9\nmax_workers = 40\n");
        assertThat(WorkerLimits.fromConfig(file)).isEqualTo(new Workers(5, 40, true));
    }

    @Test
    void assumesLibvirtdsDefaultsWhenNothingCanBeRead() {
        assertThat(WorkerLimits.fromConfig(folder.resolve("none"))).isEqualTo(new Workers(5, 20, false));
    }

    @Test
    void theDaemonThatServesTheUriIsAsked() throws Exception {
        assertThat(WorkerLimits.of("qemu:///system?socket=/r/libvirt-sock").adminUri())
                .isEqualTo("libvirtd:///system?socket=/r/libvirt-admin-sock");
        assertThat(WorkerLimits.of("qemu:///system?socket=/r/virtqemud-sock").adminUri())
                .isEqualTo("virtqemud:///system?socket=/r/virtqemud-admin-sock");
        assertThat(WorkerLimits.of("qemu:///system", folder).adminUri()).isEqualTo("libvirtd:///system");
        Files.createFile(folder.resolve("virtqemud-sock"));
        assertThat(WorkerLimits.of("qemu:///system", folder).adminUri()).isEqualTo("virtqemud:///system");
        assertThat(WorkerLimits.of("test:///default").find(true)).isEqualTo(new Workers(5, 20, false));
    }
}
