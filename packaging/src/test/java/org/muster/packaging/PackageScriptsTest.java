package org.muster.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
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
        for (List<String> install : List.of(List.of("deb/postinst", "configure", "0.0.9"), List.of("rpm/post", "1"))) {
            host.write("var/cache/muster/stamp", "old");
            host.write("var/cache/muster/musterd.jsa", "old");
            host.write("var/cache/muster/musterd.size", "3");

            List<String> calls = host.run(
                            install.get(0), install.subList(1, install.size()).toArray(new String[0]))
                    .calls();

            assertThat(root.resolve("var/cache/muster")).isEmptyDirectory();
            // nor does one that is being made of the old jars come afterwards
            assertThat(calls).containsSubsequence("systemctl stop muster-archive.service", START_ARCHIVE);
        }
    }

    @Test
    void theRpmMakesArchivesWhenTheOldJarsAreGone() throws Exception {
        host.write("var/cache/muster/musterd.jsa", "old");
        assertThat(host.run("rpm/post", "2").calls()).doesNotContain(START_ARCHIVE);
        host.write("var/cache/muster/musterd.jsa", "of old and new jars, made by a start in between");

        List<String> calls = host.run("rpm/postun", "1").calls();

        assertThat(calls).containsSubsequence(START_ARCHIVE, "systemctl try-restart musterd.service");
        assertThat(root.resolve("var/cache/muster")).isEmptyDirectory();
    }

    /** What an upgrade does with an agent in such a state. */
    private List<String> upgraded(String state) throws IOException, InterruptedException {
        host.write("state", state + "\n");
        return host.run("deb/postinst", "configure", "0.0.9").calls().stream()
                .filter(call -> call.endsWith(" musterd.service") && !call.startsWith("deb-systemd-helper"))
                .toList();
    }

    @Test
    void anUpgradeLeavesNoAgentOnOldCodeAndNoneFailed() throws Exception {
        String restart = "deb-systemd-invoke restart musterd.service";

        assertThat(upgraded("active")).containsExactly(restart);
        assertThat(upgraded("activating")).containsExactly(restart);
        assertThat(upgraded("failed"))
                .containsExactly("systemctl reset-failed musterd.service", "deb-systemd-invoke start musterd.service");
        host.write("disabled", "");
        assertThat(upgraded("failed")).as("wanted no more").isEmpty();
        assertThat(upgraded("inactive")).isEmpty();
        assertThat(upgraded("deactivating")).isEmpty();
    }

    @Test
    void theSameOfTheRpm() throws Exception {
        host.write("state", "failed\n");
        assertThat(host.run("rpm/postun", "1").calls())
                .containsSubsequence("systemctl reset-failed musterd.service", "systemctl start musterd.service");
        host.write("disabled", "");
        assertThat(host.run("rpm/postun", "1").calls()).doesNotContain("systemctl start musterd.service");

        for (String state : List.of("active", "activating", "inactive")) {
            host.write("state", state + "\n");
            // which does nothing to what is stopped
            assertThat(host.run("rpm/postun", "1").calls())
                    .contains("systemctl try-restart musterd.service")
                    .doesNotContain("systemctl start musterd.service");
        }
    }

    @Test
    void thePortIsReservedAtOnceUnlessAListIsInForce() throws Exception {
        String apply = "systemd-sysctl 00-muster.conf";
        assertThat(host.run("deb/postinst", "configure").calls()).contains(apply);
        assertThat(host.run("rpm/post", "1").calls()).contains(apply);

        host.write("proc/sys/net/ipv4/ip_local_reserved_ports", "8080\n");

        assertThat(host.run("deb/postinst", "configure").calls()).doesNotContain(apply);
        assertThat(host.run("rpm/post", "1").calls()).doesNotContain(apply);
    }

    /** The user that the packages make. */
    private String ours() {
        return ours(998, "/usr/sbin/nologin");
    }

    private String ours(int id, String shell) {
        return "muster:x:%d:%d:Muster host agent:%s/var/lib/muster:%s\n".formatted(id, id, root, shell);
    }

    @Test
    void aPersonsAccountIsNotTakenOver() throws Exception {
        for (List<String> install : List.of(List.of("deb/preinst", "install"), List.of("rpm/pre", "1"))) {
            for (String account : List.of(
                    "muster:x:1777:1777:Ms. Muster:/home/muster:/usr/sbin/nologin",
                    "muster:x:800:800:Ms. Muster:/home/muster:/bin/bash",
                    "muster:x:800:800:Ms. Muster:/home/muster:")) {
                host.write("etc/passwd", account + "\n");
                PackageScripts.Outcome refused = host.run(install.get(0), install.get(1));

                assertThat(refused.code()).as(account).isNotZero();
                assertThat(refused.said()).contains("user muster is there", "person's account", "usermod --login");
                assertThat(refused.calls()).as("changes nothing").isEmpty();
            }
            host.write("etc/passwd", "");
            host.write("etc/group", "muster:x:1777:alice\n");
            assertThat(host.run(install.get(0), install.get(1)).said()).contains("group muster is there");
            host.write("etc/passwd", ours());
            host.write("etc/group", "muster:x:998:alice\n");
            assertThat(host.run(install.get(0), install.get(1)).code()).isZero();
            host.write("etc/passwd", ours(64_001, "/bin/bash")); // whatever an admin made of it since
            host.write("etc/group", "muster:x:64001:\n");
            assertThat(host.run(install.get(0), install.get(1)).code()).isZero();
        }
    }

    @Test
    void anUpgradeAsksNobodyForHisAccount() throws Exception {
        host.write("etc/passwd", "muster:x:998:998:Muster host agent:/var/lib/muster:/bin/bash\n");

        assertThat(host.run("deb/preinst", "upgrade", "0.0.9").code()).isZero();
        assertThat(host.run("rpm/pre", "2").code()).isZero();
    }

    @Test
    void purgeDeletesTheUserThatThePackageMadeAndNoOther() throws Exception {
        host.write("etc/passwd", "muster:x:800:800:made by hand:/srv:/usr/sbin/nologin\n");
        host.write("etc/group", "muster:x:800:\n");
        PackageScripts.Outcome kept = host.run("deb/postrm", "purge");
        assertThat(kept.code()).isZero();
        assertThat(kept.calls()).noneMatch(call -> call.startsWith("userdel") || call.startsWith("groupdel"));
        assertThat(kept.said()).contains("user muster is not of this package's making");

        host.write("etc/passwd", ours());
        assertThat(host.run("deb/postrm", "purge").calls()).contains("userdel muster", "groupdel muster");
    }

    @Test
    void purgeTakesWhatIsOursAndSaysWhatItLeaves() throws Exception {
        host.write("var/lib/muster/payload/a.iso", "");
        host.write("var/log/muster/hs_err_1.log", "");
        host.write("etc/muster/conf.d/10-site.toml", "");
        host.write("elsewhere/key.pem", "");
        Files.createSymbolicLink(root.resolve("etc/muster/pki/link"), root.resolve("elsewhere"));

        PackageScripts.Outcome purged = host.run("deb/postrm", "purge");

        assertThat(purged.code()).isZero();
        for (String folder : List.of("var/lib/muster", "var/log/muster", "etc/muster")) {
            assertThat(root.resolve(folder)).doesNotExist();
        }
        assertThat(root.resolve("elsewhere/key.pem")).as("behind a link").exists();
        assertThat(purged.said()).isEmpty();
    }

    @Test
    void purgeOfAStateBehindALinkTakesTheAgentsFilesOnly() throws Exception {
        String me = System.getProperty("user.name");
        host.write("srv/journal", "");
        Files.createDirectories(root.resolve("var/lib"));
        Files.createSymbolicLink(root.resolve("var/lib/muster"), root.resolve("srv"));
        host.stand("find", "find", "muster", me); // whose files these are
        host.write("etc/passwd", ours());

        PackageScripts.Outcome purged = host.run("deb/postrm", "purge");

        assertThat(purged.code()).isZero();
        assertThat(root.resolve("srv")).isEmptyDirectory();
        assertThat(Files.isSymbolicLink(root.resolve("var/lib/muster"))).isFalse();

        host.write("srv/of-somebody-else", "");
        Files.createSymbolicLink(root.resolve("var/lib/muster"), root.resolve("srv"));
        host.stand("find", "find", "muster", "nobody");

        assertThat(host.run("deb/postrm", "purge").said())
                .contains("was a link to " + root.resolve("srv"), "of-somebody-else");
        assertThat(root.resolve("srv/of-somebody-else")).exists();
    }

    private boolean changesTheKeyFolder(String... words) throws IOException, InterruptedException {
        List<String> calls = host.run("deb/postinst", words).calls();
        boolean changes = calls.contains("chown root:muster " + root.resolve("etc/muster/pki"));
        assertThat(calls.contains("chmod 750 " + root.resolve("etc/muster/pki")))
                .isEqualTo(changes);
        return changes;
    }

    @Test
    void theKeyFolderIsClosedAtTheFirstInstallationAndThenTheAdmins() throws Exception {
        assertThat(changesTheKeyFolder("configure", "")).isTrue();
        assertThat(changesTheKeyFolder("configure")).isTrue();
        assertThat(changesTheKeyFolder("configure", "0.0.9")).isFalse();
        String removed = "var/lib/systemd/deb-systemd-helper-masked/musterd.service";
        host.write(removed, "");
        assertThat(changesTheKeyFolder("configure", "0.0.9"))
                .as("dpkg made it anew")
                .isTrue();
        Files.delete(root.resolve(removed));
        host.write("overridden", "root adm 755 " + root.resolve("etc/muster/pki") + "\n");
        assertThat(changesTheKeyFolder("configure")).isFalse();
        host.write("overridden", "");
        Files.delete(root.resolve("etc/muster/pki"));
        Files.createSymbolicLink(root.resolve("etc/muster/pki"), root.resolve("var"));
        assertThat(changesTheKeyFolder("configure")).isFalse();
    }
}
