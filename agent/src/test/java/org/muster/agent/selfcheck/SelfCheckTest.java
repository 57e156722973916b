package org.muster.agent.selfcheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.config.MusterConfig;
import org.muster.agent.selfcheck.Finding.Level;
import org.muster.agent.tls.TestPki;
import org.muster.kernel.KernelClock;
import org.muster.libvirt.CallGuard.Workers;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.LibvirtLook;

/** Each check on a host that is well, and on one for each thing that can be wrong. */
class SelfCheckTest {
    private static final int NOBODY = 987_654;
    private static final Account AGENT =
            new Account("muster", NOBODY, Set.of(NOBODY), Set.of("muster", "libvirt"), false);

    @TempDir
    private Path folder;

    private HostTree host;

    @BeforeEach
    void makeHost() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        host = new HostTree(folder);
        write("etc/passwd", "root:x:0:0::/root:/bin/sh\nmuster:x:998:998::/:/x");
        write("etc/group", "root:x:0:\nlibvirt:x:64:muster,joe\nmuster:x:998:");
        write("proc/cpuinfo", "flags\t\t: fpu vmx sse");
        write("dev/kvm", "");
        write("proc/self/limits", "Max open files            1024                 65536                files");
        write("proc/sys/fs/file-nr", "1000\t0\t9223372036854775807");
        write("proc/sys/fs/aio-max-nr", "65536");
        write("proc/sys/fs/aio-nr", "10");
        write("proc/sys/fs/inotify/max_user_instances", "128");
        write("proc/sys/kernel/pid_max", "4194304");
        write("run/libvirt/virtlogd-sock", "");
    }

    private Path write(String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    private static MusterConfig defaults() {
        return ConfigFile.defaults().effective();
    }

    private static void well(List<Finding> found) {
        assertThat(found).isNotEmpty().allMatch(finding -> finding.level() == Level.OK);
    }

    private static void finds(List<Finding> found, Level level, String text, String advice) {
        assertThat(found)
                .filteredOn(finding -> finding.level() != Level.OK)
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(level);
                    assertThat(finding.text()).contains(text);
                    assertThat(finding.advice()).contains(advice);
                });
    }

    @Test
    void theAgentsAccountIsWhoTheAgentWillRunAs() {
        Account agent = Account.ofAgent(host, "root");

        assertThat(agent).isEqualTo(new Account("muster", 998, Set.of(998, 64), Set.of("muster", "libvirt"), false));
        assertThat(Account.ofAgent(host, "muster").us()).isTrue();
        assertThat(Account.ofAgent(new HostTree(folder.resolve("none")), "root").name())
                .isEqualTo("root");
    }

    @Test
    void everyMistakeOfTheConfigurationIsAProblem() throws Exception {
        Path file = write("muster.toml", "create.concurency = 1\nlisten.port = -1");
        Optional<org.muster.agent.config.InvalidConfigException> invalid = Optional.empty();
        try {
            ConfigFile.read(file);
        } catch (org.muster.agent.config.InvalidConfigException e) {
            invalid = Optional.of(e);
        }

        assertThat(new ConfigurationCheck(file, invalid, AGENT).find())
                .hasSize(2)
                .allMatch(finding -> finding.level() == Level.PROBLEM);
        well(new ConfigurationCheck(file, Optional.empty(), AGENT).find());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        finds(new ConfigurationCheck(file, Optional.empty(), AGENT).find(), Level.PROBLEM, "everybody", "chmod o-w");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        finds(new ConfigurationCheck(file, Optional.empty(), AGENT).find(), Level.PROBLEM, "may not read", "chmod o+r");
    }

    @Test
    void aStateDirectoryMustBeThereAndWritableAndPassable() throws Exception {
        Path state = Files.createDirectory(folder.resolve("state"));
        Account owner = new Account("x", (int) Files.getAttribute(state, "unix:uid"), Set.of(), Set.of(), false);

        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx--x--x"));
        assertThat(new StateCheck(state, owner).find()).noneMatch(finding -> finding.level() == Level.PROBLEM);
        Path ofUnit = Path.of("/var/lib/muster");
        if (!Files.exists(ofUnit)) {
            well(new StateCheck(ofUnit, AGENT).find());
        }
        finds(
                new StateCheck(folder.resolve("none"), AGENT).find(),
                Level.PROBLEM,
                "is not there",
                "install -d -o muster");
        assertThat(new StateCheck(state, AGENT).find())
                .anyMatch(finding -> finding.level() == Level.PROBLEM
                        && finding.text().contains("user muster may not write " + state)
                        && finding.advice().equals("chown muster " + state));
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx------"));
        assertThat(new StateCheck(state, owner).find())
                .anyMatch(finding ->
                        finding.level() == Level.WARNING && finding.advice().equals("chmod o+x " + state));
    }

    @Test
    void certificatesMustBeThereReadableFitTogetherAndLast() throws Exception {
        TestPki pki = TestPki.in(Files.createDirectory(folder.resolve("pki")));
        pki.issue("host", "-days", "20"); // the CA has 30
        Path key = pki.files().key();
        MusterConfig.Tls tls = tls(pki);
        Instant now = Instant.now().minus(Duration.ofDays(20));
        Account reader = new Account("x", 0, Set.of(), Set.of(), false);

        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
        well(new CertificateCheck(tls, reader, now).find());
        finds(
                new CertificateCheck(tls, reader, now.plus(Duration.ofDays(15))).find(),
                Level.WARNING,
                "our certificate ends in ",
                "renew");
        assertThat(new CertificateCheck(tls, reader, now.plus(Duration.ofDays(45))).find())
                .anyMatch(finding ->
                        finding.level() == Level.PROBLEM && finding.text().startsWith("our certificate ended at "));
        finds(new CertificateCheck(tls, AGENT, now).find(), Level.PROBLEM, "may not read " + key, "chmod g+r");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        finds(new CertificateCheck(tls, reader, now).find(), Level.PROBLEM, "everybody", "chmod o-rwx");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(key, "no key");
        finds(new CertificateCheck(tls, reader, now).find(), Level.PROBLEM, "tls.key", "right file");
        Files.delete(key);
        finds(new CertificateCheck(tls, reader, now).find(), Level.WARNING, "only the local socket", "enrol");
    }

    @Test
    void rolesThatListNobodyShutEverybodyOut() throws Exception {
        TestPki pki = TestPki.in(folder);
        Instant now = Instant.now().minus(Duration.ofDays(20)); // far from their end
        Account reader = new Account("x", 0, Set.of(), Set.of(), false);
        finds(
                new CertificateCheck(tls(pki, Optional.of(Map.of())), reader, now).find(),
                Level.PROBLEM,
                "tls.roles = {} lists nobody",
                "list the engine's subject");
        assertThat(new CertificateCheck(tls(pki, Optional.of(Map.of("engine", "operate"))), reader, now).find())
                .noneMatch(finding -> finding.text().contains("tls.roles"));
    }

    private static MusterConfig.Tls tls(TestPki pki) {
        return tls(pki, Optional.empty());
    }

    private static MusterConfig.Tls tls(TestPki pki, Optional<Map<String, String>> roles) {
        return new MusterConfig.Tls(
                true,
                false,
                pki.files().ca(),
                pki.files().certificate(),
                pki.files().key(),
                pki.files().crl(),
                false,
                roles);
    }

    private List<Finding> libvirt(LibvirtCheck.Source source) {
        return new LibvirtCheck(defaults().libvirt(), source, host, AGENT).find();
    }

    private static LibvirtLook look(String version, boolean kvm, int minWorkers, int maxClients) {
        return new LibvirtLook(
                version,
                "QEMU 7.2.0",
                kvm,
                "libvirtd",
                new Workers(minWorkers, 20, true),
                OptionalInt.of(maxClients),
                OptionalInt.of(10));
    }

    @Test
    void libvirtdMustAnswerAndHaveRoom() throws Exception {
        well(libvirt(uri -> look("9.0.0", true, 20, 5000)));
        finds(libvirt(uri -> look("5.9.0", true, 20, 5000)), Level.PROBLEM, "5.9.0 is too old", "6.0");
        finds(libvirt(uri -> look("9.0.0", false, 20, 5000)), Level.WARNING, "no KVM", "kvm");
        finds(
                libvirt(uri -> look("9.0.0", true, 5, 5000)),
                Level.WARNING,
                "min_workers = 5, max_workers = 20",
                "min_workers = 20 in /etc/libvirt/libvirtd.conf");
        finds(libvirt(uri -> look("9.0.0", true, 20, 20)), Level.WARNING, "takes 20 connections", "max_clients");
        write("etc/libvirt/libvirtd.conf", "#access_drivers = [ \"polkit\" ]\n");
        well(libvirt(uri -> look("9.0.0", true, 20, 5000)));
        write("etc/libvirt/libvirtd.conf", "access_drivers = [ \"polkit\" ]\n");
        finds(libvirt(uri -> look("9.0.0", true, 20, 5000)), Level.WARNING, "polkit", "unset");
        finds(
                libvirt(uri -> {
                    throw new HypervisorException(Kind.DISCONNECTED, 38, "virConnectOpen", "", "no such socket", null);
                }),
                Level.PROBLEM,
                "no such socket",
                "systemctl enable --now libvirtd.socket");
        finds(
                libvirt(uri -> {
                    throw new UnsatisfiedLinkError("libvirt.so.0");
                }),
                Level.PROBLEM,
                "libvirt.so.0",
                "install libvirt0");
    }

    /** Root's connection says nothing about the agent's. */
    @Test
    void libvirtdMustLetTheAgentInAndNotOnlyRoot() throws Exception {
        LibvirtCheck.Source good = uri -> look("9.0.0", true, 20, 5000);
        Path socket = write("run/libvirt/libvirt-sock", "");
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw----"));
        finds(libvirt(good), Level.PROBLEM, "user muster may not write " + socket, "SocketGroup=libvirt");

        int group = (int) Files.getAttribute(socket, "unix:gid");
        Account member = new Account("muster", NOBODY, Set.of(group), Set.of("libvirt"), false);
        well(new LibvirtCheck(defaults().libvirt(), good, host, member).find());

        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
        finds(libvirt(good), Level.WARNING, "no rule of it names org.libvirt.unix.manage", "/etc/polkit-1/rules.d");
        write("usr/share/polkit-1/rules.d/60-libvirt.rules", "if (action.id == \"org.libvirt.unix.manage\" && …) YES");
        well(libvirt(good));
        write("etc/libvirt/libvirtd.conf", "auth_unix_rw = \"sasl\"  # says who\n");
        finds(libvirt(good), Level.PROBLEM, "a name and a password", "/etc/libvirt/libvirtd.conf");
    }

    @Test
    void limitsOfConnectionsInLibvirtdsConfigurationAreTold() throws Exception {
        LibvirtCheck.Source good = uri -> look("9.0.0", true, 20, 5000);
        write("etc/libvirt/libvirtd.conf", "max_client_requests = 1\n");
        well(libvirt(good));
        assertThat(libvirt(good)).anyMatch(finding -> finding.text().contains("max_client_requests = 1"));
        write("etc/libvirt/libvirtd.conf", "keepalive_interval = -1\n");
        finds(libvirt(good), Level.WARNING, "keepalive_interval = -1", "take it out of /etc/libvirt/libvirtd.conf");
        write("etc/libvirt/libvirtd.conf", "keepalive_interval = 1\nkeepalive_count = 2\n");
        finds(libvirt(good), Level.WARNING, "silent for 3 s", "leave both unset");
    }

    @Test
    void theUnitMustLetTheAgentWriteWhereItIsTold() throws Exception {
        List<String> shipped = List.of(
                "LoadState=loaded",
                "ProtectSystem=strict",
                "ProtectHome=yes",
                "PrivateTmp=yes",
                "ReadWritePaths=",
                "StateDirectory=muster",
                "RuntimeDirectory=muster",
                "CacheDirectory=",
                "LogsDirectory=muster");
        MusterConfig usual = defaults();
        MusterConfig elsewhere = usual.with(new MusterConfig.State(Path.of("/srv/muster")));

        well(new UnitCheck(usual, () -> UnitView.of(shipped)).find());
        finds(
                new UnitCheck(elsewhere, () -> UnitView.of(shipped)).find(),
                Level.WARNING,
                "state.directory: /srv/muster is read-only for the unit",
                "systemctl edit musterd: a section [Service] with the line ReadWritePaths=/srv/muster;");
        List<String> edited = shipped.stream()
                .map(line -> line.startsWith("ReadWrite") ? "ReadWritePaths=/mnt -/srv" : line)
                .toList();
        well(new UnitCheck(elsewhere, () -> UnitView.of(edited)).find());
        well(new UnitCheck(elsewhere, () -> UnitView.of(List.of("LoadState=not-found"))).find());
        assertThat(unit(shipped, "/home/joe/state").text()).contains("ProtectHome");
        assertThat(unit(shipped, "/tmp/state").text()).contains("/tmp of its own");
        assertThat(unit(shipped, "/run/other").advice()).contains("RuntimeDirectory=muster other");
    }

    private static Finding unit(List<String> told, String folder) {
        return UnitView.of(told)
                .orElseThrow()
                .objection("state.directory", Path.of(folder))
                .orElseThrow();
    }

    @Test
    void qemusUserMustBeLetToKvm() throws Exception {
        KernelChecks kernel = new KernelChecks(host, () -> Optional.of(true));
        Path device = write("dev/kvm", "");
        int group = (int) Files.getAttribute(device, "unix:gid");
        write("etc/passwd", "libvirt-qemu:x:64055:64055::/:/x");
        write("etc/group", "kvm:x:" + group + ":\n");

        Files.setPosixFilePermissions(device, PosixFilePermissions.fromString("rw-rw----"));
        finds(kernel.kvm(), Level.WARNING, "user libvirt-qemu may not read " + device, "chgrp kvm /dev/kvm");
        write("etc/libvirt/qemu.conf", "#group = \"x\"\ngroup = \"kvm\"\n");
        well(kernel.kvm());
        Files.setPosixFilePermissions(device, PosixFilePermissions.fromString("rw-r-----"));
        finds(kernel.kvm(), Level.WARNING, "may not write " + device, "chmod 0660");
    }

    @Test
    void journaldsDropInsCountInTheOrderOfTheirNames() throws Exception {
        KernelChecks kernel = new KernelChecks(host, () -> Optional.of(true));
        write("etc/systemd/journald.conf", "[Journal]\nRateLimitBurst=20000\n");
        write("usr/lib/systemd/journald.conf.d/50-a.conf", "[Journal]\nRateLimitBurst=300\n");
        finds(kernel.journald(), Level.WARNING, "300 lines", "RateLimitBurst=10000");
        write("etc/systemd/journald.conf.d/50-a.conf", "[Journal]\nRateLimitBurst=30000\n");
        well(kernel.journald());
        write("etc/systemd/journald.conf.d/60-b.conf", "[Journal]\nRateLimitBurst=400\n");
        finds(kernel.journald(), Level.WARNING, "400 lines", "journald.conf.d");
    }

    @Test
    void theKernelMustHaveWhatGuestsNeed() throws Exception {
        KernelChecks kernel = new KernelChecks(host, () -> Optional.of(true));
        well(kernel.kvm());
        well(kernel.hugePages());
        well(kernel.limits());
        well(kernel.clock());
        well(kernel.journald());

        Files.delete(folder.resolve("dev/kvm"));
        finds(kernel.kvm(), Level.WARNING, "no /dev/kvm", "modprobe");
        write("proc/cpuinfo", "flags : fpu");
        finds(kernel.kvm(), Level.WARNING, "offers no virtualization", "firmware");
        write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512");
        write("proc/mounts", "tmpfs /run tmpfs rw 0 0");
        finds(kernel.hugePages(), Level.PROBLEM, "512 of 2048kB", "dev-hugepages.mount");
        write("proc/mounts", "hugetlbfs /dev/hugepages hugetlbfs rw 0 0");
        well(kernel.hugePages());
        write("proc/sys/fs/aio-nr", "60000");
        finds(kernel.limits(), Level.WARNING, "60000 of 65536", "fs.aio-max-nr=1048576");
        write("proc/sys/fs/aio-nr", "0");
        write("proc/self/limits", "Max open files            1024                 1024                 files");
        finds(kernel.limits(), Level.WARNING, "1024 files", "LimitNOFILE");
        write("etc/systemd/journald.conf", "[Journal]\n#RateLimitBurst=10\nRateLimitBurst=200\n");
        finds(kernel.journald(), Level.WARNING, "200 lines", "RateLimitBurst=10000");
        finds(new KernelChecks(host, () -> Optional.of(false)).clock(), Level.WARNING, "clock right", "chrony");
        finds(new KernelChecks(host, Optional::empty).clock(), Level.WARNING, "does not tell", "timedatectl");
    }

    /** Its files are not ordinary ones: the kernel makes them as they are read. */
    @Test
    void theRunningKernelCanBeRead() {
        HostTree real = new HostTree(Path.of("/"));

        assertThat(real.text("proc/sys/fs/file-nr").orElseThrow()).matches("\\d+\\s+\\d+\\s+\\d+");
        assertThat(real.number("proc/sys/kernel/pid_max").orElseThrow()).isGreaterThan(300);
        assertThat(new KernelChecks(real, KernelClock::synchronised).limits())
                .noneMatch(finding -> finding.level() == Level.PROBLEM);
    }

    @Test
    void portsMustBeFreeOrOurs() throws Exception {
        well(new PortCheck(defaults(), AGENT, host).find());
        String line =
                "\n   0: 00000000000000000000000000000000:D431 00000000000000000000000000000000:0000 0A 00000000:00000000"
                        + " 00:00000000 00000000  107        0 1234 1 0000000000000000 100 0 0 10 0";
        write("proc/net/tcp6", "  sl  local_address" + line);
        finds(
                new PortCheck(defaults(), AGENT, host).find(),
                Level.PROBLEM,
                "listen.port 54321 is taken by a program of user 107",
                "ss -ltnp 'sport = :54321'");
        write("proc/net/tcp6", "  sl" + line.replace(" 0A ", " 01 "));
        well(new PortCheck(defaults(), AGENT, host).find());
    }

    @Test
    void aPortThatMayBeGivenToAConnectionIsToldUnlessItIsReserved() throws Exception {
        write("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
        write("proc/sys/net/ipv4/ip_local_reserved_ports", "8080,50000-50009\n");
        finds(
                new PortCheck(defaults(), AGENT, host).find(),
                Level.WARNING,
                "listen.port 54321 is not reserved",
                "ip_local_reserved_ports=8080,50000-50009,54321");
        for (String reserved : List.of("8080,54321-54322", "54321")) {
            write("proc/sys/net/ipv4/ip_local_reserved_ports", reserved + "\n");
            well(new PortCheck(defaults(), AGENT, host).find());
        }
        write("proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
        write("proc/sys/net/ipv4/ip_local_port_range", "55000\t60999\n");
        well(new PortCheck(defaults(), AGENT, host).find());
    }

    @Test
    void theUserMustBeInItsGroups() throws Exception {
        write("etc/group", "muster:x:998:");
        Path socket = folder.resolve("none/m.sock");
        Account alone = new Account("muster", 998, Set.of(998), Set.of("muster"), false);

        finds(
                new AccountCheck(alone, host, Path.of("/run/muster/m.sock")).find(),
                Level.PROBLEM,
                "not in group libvirt",
                "usermod");
        finds(new AccountCheck(AGENT, host, socket).find(), Level.PROBLEM, "is not there", "install -d");
        write("etc/group", "");
        finds(
                new AccountCheck(AGENT, host, Path.of("/run/muster/m.sock")).find(),
                Level.WARNING,
                "no group muster",
                "groupadd");
    }

    @Test
    void whatHangsOrFailsIsToldAndKeepsNothingElseWaiting() {
        CountDownLatch never = new CountDownLatch(1);
        Map<String, List<Finding>> found = SelfCheck.run(
                List.of(
                        new Check("hangs", () -> {
                            never.await();
                            return List.of();
                        }),
                        new Check("fails", () -> {
                            throw new IOException("disk on fire");
                        }),
                        new Check("works", () -> List.of(Finding.ok("fine")))),
                Duration.ofMillis(300));

        assertThat(found).containsOnlyKeys("hangs", "fails", "works");
        finds(found.get("hangs"), Level.PROBLEM, "no answer within", "hangs");
        finds(found.get("fails"), Level.PROBLEM, "disk on fire", "");
        well(found.get("works"));
        assertThat(SelfCheckCommand.json(found).toString())
                .startsWith("{\"problems\":2,\"warnings\":0,\"findings\":[{\"check\":\"hangs\",\"level\":\"problem\",");
        never.countDown();
    }

    @Test
    void theWholeCommandSaysWhatIsWrongByItsExitCode() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Path socket = folder.resolve("m.sock");
        Path config = write(
                "muster.toml",
                "libvirt.uri = \"test:///default\"\nlisten.socket = \"" + socket + "\"\nlisten.port = 0\n"
                        + "state.directory = \"" + folder + "/none\"\nmetrics.listen = \"off\"\n");

        int code = SelfCheckCommand.run(
                List.of("--config", config.toString(), "--output", "json"),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                System.err);

        assertThat(code).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("\"check\":\"state directory\",\"level\":\"problem\"")
                .contains("TEST")
                .hasLineCount(1);
        assertThat(SelfCheckCommand.run(
                        List.of("--bogus"), System.out, new PrintStream(out, true, StandardCharsets.UTF_8)))
                .isEqualTo(2);
    }

    @Test
    void thePortsOfAnAgentThatRunsAreOurs() throws Exception {
        Path socket = folder.resolve("m.sock");
        HostTree real = new HostTree(Path.of("/"));
        Account us = new Account("us", (int) Files.getAttribute(folder, "unix:uid"), Set.of(), Set.of(), true);
        try (ServerSocket tcp = new ServerSocket(0);
                ServerSocketChannel local = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            Path config =
                    write("m.toml", "listen.port = " + tcp.getLocalPort() + "\nlisten.socket = \"" + socket + "\"");
            MusterConfig used = ConfigFile.read(config).effective();
            String port = "listen.port " + tcp.getLocalPort();

            assertThat(new PortCheck(used, us, real).find())
                    .contains(Finding.ok("no agent runs"))
                    .anyMatch(finding ->
                            finding.level() == Level.PROBLEM && finding.text().startsWith(port + " is taken"));
            local.bind(UnixDomainSocketAddress.of(socket));
            assertThat(new PortCheck(used, us, real).find())
                    .contains(Finding.ok("an agent runs"), Finding.ok(port + " is ours"));
        }
    }

    @Test
    void aPortThatSomebodyElseHasIsSeenOnTheRunningHost() throws Exception {
        try (ServerSocket other = new ServerSocket(0)) {
            Path config =
                    write("m.toml", "listen.port = " + other.getLocalPort() + "\nlisten.socket = \"/nowhere/m.sock\"");
            MusterConfig used = ConfigFile.read(config).effective();

            assertThat(new PortCheck(used, AGENT, new HostTree(Path.of("/"))).find())
                    .anyMatch(finding -> finding.level() == Level.PROBLEM
                            && finding.text().contains("listen.port " + other.getLocalPort() + " is taken"));
        }
    }
}
