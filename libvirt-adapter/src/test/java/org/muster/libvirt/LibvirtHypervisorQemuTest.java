package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Native;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;
import org.muster.rig.BootSector;
import org.muster.rig.Faults;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** The adapter against a real libvirtd in its stock configuration (5 workers at the start, 5 calls a connection). */
@Tag("qemu")
class LibvirtHypervisorQemuTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final CountDownLatch TIMER_FIRED = new CountDownLatch(1);
    private static final EventLoop.Tick TIMER =
            (timer, opaque) -> TIMER_FIRED.countDown(); // as long as libvirt may call it

    private static PrivateHypervisor host;

    private final Heard heard = new Heard();
    private LibvirtHypervisor hypervisor;

    @BeforeAll
    static void startHost() {
        host = PrivateHypervisor.start(PrivateHypervisor.Options.stock());
    }

    @AfterAll
    static void stopHost() {
        host.close();
    }

    @BeforeEach
    void connect() {
        hypervisor = new LibvirtHypervisor(host.uri(), new CallGuard(OptionalInt.empty(), System::nanoTime));
        hypervisor.start(heard);
        Await.until("connected", SOON, () -> heard.connections() == 1);
    }

    @AfterEach
    void close() throws Exception {
        for (DomainRecord domain : hypervisor.list()) {
            if (domain.state().active()) {
                hypervisor.destroy(domain.domain());
            }
            hypervisor.undefine(domain.domain());
        }
        hypervisor.close();
    }

    private UUID start(GuestXml guest, boolean paused) throws HypervisorException {
        hypervisor.define(guest.xml());
        hypervisor.start(guest.uuid(), paused);
        return guest.uuid();
    }

    @Test
    void aGuestsStatisticsAreThereAndTheStockWorkersAreKnown() throws Exception {
        GuestXml guest = GuestXml.named("stats")
                .withDisk(BootSector.WRITE_DISK.writeTo(host.directory().resolve("w.raw")))
                .withNic();
        UUID id = start(guest, false);
        assertThat(hypervisor.calls().workers()).isEqualTo(new CallGuard.Workers(5, 20, true));
        assertThat(hypervisor.calls().maxStuck()).isEqualTo(3);
        Await.until("the guest writes", SOON, () -> value(id, StatsField.BLOCK_WRITE_REQUESTS) > 2);
        assertThat(value(id, StatsField.CPU_TIME)).isPositive();
        assertThat(value(id, StatsField.VCPU_CURRENT)).isEqualTo(1);
        assertThat(value(id, StatsField.BALLOON_CURRENT)).isEqualTo(32 * 1024);
        assertThat(value(id, StatsField.NET_RX_BYTES)).isNotNegative();
        long[] sizes = hypervisor.blockInfo(id, "vda");
        assertThat(sizes[0]).isEqualTo(1 << 20);
        assertThat(hypervisor.host().machines()).contains("pc");
    }

    @Test
    void aClosedConnectionIsHeldByNobody() throws Exception {
        LibvirtConnection connection = LibvirtConnection.open(host.uri(), () -> {}, System.nanoTime());
        new EventCallbacks((id, event) -> {}, (id, event) -> {}).register(connection, true);
        new HostDevices(() -> {}).watch(connection);
        new EngineNetworks(() -> {}).watch(connection);
        connection.retire();
        assertThat(connection.references()).isZero();
    }

    @Test
    void notesInTheEnginesMetadataStayAndAllElseDoes() throws Exception {
        String metadata = "<metadata xmlns:ovirt-vm='http://ovirt.org/vm/1.0' xmlns:t='http://ovirt.org/vm/tune/1.0'>"
                + "<t:qos><t:vcpuLimit>50</t:vcpuLimit></t:qos><ovirt-vm:vm><ovirt-vm:clusterVersion>4.8</ovirt-vm:clusterVersion>"
                + "<ovirt-vm:custom><ovirt-vm:Größe>a&amp;b</ovirt-vm:Größe></ovirt-vm:custom>"
                + "<x:strange xmlns:x='urn:x' x:a='1'/>"
                + "<ovirt-vm:device devtype='disk' name='vda'><ovirt-vm:imageID>i</ovirt-vm:imageID></ovirt-vm:device>"
                + "</ovirt-vm:vm></metadata>";
        GuestXml guest = GuestXml.named("noted")
                .withDisk(BootSector.HALT.writeTo(host.directory().resolve("n.raw")));
        hypervisor.define(guest.xml().replace("<devices>", metadata + "<devices>"));
        hypervisor.start(guest.uuid(), true);
        DomainXml.HostNotes notes = new DomainXml.HostNotes(OptionalDouble.of(12.5), Map.of("vda", "/dev/vdä"));

        String element = DomainXml.parse(hypervisor.xml(guest.uuid()))
                .engineElement(notes)
                .orElseThrow();
        hypervisor.setEngineMetadata(guest.uuid(), element);

        DomainXml after = DomainXml.parse(hypervisor.xml(guest.uuid()));
        assertThat(after.engineElement(notes)).as("nothing is left to be noted").isEmpty();
        EngineMetadata read = after.metadata();
        assertThat(read.notes().pauseTimeSeconds()).hasValue(12.5);
        assertThat(read.clusterVersion()).isEqualTo("4.8");
        assertThat(read.custom()).containsEntry("Größe", "a&b");
        assertThat(read.qos().vcpuLimitPercent()).hasValue(50);
        assertThat(read.disk("vda").orElseThrow().values())
                .containsEntry("imageID", "i")
                .containsEntry("guestName", "/dev/vdä");
        assertThat(hypervisor.xml(guest.uuid())).contains("<ovirt-vm:pauseTime type=\"float\">12.500<", "urn:x");
        Await.until("it is told", SOON, () -> heard.guest(guest.uuid(), GuestEvent.ConfigurationChanged.class));
    }

    @Test
    void theEnginesNetworksAreKnownByTheirNames() throws Exception {
        Path red = Files.writeString(
                host.directory().resolve("red.xml"),
                "<network><name>vdsm-red</name><forward mode='passthrough'><interface dev='eth7'/></forward></network>");
        int before = heard.networkChanges();
        host.virsh("net-define", red.toString());
        hypervisor.provide(new HostParts.Network("vdsm-blue", "br-blue", true));

        assertThat(hypervisor.engineNetworks())
                .containsExactlyInAnyOrder(
                        new EngineNetwork("red", "eth7", false), new EngineNetwork("blue", "br-blue", true));
        Await.until("told", SOON, () -> heard.networkChanges() > before);
        host.virsh("net-undefine", "vdsm-red");
        host.virsh("net-destroy", "vdsm-blue");
        assertThat(hypervisor.engineNetworks()).isEmpty();
    }

    @Test
    void aPausedGuestGoesOn() throws Exception {
        UUID id = start(GuestXml.named("paused"), true);

        hypervisor.resume(id);

        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(DomainRecord.State.RUNNING);
        assertThatThrownBy(() -> hypervisor.resume(UUID.randomUUID()))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NO_SUCH_DOMAIN));
    }

    private long value(UUID id, StatsField field) throws HypervisorException {
        StatsRecord record = hypervisor
                .stats(List.of(id), EnumSet.allOf(StatsGroup.class), false)
                .get(0);
        for (int i = 0; i < record.size(); i++) {
            if (record.field(i) == field) {
                return record.number(i);
            }
        }
        return -1;
    }

    @Test
    void aFrozenGuestKeepsItsCallIsNamedAndCostsTheOthersNothing() throws Exception {
        UUID frozen = start(GuestXml.named("frozen"), true);
        UUID other = start(GuestXml.named("other"), true);
        Set<StatsGroup> cpu = Set.of(StatsGroup.CPU_TOTAL);
        hypervisor.stats(List.of(frozen, other), cpu, false);
        assertThat(hypervisor
                        .control(List.of(frozen, other), PATIENCE)
                        .get(frozen)
                        .kind())
                .isEqualTo(ControlInfo.Kind.OK);
        Faults.freeze(host.qemuPid("frozen"));
        CompletableFuture<List<StatsRecord>> hung = CompletableFuture.supplyAsync(() -> {
            try {
                return hypervisor.stats(List.of(frozen), cpu, true); // the first who asks hangs, NOWAIT or not
            } catch (HypervisorException e) {
                throw new IllegalStateException(e);
            }
        });
        Await.until(
                "libvirt names it",
                SOON,
                () -> hypervisor.control(List.of(frozen), PATIENCE).get(frozen).kind() == ControlInfo.Kind.OCCUPIED);
        assertThat(hypervisor.stats(List.of(other), cpu, false)).hasSize(1);
        assertThat(hypervisor.find(frozen)).isPresent();
        Map<UUID, StatsRecord> told = new HashMap<>();
        hypervisor
                .stats(List.of(frozen, other), EnumSet.allOf(StatsGroup.class), true)
                .forEach(record -> told.put(record.domain(), record));
        assertThat(told.get(frozen).size())
                .as("NOWAIT passes over a guest whose job another call holds, with part of its fields")
                .isPositive()
                .isLessThan(told.get(other).size());
        awaitLibvirtsTimer();
        assertThat(hung).as("a timer of libvirt's frees no call").isNotDone();
        Faults.thaw(host.qemuPid("frozen"));
        assertThat(hung.get(10, TimeUnit.SECONDS)).hasSize(1);
        assertThat(hypervisor.calls().inFlight()).isEmpty();
    }

    /** It fires in time, since the event loop waits for no call. */
    private static void awaitLibvirtsTimer() throws InterruptedException {
        int timer = LibvirtNative.virEventAddTimeout(50, TIMER, null, null);
        try {
            assertThat(TIMER_FIRED.await(5, TimeUnit.SECONDS)).isTrue();
        } finally {
            Timers.virEventRemoveTimeout(timer);
        }
    }

    /** What only this test needs of libvirt's timers. */
    private static final class Timers {
        static {
            Native.register(Timers.class, "virt");
        }

        private Timers() {}

        static native int virEventRemoveTimeout(int timer);
    }

    @Test
    void moreCallsAtOnceThanAConnectionServesAreSpreadOverSeveral() throws Exception {
        List<GuestXml> guests = List.of(
                GuestXml.named("p0"),
                GuestXml.named("p1"),
                GuestXml.named("p2"),
                GuestXml.named("p3"),
                GuestXml.named("p4"),
                GuestXml.named("p5"));
        List<CompletableFuture<Void>> starts = guests.stream()
                .map(guest -> CompletableFuture.runAsync(() -> {
                    try {
                        start(guest, true);
                    } catch (HypervisorException e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .toList();
        for (CompletableFuture<Void> started : starts) {
            started.get(60, TimeUnit.SECONDS);
        }
        assertThat(hypervisor.list()).hasSize(6).allMatch(d -> d.state() == DomainRecord.State.PAUSED);
    }

    @Test
    void aDuplicateNameOrUuidIsRefusedAndTheRunningGuestUntouched() throws Exception {
        GuestXml guest = GuestXml.named("dup");
        UUID id = start(guest, true);
        assertThatThrownBy(() -> hypervisor.define(GuestXml.named("dup").xml()))
                .isInstanceOf(HypervisorException.class);
        assertThatThrownBy(() -> hypervisor.start(id, true))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_STATE));
        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(DomainRecord.State.PAUSED);
    }

    @Test
    void theSystemsOwnNumberOfAnErrorArrives() throws Exception {
        GuestXml guest = GuestXml.named("diskless").withDisk(host.directory().resolve("missing.raw"));
        hypervisor.define(guest.xml());

        assertThatThrownBy(() -> hypervisor.start(guest.uuid(), true))
                .isInstanceOfSatisfying(HypervisorException.class, e -> {
                    assertThat(e.kind()).isEqualTo(Kind.FAILED);
                    assertThat(e.number()).isEqualTo(ErrorNumber.VIR_ERR_SYSTEM_ERROR.ordinal());
                    assertThat(((LibvirtException) e.getCause()).getError().getInt1())
                            .as("ENOENT")
                            .isEqualTo(2);
                });
    }

    @Test
    void theLinkComesBackWhenLibvirtdDies() throws Exception {
        UUID id = start(GuestXml.named("survivor"), true);
        host.killLibvirtd();
        Await.until("the loss is told", SOON, () -> heard.losses() == 1);
        assertThat(hypervisor.connected()).isFalse();
        assertThatThrownBy(() -> hypervisor.find(id))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DISCONNECTED));
        host.restartLibvirtd();
        Await.until("the link is back", SOON, () -> heard.connections() == 2);
        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(DomainRecord.State.PAUSED);
        assertThat(hypervisor.stats(List.of(id), Set.of(StatsGroup.STATE), false))
                .hasSize(1);
        hypervisor.destroy(id);
        Await.until(
                "its events are heard on the new link", SOON, () -> heard.of(id).contains(DomainEvent.STOPPED));
    }

    @Test
    void controlInfoOfAStoppedLibvirtdBlamesNobody() throws Exception {
        UUID id = start(GuestXml.named("innocent"), true);
        hypervisor.control(List.of(id), PATIENCE);
        host.stopLibvirtd();
        try {
            assertThatThrownBy(() -> hypervisor.control(List.of(id), Duration.ofMillis(500)))
                    .isInstanceOfSatisfying(
                            HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DISCONNECTED));
        } finally {
            host.continueLibvirtd();
        }
        Await.until("it answers again", SOON, () -> {
            Map<UUID, ControlInfo> answer = hypervisor.control(List.of(id), PATIENCE);
            return answer.containsKey(id) && answer.get(id).kind() == ControlInfo.Kind.OK;
        });
    }
}
