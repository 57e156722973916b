package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.Agent.id;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.rig.Await;

/** What the host's side says to an item, in the whole agent over a fake hypervisor. */
class AdmissionTest {
    private static final Room SMALL_HOST =
            new Room(OptionalLong.of(4L << 20), Map.of(2048L, 10 * 2048L), true, OptionalLong.of(2048), "", Set.of());

    @TempDir
    private Path directory;

    /** Files below /nfs hang until they are released, /images/missing is not there, everything else is. */
    private static final class Disks implements DiskProbe {
        private final CountDownLatch nfs = new CountDownLatch(1);

        @Override
        public Optional<String> problem(String path, Consumer<String> touching) {
            if (path.startsWith("/nfs/")) {
                touching.accept("/nfs");
                try {
                    nfs.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            touching.accept(path);
            return path.contains("missing") ? Optional.of(path + " does not exist") : Optional.empty();
        }

        @Override
        public boolean sameForGuests(String path) {
            return true;
        }
    }

    private final Disks disks = new Disks();
    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final Agent.Options options = new Agent.Options().room(SMALL_HOST).disks(disks);
    private Agent agent;

    private Agent agent() {
        if (agent == null) {
            agent = Agent.start(directory, hypervisor, options);
        }
        return agent;
    }

    @AfterEach
    void stop() {
        disks.nfs.countDown();
        if (agent != null) {
            agent.close();
        }
    }

    private static BatchRequest.Item item(int index, UUID id, String inside) {
        String xml =
                "<domain type='kvm'><name>" + Agent.name(id) + "</name><uuid>" + id + "</uuid>" + inside + "</domain>";
        return new BatchRequest.Item(
                index, Optional.empty(), Optional.of(xml), Map.of(), CreateClass.NORMAL, 0, Optional.empty());
    }

    private static BatchRequest.Item urgent(BatchRequest.Item item, CreateClass createClass, int priority) {
        return new BatchRequest.Item(
                item.index(), item.vmId(), item.xml(), item.values(), createClass, priority, item.launchPaused());
    }

    private static String disk(String path) {
        return "<disk type='file' device='disk'><source file='" + path + "'/><target dev='vda'/></disk>";
    }

    private static String nic(String mac) {
        return "<interface type='user'><mac address='" + mac + "'/></interface>";
    }

    private static String devices(String... all) {
        return "<memory unit='MiB'>64</memory><devices>" + String.join("", all) + "</devices>";
    }

    private List<BatchAnswer.Verdict> batch(String batchId, BatchRequest.Item... items) {
        try {
            return Agent.now(agent().creator
                            .service()
                            .createAll(new BatchRequest(
                                    batchId, Optional.empty(), List.of(items), "h", true, System.nanoTime())))
                    .items();
        } catch (CreateRefusedException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> fields(BatchAnswer.Verdict verdict) {
        return verdict.problems().stream().map(Problem::field).toList();
    }

    private void assertNothingIsReserved() {
        assertThat(agent().creator.ledger().reserved()).isEqualTo(new Ledger.Reserved(0, Map.of()));
        assertThat(agent().creator.ledger().size()).isZero();
    }

    @Test
    void everythingThatIsWrongWithAnItemIsSaidAtOnce() {
        batch("a", item(0, id(1), devices(disk("/images/a"), nic("52:54:00:00:00:01"))));

        BatchAnswer.Verdict verdict = batch(
                        "b",
                        item(
                                0,
                                id(2),
                                "<memory unit='GiB'>64</memory><memoryBacking><hugepages><page size='2' unit='M'/>"
                                        + "</hugepages></memoryBacking><devices>" + disk("/images/a")
                                        + disk("/images/missing") + nic("52:54:00:00:00:01") + "</devices>"),
                        item(
                                1,
                                id(1),
                                "<memory unit='GiB'>64</memory><devices><lease><target path='LEASE-PATH:a:b'/></lease>"
                                        + disk("/images/missing") + "</devices>"))
                .get(0);

        assertThat(verdict.code()).isEqualTo(9);
        assertThat(fields(verdict))
                .containsExactly(
                        "xml/domain/memoryBacking/hugepages",
                        "xml/domain/devices/disk(vda)/source/@file",
                        "xml/domain/devices/interface/mac/@address",
                        "xml/domain/devices/disk(vda)/source/@file");
        assertThat(verdict.reason()).contains("free huge pages").contains("(and 3 more)");
    }

    @Test
    void aBadXmlAndAKnownUuidHideNothingOfTheRest() {
        batch("a", item(0, id(1), devices()));

        BatchAnswer.Verdict verdict = batch(
                        "b",
                        item(
                                0,
                                id(1),
                                "<memory unit='GiB'>64</memory><devices><lease><target path='LEASE-PATH:a:b'/></lease>"
                                        + disk("/images/missing") + "</devices>"))
                .get(0);

        assertThat(verdict.code()).isEqualTo(100);
        assertThat(fields(verdict))
                .containsExactly(
                        "xml/domain/devices/lease/target/@path",
                        "vmId",
                        "xml/domain/memory",
                        "xml/domain/devices/disk(vda)/source/@file");
    }

    @Test
    void aTakenNameIsToldWhateverElseIsWrong() {
        batch("a", item(0, id(1), devices()), item(1, id(2), devices()));
        BatchRequest.Item known = item(0, id(1), devices());
        BatchRequest.Item named = new BatchRequest.Item(
                1,
                Optional.empty(),
                Optional.of(item(1, id(3), "").xml().orElseThrow().replace(Agent.name(id(3)), Agent.name(id(1)))),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty(),
                0,
                List.of(new Problem("priority", "must be a whole number", "x")),
                -32602);
        String both = known.xml().orElseThrow().replace(Agent.name(id(1)), Agent.name(id(2)));

        List<BatchAnswer.Verdict> verdicts = batch(
                "b",
                known,
                named,
                new BatchRequest.Item(
                        2, Optional.empty(), Optional.of(both), Map.of(), CreateClass.NORMAL, 0, Optional.empty()));

        assertThat(fields(verdicts.get(0))).as("the name is its own").containsExactly("vmId");
        assertThat(fields(verdicts.get(1))).containsExactly("priority", "name");
        assertThat(verdicts.get(1).code()).isEqualTo(-32602);
        assertThat(fields(verdicts.get(2))).containsExactly("vmId", "name");
        assertThat(verdicts.get(2).code()).isEqualTo(4);
    }

    @Test
    void aDiskOrAddressThatAVmHasTwiceRefusesIt() {
        String readOnly = disk("/images/iso").replace("/></disk>", "/><readonly/></disk>");
        String persistent = nic("52:54:00:00:00:09").replace("</int", "<teaming type='persistent'/></int");
        String transients = nic("52:54:0:0:0:9").replace("</int", "<teaming type='transient'/></int");

        List<BatchAnswer.Verdict> verdicts = batch(
                "b",
                item(0, id(1), devices(disk("/images/a"), disk("/images/../images/a"))),
                item(1, id(2), devices(nic("52:54:00:00:00:01"), nic("52:54:0:0:0:1"), nic("52:54:0:0:0:1"))),
                item(
                        2,
                        id(3),
                        devices(disk("/images/b"), disk("/images/b").replace("/></disk>", "/><readonly/></disk>"))),
                item(3, id(4), devices(readOnly, readOnly, transients, persistent)),
                item(4, id(5), devices(nic("52:54:00:00:00:9"))));

        assertThat(fields(verdicts.get(0))).containsExactly("xml/domain/devices/disk(vda)/source/@file");
        assertThat(verdicts.get(0).reason()).contains("twice");
        assertThat(fields(verdicts.get(1))).containsExactly("xml/domain/devices/interface/mac/@address");
        assertThat(verdicts.get(1).reason()).contains("52:54:00:00:00:01");
        assertThat(verdicts.get(2).code()).as("one of them may be written to").isEqualTo(9);
        assertThat(verdicts.get(3).isAccepted()).as("%s", verdicts.get(3)).isTrue();
        assertThat(verdicts.get(4).reason()).contains("the MAC address of " + Agent.name(id(4)));
    }

    @Test
    void aMissingDiskRefusesItsOwnItemOnly() {
        List<BatchAnswer.Verdict> verdicts = batch(
                "b",
                item(0, id(1), devices(disk("/images/a"))),
                item(1, id(2), devices(disk("/images/missing"))),
                item(2, id(3), devices(disk("/images/c"))));

        assertThat(verdicts).extracting(BatchAnswer.Verdict::code).containsExactly(0, 9, 0);
        assertThat(verdicts).extracting(BatchAnswer.Verdict::queuePosition).containsExactly(1, 0, 2);
        assertThat(verdicts.get(1).reason()).contains("/images/missing does not exist");
        agent().await(id(1), VmStatus.UP);
        agent().await(id(3), VmStatus.UP);
        assertThat(agent().table.get(id(2))).isEmpty();
        assertThat(agent().events).noneMatch(event -> event.startsWith(id(2).toString()));
    }

    @Test
    void theUrgentOnesGetTheRoomWhereverTheyStandInTheRequest() {
        options.room(new Room(OptionalLong.of(20L << 20), Map.of(), false, OptionalLong.empty(), "", Set.of()));
        List<BatchRequest.Item> items = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            BatchRequest.Item item = item(i, id(i), "<memory unit='GiB'>1</memory>");
            items.add(urgent(item, i < 20 ? CreateClass.NORMAL : CreateClass.HA, i == 19 ? 50 : 0));
        }

        List<BatchAnswer.Verdict> verdicts = batch("b", items.toArray(BatchRequest.Item[]::new));

        assertThat(verdicts.subList(20, 25)).as("HA").allMatch(BatchAnswer.Verdict::isAccepted);
        assertThat(verdicts.get(19).isAccepted()).as("of a higher priority").isTrue();
        assertThat(verdicts.subList(0, 14)).allMatch(BatchAnswer.Verdict::isAccepted);
        assertThat(verdicts.subList(14, 19)).noneMatch(BatchAnswer.Verdict::isAccepted);
        assertThat(verdicts.get(20).vmId()).as("in the order of the request").isEqualTo(id(20).toString());
    }

    @Test
    void whatAnItemWithAMissingDiskWouldHaveHadIsForTheOthers() {
        String wanted = "<memory unit='GiB'>3</memory><memoryBacking><hugepages><page size='2' unit='M' nodeset='0'/>"
                + "</hugepages></memoryBacking><cpu><numa><cell id='0' memory='16' unit='MiB'/></numa></cpu><devices>"
                + disk("/images/a") + nic("52:54:00:00:00:01");
        BatchRequest.Item missing = item(0, id(1), wanted + disk("/images/missing") + "</devices>");
        BatchRequest.Item alike = item(1, id(2), wanted + "</devices>");
        String sameName = alike.xml().orElseThrow().replace(Agent.name(id(2)), Agent.name(id(1)));
        BatchRequest.Item third = item(2, id(3), wanted + "</devices>");

        List<BatchAnswer.Verdict> verdicts = batch(
                "b",
                missing,
                new BatchRequest.Item(
                        1, Optional.empty(), Optional.of(sameName), Map.of(), CreateClass.NORMAL, 0, Optional.empty()),
                third);

        assertThat(fields(verdicts.get(0))).containsExactly("xml/domain/devices/disk(vda)/source/@file");
        assertThat(verdicts.get(0).reason()).contains("missing");
        assertThat(verdicts.get(1).isAccepted()).as("%s", verdicts.get(1)).isTrue();
        assertThat(verdicts.get(2).problems().toString())
                .as("of the one that has it now, not of the one that is refused")
                .contains("(" + id(2) + ")")
                .doesNotContain("(" + id(1) + ")");
        agent().await(id(2), VmStatus.UP);
    }

    @Test
    void whatIsGivenBackGoesToTheMoreUrgentFirst() {
        String three = "<memory unit='GiB'>3</memory>";
        List<BatchAnswer.Verdict> verdicts = batch(
                "b",
                urgent(item(0, id(1), "<memory unit='GiB'>1</memory>"), CreateClass.NORMAL, 0),
                urgent(item(1, id(2), three + "<devices>" + disk("/images/missing") + "</devices>"), CreateClass.HA, 9),
                urgent(item(2, id(3), "<memory unit='GiB'>4</memory>"), CreateClass.HA, 0));

        assertThat(verdicts).extracting(BatchAnswer.Verdict::code).containsExactly(9, 9, 0);
    }

    @Test
    void aDiskThatIsOptionalMayBeMissing() {
        String optional =
                "<disk type='file' device='cdrom'><source file='/images/missing.iso' startupPolicy='optional'/>"
                        + "<target dev='sda'/></disk>";

        assertThat(batch("b", item(0, id(1), devices(optional))).get(0).isAccepted())
                .isTrue();
    }

    @Test
    void aDeadDiskIsAcceptedAtOnceAndDownAfterThreeSecondsWithoutASlot() {
        long begin = System.nanoTime();

        List<BatchAnswer.Verdict> verdicts =
                batch("b", item(0, id(1), devices(disk("/nfs/a"))), item(1, id(2), devices(disk("/images/b"))));

        assertThat(verdicts).allMatch(BatchAnswer.Verdict::isAccepted);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(2900));
        agent().await(id(2), VmStatus.UP);
        assertThat(agent().table.get(id(1)).orElseThrow().status()).isEqualTo(VmStatus.WAIT_FOR_LAUNCH);
        agent().await(id(1), VmStatus.DOWN);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofSeconds(3));
        assertThat(agent().table.get(id(1)).orElseThrow().exit().orElseThrow().message())
                .contains("/nfs has not answered for");
        assertThat(hypervisor.entered(Op.DEFINE, id(1))).isZero();
        Await.until("it counts as failed", Agent.SOON, () -> agent().failed() == 1);
        assertThat(batch("c", item(0, id(3), devices(disk("/nfs/c")))).get(0).reason())
                .as("known dead by now")
                .contains("/nfs has not answered for");
        agent().destroy(id(1));
        agent().destroy(id(2));
        assertNothingIsReserved();
    }

    @Test
    void aDiskThatAnswersLateStartsLate() {
        batch("b", item(0, id(1), devices(disk("/nfs/a"))));
        assertThat(agent().creator.control().queue().waiting())
                .singleElement()
                .satisfies(waiting -> assertThat(waiting.waitsFor()).contains("disks"));

        disks.nfs.countDown();

        agent().await(id(1), VmStatus.UP);
    }

    @Test
    void oneWhoseDisksHaveNotAnsweredCanBeDestroyedAndCancelled() {
        batch("b", item(0, id(1), devices(disk("/nfs/a"))), item(1, id(2), devices(disk("/nfs/b"))));

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(Agent.now(agent().creator.control().cancel(List.of(id(2)))).cancelled())
                .containsExactly(id(2));

        disks.nfs.countDown();
        assertThat(batch("c", item(0, id(1), devices(disk("/images/a")))).get(0).isAccepted())
                .isTrue();
        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.DEFINE, id(2))).isZero();
        agent().destroy(id(1));
        assertNothingIsReserved();
    }

    @Test
    void aDiskOnTheNetworkIsNotLookedForOnTheHost() {
        String nbd = "<disk type='network'><source protocol='nbd' name='missing'><host name='h'/></source></disk>";

        List<BatchAnswer.Verdict> verdicts = batch("b", item(0, id(1), devices(nbd)), item(1, id(2), devices(nbd)));

        assertThat(verdicts.get(0).isAccepted()).isTrue();
        assertThat(verdicts.get(1).reason()).contains("the disk of " + Agent.name(id(1)));
    }

    @Test
    void disksAndAddressesAreOfOneVmWithinABatchAndAgainstThoseThatRun() {
        List<BatchAnswer.Verdict> verdicts = batch(
                "b",
                item(0, id(1), devices(disk("/images/a"), nic("52:54:00:00:00:01"))),
                item(1, id(2), devices(disk("/images/a"))),
                item(2, id(3), devices(nic("52:54:00:00:00:01"))));
        agent().await(id(1), VmStatus.UP);

        assertThat(verdicts).extracting(BatchAnswer.Verdict::code).containsExactly(0, 9, 9);
        assertThat(batch("c", item(0, id(2), devices(disk("/images/a")))).get(0).reason())
                .contains("the disk of " + Agent.name(id(1)));
        agent().destroy(id(1));
        assertThat(batch("d", item(0, id(2), devices(disk("/images/a")))).get(0).isAccepted())
                .isTrue();
    }

    @Test
    void whatIsPromisedIsNotThereForALaterBatchUntilTheGuestIsUp() {
        options.config(1, Duration.ofMinutes(5), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hang();
        batch("a", item(0, id(1), "<memory unit='GiB'>3</memory>"));

        assertThat(batch("b", item(0, id(2), "<memory unit='GiB'>2</memory>"))
                        .get(0)
                        .reason())
                .contains("3072 MiB of it promised");

        hypervisor.release(Op.START, id(1));
        agent().await(id(1), VmStatus.UP);
        assertThat(batch("c", item(0, id(2), "<memory unit='GiB'>2</memory>"))
                        .get(0)
                        .isAccepted())
                .as("the kernel's own figures count the first one now")
                .isTrue();
    }

    @Test
    void switchedOffNothingIsLookedAt() {
        options.admission(false);

        List<BatchAnswer.Verdict> verdicts = batch(
                "b",
                item(0, id(1), "<memory unit='TiB'>1</memory><devices>" + disk("/images/missing") + "</devices>"),
                item(1, id(2), devices(disk("/images/missing"))));

        assertThat(verdicts).allMatch(BatchAnswer.Verdict::isAccepted);
        agent().await(id(2), VmStatus.UP);
    }

    @Test
    void aRestoredCreateKeepsWhatItWasPromised() {
        hypervisor.on(Op.START, id(1)).hang();
        batch("a", item(0, id(1), "<memory unit='GiB'>3</memory>"));
        hypervisor.awaitEntered(Op.START, id(1));
        agent.close();
        agent = null;

        assertThat(batch("b", item(0, id(2), "<memory unit='GiB'>2</memory>"))
                        .get(0)
                        .code())
                .isEqualTo(9);
        hypervisor.release(Op.START, id(1));
    }

    /** Every way in which a create can end, and the ways in which it never begins. */
    @Test
    void nothingIsLeakedWhateverBecomesOfACreate() throws Exception {
        options.config(2, Duration.ofMinutes(5), Duration.ofMinutes(1)).capacity(8);
        hypervisor.on(Op.START, id(1)).fail(Kind.FAILED);
        hypervisor.on(Op.DEFINE, id(2)).fail(Kind.INVALID_SPEC);
        hypervisor.on(Op.START, id(3)).failAfterwards(Kind.FAILED);
        hypervisor.on(Op.START, id(4)).times(1).loseLink();
        hypervisor.on(Op.START, id(5)).hang();
        List<BatchRequest.Item> items = new ArrayList<>();
        for (int i = 1; i <= 12; i++) {
            String path = i == 7 ? "/images/missing" : i == 8 ? "/nfs/a" : "/images/" + i;
            items.add(item(i, id(i), devices(disk(path), nic("52:54:00:00:00:" + (10 + i)))));
        }
        agent();
        List<BatchAnswer.Verdict> verdicts = batch("b", items.toArray(BatchRequest.Item[]::new));
        assertThat(verdicts.stream().filter(v -> !v.isAccepted()))
                .as("missing, and beyond the capacity")
                .hasSizeGreaterThan(1);
        Await.until("the link is lost", Agent.SOON, () -> !hypervisor.connected());
        agent().destroy(id(6)); // it waits
        hypervisor.restoreLink();
        hypervisor.release(Op.START, id(5));
        Await.until(
                "all have ended: " + agent().creator.control().history(),
                Duration.ofSeconds(20),
                () -> agent().creator.control().history().stream()
                        .allMatch(create -> create.state().isFinal()));
        assertThat(agent().creator.ledger().reserved()).isEqualTo(new Ledger.Reserved(0, Map.of()));
        for (int i = 1; i <= 12; i++) {
            if (agent().table.get(id(i)).isPresent()) {
                agent().destroy(id(i));
            }
        }
        assertThat(agent().creator.control().history())
                .extracting(CreateRecord::state)
                .contains(State.UP, State.FAILED, State.DESTROYED);
        assertNothingIsReserved();

        agent().closeJournal();
        assertThat(agent().creator
                        .service()
                        .createAll(new BatchRequest(
                                "c", Optional.empty(), List.of(items.get(0)), "h", true, System.nanoTime())))
                .failsWithin(Agent.SOON);
        assertNothingIsReserved();
    }
}
