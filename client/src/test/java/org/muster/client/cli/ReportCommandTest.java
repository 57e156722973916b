package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.client.FakeAgent;
import org.muster.client.Json;

/** What is in a report, and above all what is not. */
class ReportCommandTest {
    private static final String XML = """
            <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
              <name>web</name><!-- root:hunter1 -->
              <metadata xmlns:ovirt-vm='http://ovirt.org/vm/1.0'><ovirt-vm:vm><ovirt-vm:device>
                <ovirt-vm:payload><ovirt-vm:file path='user-data'>aHVudGVyMg==</ovirt-vm:file></ovirt-vm:payload>
                <ovirt-vm:rootPassword>hunter3</ovirt-vm:rootPassword></ovirt-vm:device></ovirt-vm:vm></metadata>
              <devices><graphics type='vnc' port='5900' passwd='hunter4' passwdValidTo='2026-01-01T00:00:00'/>
                <disk><auth username='ceph'><secret type='ceph' uuid='11'/></auth></disk></devices>
              <launchSecurity type='sev'><dhCert>hunter5</dhCert><session>hunter6</session></launchSecurity>
              <sysinfo type='smbios'><oemStrings><entry>io.systemd.credential:pw=hunter7</entry></oemStrings></sysinfo>
              <description><![CDATA[token=hunter8 <x>]]></description>
              <qemu:commandline><qemu:arg value='secret,id=s,data=hunter9'/>
                <qemu:arg value='name=opt/org.fedora/config,string=hunter10 and hunter11'/>
                <qemu:env name='DB_PASSWORD' value='hunter12'/><qemu:env name='LANG' value='C'/></qemu:commandline>
            </domain>
            """;

    @TempDir
    private Path folder;

    @Test
    void nothingThatOpensADoorIsLeftInXml() {
        String clean = Secrets.outOfXml(XML);

        assertThat(clean)
                .doesNotContain("hunter")
                .doesNotContain("aHVudGVyMg")
                .contains("<name>web</name>", "port=\"5900\"", "passwdValidTo=\"2026-01-01T00:00:00\"")
                .contains("type=\"ceph\" uuid=\"11\"", "name=\"LANG\" value=\"C\"");
        assertThat(Secrets.outOfXml("<domain passwd='hunter'>"))
                .doesNotContain("hunter")
                .startsWith("left out");
        assertThat(Secrets.outOfXml("<!DOCTYPE d [<!ENTITY e 'hunter'>]><domain>&e;</domain>"))
                .startsWith("left out");
    }

    @Test
    void norInTextAndJson() throws Exception {
        assertThat(Secrets.outOf(
                        "open qemu://joe:hunter@h/system with password: hunter, vncPasswd=\"hun ter\" at 5 o'clock\n"
                                + "-----BEGIN RSA PRIVATE KEY-----\nhunter\n-----END RSA PRIVATE KEY-----\nnext"))
                .doesNotContain("hunter")
                .doesNotContain("hun ter")
                .contains("qemu://********@h/system", "at 5 o'clock", "next");
        JsonNode clean =
                Secrets.outOf(Json.parse("{\"vncPassword\":\"hunter\",\"days\":{\"token\":[\"hunter\"]},\"tokens\":7,"
                        + "\"list\":[\"secret=hunter\",{\"ticket\":{\"a\":\"hunter\"}}],\"key\":\"tls.key\"}"));
        assertThat(Json.write(clean))
                .isEqualTo("{\"vncPassword\":\"********\",\"days\":{\"token\":\"********\"},\"tokens\":7,"
                        + "\"list\":[\"secret=********\",{\"ticket\":\"********\"}],\"key\":\"tls.key\"}");
    }

    private static FakeAgent answering(FakeAgent agent) {
        return agent.on("Host.getCalls", "{\"calls\":[]}")
                .on(
                        "Host.getThreads",
                        "{\"threads\":[{\"name\":\"sampler\",\"state\":\"WAITING\",\"stack\":[]}],\"deadlocked\":[]}")
                .failOn("Host.getConfig", 2, "Access denied: Host.getConfig needs ADMIN")
                .on("Host.getCapabilities", "{\"cpuModel\":\"x\"}")
                .on("Host.getStats", "{\"cpuUser\":\"1\"}")
                .on("Host.getQueue", "{\"waiting\":[]}")
                .on("Host.getHistory", "{\"creates\":[{\"reason\":\"password=hunter\"}]}")
                .on("Host.getCreateStats", "{}")
                .on("Host.getVMList", "[]")
                .on("Host.getAllVmStats", "[{\"vmId\":\"aa-1\",\"vmName\":\"web\",\"status\":\"Up\"}]")
                .on("Host.dumpxmls", params -> Json.object().put("aa-1", XML).put("../../etc/cron.d/x", "<domain/>"));
    }

    private Map<String, String> unpacked(Path archive) throws IOException, InterruptedException {
        Path place = Files.createDirectories(folder.resolve("unpacked"));
        Process tar = new ProcessBuilder("tar", "xzf", archive.toString(), "-C", place.toString())
                .inheritIO()
                .start();
        assertThat(tar.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(tar.exitValue()).isZero();
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(place)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Path inside = place.relativize(file);
                files.put(
                        inside.subpath(1, inside.getNameCount()).toString(),
                        Files.readString(file, StandardCharsets.UTF_8));
            }
        }
        return files;
    }

    @Test
    void aReportHoldsWhatCanBeHadAndSaysWhatCannot() throws Exception {
        Path target = folder.resolve("r.tar.gz");
        try (FakeAgent agent = answering(FakeAgent.onUnix(folder.resolve("m.sock")))) {
            CliRun run = CliRun.of(agent, "report", "--file", target.toString());

            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.out()).contains("threads.txt", "xml/ of 1 guests", "secrets are taken out");
            assertThat(run.err()).contains("left out: config.json: ");
        }
        Map<String, String> files = unpacked(target);
        assertThat(files)
                .containsKeys(
                        "README.txt", "calls.json", "threads.txt", "history.json", "vm-stats.json", "xml/aa-1.xml")
                .containsKeys("kernel/meminfo.txt")
                .doesNotContainKey("config.json");
        assertThat(files.get("threads.txt")).startsWith("\"sampler\" WAITING");
        assertThat(files.get("README.txt"))
                .contains("calls.json", "does not hold", "config.json: ", "metrics.txt: where they are is not known");
        assertThat(files.values()).noneMatch(text -> text.contains("hunter"));
        assertThat(files.keySet()).noneMatch(name -> name.contains(".."));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
                .isEqualTo("rw-------");
    }

    @Test
    void theAgentsOwnConfigurationIsChecked() throws Exception {
        Path target = folder.resolve("r.tar.gz");
        try (FakeAgent agent = answering(FakeAgent.onUnix(folder.resolve("m.sock")))) {
            agent.on("Host.getConfig", "{\"file\":\"/etc/shadow\",\"settings\":[]}");
            CliRun run = CliRun.of(agent, "report", "--file", target.toString());

            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.err())
                    .contains("left out: self-check.json: the agent's configuration is called /etc/shadow");
        }
    }

    @Test
    void anExistingFileIsNotOverwrittenAndSingleGuestsCanBeLeftOut() throws Exception {
        Path target = folder.resolve("r.tar.gz");
        try (FakeAgent agent = answering(FakeAgent.onTcp())) {
            CliRun first =
                    CliRun.of(agent, "report", "--file", target.toString(), "--without-guests", "--output", "json");

            JsonNode told = Json.parse(first.lines().get(0));
            assertThat(told.path("holds").toString())
                    .contains("calls.json")
                    .doesNotContain("vm-stats")
                    .doesNotContain("xml");
            assertThat(told.path("missing").path("what the host tells").asText())
                    .contains("run it on the host");
            CliRun second = CliRun.of(agent, "report", "--file", target.toString());
            assertThat(second.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(second.err()).contains("is there already").doesNotContain("Exception");
        }
    }

    @Test
    void theLatestCrashOfTheJvmIsInItWithoutSecrets() throws Exception {
        Path older = Files.writeString(folder.resolve("hs_err_1.log"), "# older");
        Files.setLastModifiedTime(older, FileTime.fromMillis(0));
        Files.writeString(
                folder.resolve("hs_err_2.log"), "# SIGSEGV\njvm_args: -Djavax.net.ssl.keyStorePassword=hunter");
        Files.writeString(folder.resolve("other.log"), "x");
        ReportParts parts = new ReportParts();

        parts.crash(folder);
        parts.crash(folder.resolve("none"));

        assertThat(parts.files()).containsOnlyKeys("crash.txt");
        assertThat(new String(parts.files().get("crash.txt"), StandardCharsets.UTF_8))
                .startsWith(folder.resolve("hs_err_2.log") + "\n# SIGSEGV")
                .doesNotContain("hunter");
        assertThat(parts.missing()).isEmpty();
    }

    @Test
    void aJournalWithoutEntriesIsNoLogAndItsHintIsTheReason() {
        List<String> journalctl =
                List.of("sh", "-c", "echo '-- No entries --'; echo 'Hint: be in group adm' >&2; exit 1");

        assertThatThrownBy(() -> LocalProgram.output(Duration.ofSeconds(20), journalctl))
                .isInstanceOf(IOException.class)
                .hasMessage("sh ended with 1 and printed nothing: Hint: be in group adm");
    }

    @Test
    void withoutAnAgentTheHostIsReportedAllTheSame() throws Exception {
        Path target = folder.resolve("r.tar.gz");

        CliRun run = CliRun.with(
                Map.of("MUSTER_URL", "unix:" + folder.resolve("nobody.sock")),
                null,
                "",
                "report",
                "--file",
                target.toString());

        assertThat(run.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(unpacked(target)).containsKeys("README.txt", "kernel/meminfo.txt");
        assertThat(run.err()).contains("left out: what the agent tells");
    }
}
