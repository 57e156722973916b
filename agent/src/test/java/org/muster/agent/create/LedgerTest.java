package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.Agent.id;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainNeeds;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.HypervisorException;

/** Who is promised what, and that it is given back. */
class LedgerTest {
    private static final long GIB = 1 << 20; // in KiB
    private static final long PAGE = 2048;

    private final VmTable table = new VmTable(new EventClock());
    private final Ledger ledger = new Ledger();

    LedgerTest() {
        table.listen(ledger);
    }

    private static Room room(long memoryKib, long hugePages) {
        return new Room(
                OptionalLong.of(memoryKib),
                Map.of(PAGE, hugePages * PAGE),
                true,
                OptionalLong.of(PAGE),
                "x86_64",
                Set.of("pc", "q35"));
    }

    private static DomainNeeds memory(long kib) {
        return new DomainNeeds(OptionalLong.of(kib), Map.of(), List.of(), List.of(), Optional.empty());
    }

    private static DomainNeeds pages(long pageKib, long count) {
        return new DomainNeeds(
                OptionalLong.of(0), Map.of(pageKib, count * PAGE), List.of(), List.of(), Optional.empty());
    }

    private static DomainNeeds disk(String path, boolean shared) {
        return new DomainNeeds(
                OptionalLong.empty(),
                Map.of(),
                List.of(new DomainNeeds.Source("d", path, shared, false)),
                List.of(),
                Optional.empty());
    }

    private static DomainNeeds mac(String address) {
        return new DomainNeeds(OptionalLong.empty(), Map.of(), List.of(), List.of(address), Optional.empty());
    }

    private List<String> reserve(int vm, DomainNeeds needs, Room room) {
        return ledger.reserve(id(vm), "vm-" + vm, needs, room).stream()
                .map(Problem::toString)
                .toList();
    }

    private Vm accepted(int vm, DomainNeeds needs) {
        Vm reserved = table.reserve(id(vm), "vm-" + vm, false).vm();
        assertThat(reserve(vm, needs, Room.UNKNOWN)).isEmpty();
        table.announce(reserved);
        return reserved;
    }

    private void up(Vm vm) {
        assertThat(table.beginLaunch(vm)).isTrue();
        assertThat(table.beginStart(vm)).isTrue();
        assertThat(table.endLaunch(vm, true, 0)).isTrue();
    }

    private static DomainRecord running(UUID id, String name) {
        return new DomainRecord(id, name, DomainRecord.State.RUNNING, 1, System.nanoTime());
    }

    private static LiveXml live(String devices) throws HypervisorException {
        String xml = "<domain><name>x</name><devices>" + devices + "</devices></domain>";
        return new LiveXml(xml, DomainDetails.parse(xml));
    }

    private void assertEmpty() {
        assertThat(ledger.size()).isZero();
        assertThat(ledger.reserved()).isEqualTo(new Ledger.Reserved(0, Map.of()));
        assertThat(reserve(99, disk("/a", false), Room.UNKNOWN)).isEmpty();
        ledger.release(id(99));
    }

    @Test
    void whatIsPromisedIsNotThereForTheNext() {
        Room room = room(64 * GIB, 0);
        assertThat(reserve(1, memory(60 * GIB), room)).isEmpty();

        assertThat(reserve(2, memory(8 * GIB), room))
                .singleElement()
                .asString()
                .contains("65536 MiB to give, 61440 MiB of it promised", "8192 MiB");
        assertThat(ledger.reserved().memoryKib())
                .as("nothing of the refused one")
                .isEqualTo(60 * GIB);

        ledger.release(id(1));
        assertThat(reserve(2, memory(8 * GIB), room)).isEmpty();
    }

    @Test
    void smallGuestsMayGoBeyondWhatIsThereByAnEighthOfIt() {
        Room room = room(4 * GIB, 0);
        assertThat(reserve(1, memory(4 * GIB), room)).isEmpty();

        assertThat(reserve(2, memory(GIB / 4), room)).isEmpty();
        assertThat(reserve(3, memory(GIB / 4), room)).isEmpty();
        assertThat(reserve(4, memory(GIB / 32), room))
                .singleElement()
                .asString()
                .contains("4096 MiB to give, 4608 MiB of it promised", "32 MiB");

        ledger.release(id(3));
        assertThat(reserve(4, memory(GIB / 32), room)).isEmpty();
        assertThat(reserve(5, memory(GIB / 4 + 1), room)).as("not a small one").isNotEmpty();
    }

    @Test
    void hundredsOfSmallGuestsAreTakenAsLongAsTheyFit() {
        Room room = room(10 * GIB, 0);
        for (int vm = 1; vm <= 320; vm++) {
            assertThat(reserve(vm, memory(GIB / 32), room)).isEmpty();
        }
        assertThat(reserve(321, memory(GIB / 32), room)).isNotEmpty();
    }

    @Test
    void aGuestInHugePagesIsNotRefusedForMemory() {
        assertThat(reserve(1, memory(GIB), room(GIB, 0))).isEmpty();

        assertThat(reserve(2, pages(PAGE, 1), room(GIB / 2, 1))).isEmpty();
    }

    @Test
    void aRehearsalChangesNothing() {
        assertThat(reserve(1, memory(GIB), Room.UNKNOWN)).isEmpty();
        assertThat(reserve(2, disk("/a", false), Room.UNKNOWN)).isEmpty();

        Ledger rehearsal = ledger.rehearsal();
        rehearsal.restore(id(1), "accepted here since it was copied", memory(2 * GIB), Room.UNKNOWN);
        rehearsal.release(id(2));

        assertThat(ledger.reserved().memoryKib()).isEqualTo(GIB);
        assertThat(reserve(3, disk("/a", false), Room.UNKNOWN)).isNotEmpty();
        ledger.release(id(1));
        ledger.release(id(2));
        assertEmpty();
    }

    @Test
    void unknownRoomRefusesNobody() {
        assertThat(reserve(2, memory(1000 * GIB), Room.UNKNOWN)).isEmpty();
        assertThat(reserve(
                        3,
                        new DomainNeeds(OptionalLong.empty(), Map.of(), List.of(), List.of(), Optional.empty()),
                        room(1, 0)))
                .isEmpty();
    }

    @Test
    void hugePagesAreCountedBySizeAndTheDefaultIsOneOfThem() {
        Room room = room(0, 100);
        assertThat(reserve(1, pages(PAGE, 60), room)).isEmpty();

        assertThat(reserve(2, pages(DomainNeeds.DEFAULT_PAGES, 50), room))
                .singleElement()
                .asString()
                .contains("100 free huge pages of 2048 KiB, 60 of them promised", "50 pages");
        assertThat(reserve(3, pages(1 << 20, 1), room))
                .singleElement()
                .asString()
                .contains("no huge pages of that size", "1048576 KiB");
        assertThat(reserve(4, pages(1 << 20, 1), Room.UNKNOWN)).isEmpty();
    }

    @Test
    void aNetworkDiskIsOfOneToo() throws Exception {
        String disk = "<disk type='network'><source protocol='rbd' name='pool/x'><host name='mon'/></source></disk>";
        Vm running = accepted(1, memory(0));
        up(running);
        table.live(running, live(disk));
        DomainNeeds same = DomainNeeds.of(DomainXml.parse(live(disk).xml()));

        assertThat(reserve(2, same, Room.UNKNOWN)).singleElement().asString().contains("the disk of vm-1", "rbd://mon");

        table.remove(running, ExitInfo.destroyed());
        assertThat(reserve(2, same, Room.UNKNOWN)).isEmpty();
        assertThat(reserve(3, same, Room.UNKNOWN)).hasSize(1);
    }

    @Test
    void aDiskBelongsToOneUnlessBothShareIt() {
        assertThat(reserve(1, disk("/images/a", false), Room.UNKNOWN)).isEmpty();
        assertThat(reserve(2, disk("/images/./b/../a", false), Room.UNKNOWN))
                .singleElement()
                .asString()
                .contains("the disk of vm-1 (" + id(1) + ")");
        assertThat(reserve(3, disk("/images/a", true), Room.UNKNOWN))
                .as("its owner may write to it")
                .hasSize(1);
        assertThat(reserve(4, disk("/iso", true), Room.UNKNOWN)).isEmpty();
        assertThat(reserve(5, disk("/iso", true), Room.UNKNOWN)).isEmpty();
        ledger.release(id(4));
        assertThat(reserve(6, disk("/iso", false), Room.UNKNOWN))
                .as("the other one still has it")
                .hasSize(1);
    }

    @Test
    void everythingThatSpeaksAgainstItIsSaidAtOnce() {
        assertThat(reserve(1, mac("52:54:00:00:00:01"), Room.UNKNOWN)).isEmpty();
        assertThat(reserve(2, disk("/a", false), Room.UNKNOWN)).isEmpty();

        DomainNeeds all = new DomainNeeds(
                OptionalLong.of(GIB),
                Map.of(PAGE, PAGE),
                disk("/a", false).disks(),
                List.of("52:54:00:00:00:01"),
                Optional.empty());

        assertThat(reserve(3, all, room(0, 0))).hasSize(4);
        assertThat(ledger.size()).isEqualTo(2);
    }

    @Test
    void memoryIsFreeWhenTheGuestIsUpAndDisksWhenItIsDown() {
        DomainNeeds needs = new DomainNeeds(
                OptionalLong.of(GIB), Map.of(PAGE, PAGE), disk("/a", false).disks(), List.of("m"), Optional.empty());
        Vm vm = accepted(1, needs);

        up(vm);

        assertThat(ledger.reserved()).isEqualTo(new Ledger.Reserved(0, Map.of()));
        assertThat(reserve(2, disk("/a", false), Room.UNKNOWN)).hasSize(1);
        table.observed(table.get(id(1)).orElseThrow(), Optional.empty());
        assertEmpty();
    }

    @Test
    void whateverBecomesOfItEverythingIsGivenBack() {
        DomainNeeds needs = new DomainNeeds(
                OptionalLong.of(GIB), Map.of(PAGE, PAGE), disk("/a", false).disks(), List.of("m"), Optional.empty());
        accepted(1, needs);
        table.down(table.get(id(1)).orElseThrow(), ExitInfo.startFailed("no"));
        assertEmpty();
        table.remove(table.get(id(1)).orElseThrow(), ExitInfo.destroyed());

        accepted(1, needs);
        table.remove(table.get(id(1)).orElseThrow(), ExitInfo.cancelled());
        assertEmpty();
    }

    @Test
    void whatLibvirtSaysAGuestHasIsWhatItHas() throws Exception {
        Vm vm = accepted(1, disk("/a", false));
        up(vm);
        table.live(
                table.get(id(1)).orElseThrow(),
                live("<disk type='file'><source file='/snapshot'/><target dev='vda'/></disk>"
                        + "<interface type='user'><mac address='52:54:00:AA:00:01'/></interface>"));

        assertThat(reserve(2, disk("/a", false), Room.UNKNOWN)).isEmpty();
        assertThat(reserve(3, disk("/snapshot", false), Room.UNKNOWN)).hasSize(1);
        assertThat(reserve(4, mac("52:54:00:aa:00:01"), Room.UNKNOWN))
                .singleElement()
                .asString()
                .contains("the MAC address of vm-1");
    }

    @Test
    void aGuestThatSomebodyElseStartedHasItsDisksToo() throws Exception {
        Vm foreign = table.adopt(running(id(7), "theirs"), true, 0);
        table.live(foreign, live("<disk type='block'><source dev='/dev/sdx'/><target dev='vda'/></disk>"));

        assertThat(reserve(1, disk("/dev/sdx", false), Room.UNKNOWN))
                .singleElement()
                .asString()
                .contains("theirs");
    }

    private static DomainNeeds machine(String arch, String type) {
        return new DomainNeeds(
                OptionalLong.empty(), Map.of(), List.of(), List.of(), Optional.of(new DomainNeeds.Machine(arch, type)));
    }

    @Test
    void aMachineTypeThatTheHostsEmulatorDoesNotHaveIsRefused() {
        Room room = room(GIB, 0);

        assertThat(reserve(1, machine("x86_64", "pc-of-old"), room))
                .singleElement()
                .asString()
                .contains("no such machine type", "pc-of-old");
        assertThat(reserve(2, machine("", "q35"), room)).isEmpty();
        assertThat(reserve(3, machine("aarch64", "virt"), room))
                .as("of others we know nothing")
                .isEmpty();
        assertThat(reserve(4, machine("x86_64", "pc-of-old"), Room.UNKNOWN)).isEmpty();
    }
}
