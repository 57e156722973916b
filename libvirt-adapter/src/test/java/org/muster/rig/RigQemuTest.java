package org.muster.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** That the rig does what its users rely on: real effects, faults that can be undone, nothing left. */
@Tag("qemu")
class RigQemuTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @Test
    void guestsDoWhatTheirBootSectorSays() {
        try (PrivateHypervisor host = PrivateHypervisor.start()) {
            Path image = BootSector.WRITE_DISK.writeTo(host.directory().resolve("writer.img"));
            GuestXml writer = GuestXml.named("writer").withDisk(image).withNic();
            GuestXml burner = GuestXml.named("burner")
                    .withDisk(BootSector.BURN_CPU.writeTo(host.directory().resolve("burner.img")));
            GuestXml idler = GuestXml.named("idler")
                    .withDisk(BootSector.HALT.writeTo(host.directory().resolve("idler.img")));
            List.of(writer, burner, idler).forEach(host::startGuest);
            Truth truth = Truth.of(host);

            Await.until("the writer wrote 20 sectors", SOON, () -> BootSector.writesSeen(image) >= 20);
            Await.until(
                    "libvirt saw the writes",
                    SOON,
                    () -> Long.parseLong(truth.domstats("writer", "--block").get("block.0.wr.reqs")) >= 20);
            assertThat(truth.domstats("writer", "--interface")).containsKeys("net.0.name", "net.0.rx.bytes");
            assertThat(truth.tapStatistic(
                            truth.domstats("writer", "--interface").get("net.0.name"), "tx_bytes"))
                    .isNotNegative();

            Duration burnt = Truth.cpuTime(host.qemuPid("burner"));
            Duration idle = Truth.cpuTime(host.qemuPid("idler"));
            Await.until(
                    "the burner burnt a second",
                    SOON,
                    () -> Truth.cpuTime(host.qemuPid("burner")).compareTo(burnt.plusSeconds(1)) > 0);
            assertThat(Truth.cpuTime(host.qemuPid("idler"))).isLessThan(idle.plusMillis(500));
            assertThat(truth.differences(rows("Up", writer, burner, idler))).isEmpty();
            assertThat(truth.differences(rows("Down", writer, burner, idler))).hasSize(6);
            assertThat(truth.differences(rows("Paused", writer, burner))).hasSize(3);
        }
    }

    @Test
    void monitorHangsAreRealAndCanBeUndone() throws Exception {
        try (PrivateHypervisor host = PrivateHypervisor.start();
                FuseDisk storage = FuseDisk.mount(host, "storage")) {
            host.startGuest(GuestXml.named("local")
                    .withDisk(BootSector.BURN_CPU.writeTo(host.directory().resolve("local.img"))));
            host.startGuest(GuestXml.named("remote").withDisk(BootSector.HALT.writeTo(storage.resolve("disk.img"))));

            long pid = host.qemuPid("local");
            AutoCloseable traced = Faults.freezeMainThreadByPtrace(pid);
            assertMonitorHangs(host, "local");
            Duration before = Truth.cpuTime(pid);
            Await.until(
                    "the traced guest's vCPU runs on",
                    SOON,
                    () -> Truth.cpuTime(pid).compareTo(before.plusMillis(300)) > 0);
            traced.close();
            assertMonitorAnswers(host, "local");

            Faults.freeze(pid);
            assertMonitorHangs(host, "local");
            Faults.thaw(pid);
            assertMonitorAnswers(host, "local");

            storage.freeze();
            assertMonitorHangs(host, "remote");
            assertMonitorAnswers(host, "local");
            storage.thaw();
            assertMonitorAnswers(host, "remote");
        }
    }

    @Test
    void aSlowEmulatorHoldsOnlyItsOwnGuest() {
        try (PrivateHypervisor host = PrivateHypervisor.start()) {
            SlowEmulator slow = SlowEmulator.hanging(host, "slow");
            Path file = GuestXml.named("held").withEmulator(slow.path()).writeTo(host.directory());
            var create = new Thread(() -> host.virsh("create", file.toString()));
            create.start();
            slow.awaitWaiting(1, SOON);
            host.startGuest(GuestXml.named("free"));
            assertThat(host.virsh("domstate", "free")).contains("running");
            slow.release();
            Await.until(
                    "the held guest runs",
                    SOON,
                    () -> Truth.of(host)
                            .stateAndReason("held")
                            .filter("running (booted)"::equals)
                            .isPresent());
            SlowEmulator failing = SlowEmulator.failing(host, "failing", Duration.ofMillis(200));
            Path broken = GuestXml.named("broken").withEmulator(failing.path()).writeTo(host.directory());
            assertThatThrownBy(() -> host.virsh("create", broken.toString())).hasMessageContaining("failed on purpose");
        }
    }

    @Test
    void guestsSurviveADeadLibvirtdAndNothingSurvivesClose() {
        PrivateHypervisor host = PrivateHypervisor.start(PrivateHypervisor.Options.stock());
        try (host) {
            GuestXml guest = GuestXml.named("survivor");
            host.startGuest(guest);
            long pid = host.qemuPid("survivor");
            host.killLibvirtd();
            host.restartLibvirtd();
            assertThat(host.qemuPid("survivor")).isEqualTo(pid);
            assertThat(Truth.of(host).differences(rows("Up", guest))).isEmpty();
            host.stopLibvirtd();
            assertThatThrownBy(() -> host.virsh(Duration.ofSeconds(1), "list")).hasMessageContaining("no end");
            Faults.freeze(pid); // close must end both although they are stopped
        }
        Leftovers.assertNone(host);
        host.close(); // closing twice is harmless
    }

    @Test
    void aGuestMigratesBetweenTwoHosts() {
        List<PrivateHypervisor> hosts = PrivateHypervisor.pair();
        try (PrivateHypervisor source = hosts.get(0);
                PrivateHypervisor target = hosts.get(1)) {
            GuestXml guest = GuestXml.named("traveller");
            source.virsh("create", guest.writeTo(source.directory()).toString());
            source.virsh(
                    "migrate",
                    "--live",
                    "--p2p",
                    "traveller",
                    target.networkUri().toString());
            assertThat(Truth.of(target).differences(rows("Up", guest))).isEmpty();
            assertThat(Truth.of(source).domains()).isEmpty();

            source.setNetwork(false);
            assertThatThrownBy(() -> target.inside(
                            Duration.ofSeconds(5),
                            "timeout",
                            "1",
                            "bash",
                            "-c",
                            "echo >/dev/tcp/" + source.address() + "/16509"))
                    .hasMessageContaining("exit code");
            source.setNetwork(true);
            target.inside(Duration.ofSeconds(5), "bash", "-c", "echo >/dev/tcp/" + source.address() + "/16509");
        }
        hosts.forEach(Leftovers::assertNone);
    }

    private static void assertMonitorHangs(PrivateHypervisor host, String guest) {
        assertThatThrownBy(() -> host.virsh(Duration.ofSeconds(1), "domstats", "--block", guest))
                .hasMessageContaining("no end");
        assertThat(host.virsh("domcontrol", guest)).startsWith("occupied");
        assertThat(host.virsh("domstate", guest)).contains("running");
    }

    private static void assertMonitorAnswers(PrivateHypervisor host, String guest) {
        assertThat(host.virsh(SOON, "domstats", "--block", guest)).contains("block.0.wr.reqs");
    }

    private static List<Truth.Row> rows(String status, GuestXml... guests) {
        return Stream.of(guests)
                .map(guest -> new Truth.Row(guest.uuid(), guest.name(), status))
                .toList();
    }
}
