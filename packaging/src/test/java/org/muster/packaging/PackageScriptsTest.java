package org.muster.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the scripts of both packages decide; that dpkg and rpm run them is tested with those (systemd/test/run). */
class PackageScriptsTest {
    private static final String START_ARCHIVE = "systemctl start muster-archive.service";

    @TempDir
    private Path root;

    private PackageScripts host;

    @BeforeEach
    void makeHost() throws IOException {
        host = new PackageScripts(root);
    }

    @Test
    void archivesOfTheOldVersionsClassesAreGoneBeforeAnythingStarts() throws Exception {
        for (List<String> install : List.of(List.of("deb/postinst", "configure", "0.0.9"), List.of("rpm/post", "2"))) {
            host.write("var/cache/muster/stamp", "old");
            host.write("var/cache/muster/musterd.jsa", "old");

            List<String> calls = host.run(install.get(0), install.subList(1, install.size()).toArray(new String[0]))
                    .calls();

            assertThat(root.resolve("var/cache/muster")).isEmptyDirectory();
            // nor does one that is being made of the old jars come afterwards
            assertThat(calls).containsSubsequence("systemctl stop muster-archive.service", START_ARCHIVE);
        }
    }
}
