package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which domains libvirtd has left running, by its files. */
class StatusFilesTest {
    @TempDir
    private Path folder;

    private void file(String name) throws IOException {
        Files.createFile(folder.resolve(name));
    }

    @Test
    void eachDomainWithAStateIsNamedAndNothingElse() throws IOException {
        file("web 1.xml");
        file("web 1.pid");
        file("a%20b+c.xml"); // names are no URIs
        file("being-written.xml.new");
        file("driver.pid");
        Files.createDirectories(folder.resolve("channel"));

        assertThat(StatusFiles.domains(folder)).hasValue(Set.of("web 1", "a%20b+c"));
    }

    @Test
    void aFolderThatIsNotThereTellsNothing() {
        assertThat(StatusFiles.domains(folder.resolve("none"))).isEmpty();
        assertThat(StatusFiles.domains(folder)).as("one without domains does").hasValue(Set.of());
    }

    @Test
    void theFolderIsBesideTheSocket() {
        assertThat(StatusFiles.folder("qemu:///system")).hasValue(Path.of("/run/libvirt/qemu"));
        assertThat(StatusFiles.folder("qemu:///system?mode=direct&socket=/srv/h/run/libvirt/libvirt-sock"))
                .hasValue(Path.of("/srv/h/run/libvirt/qemu"));
        assertThat(StatusFiles.folder("qemu:///session")).isEmpty();
        assertThat(StatusFiles.folder("qemu+ssh://elsewhere/system")).isEmpty();
        assertThat(StatusFiles.folder("test:///default")).isEmpty();
    }
}
