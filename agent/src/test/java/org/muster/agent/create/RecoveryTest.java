package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.muster.agent.create.Agent.BOOT;
import static org.muster.agent.create.Agent.SOON;
import static org.muster.agent.create.Agent.id;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.FullDisk;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.agent.journal.JournalRecord.Learnt;
import org.muster.agent.journal.JournalState;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** What becomes of what a former life of the agent left in its journal. */
class RecoveryTest {
    private static final Duration RESUME_WITHIN = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final Agent.Options options = new Agent.Options().config(4, Duration.ofMinutes(5), RESUME_WITHIN);
    private final List<JournalRecord> lines = new ArrayList<>();
    private Agent agent;

    @AfterEach
    void stop() {
        if (agent != null) {
            agent.close();
        }
    }

    private void accepted(UUID id, String boot, Duration age) {
        AcceptedItem item = new AcceptedItem(
                id,
                Agent.name(id),
                Xmls.engines(id, Agent.name(id)),
                false,
                "",
                "hash of " + id,
                "NORMAL",
                0,
                true,
                System.nanoTime() - age.toNanos(),
                0);
        lines.add(new JournalRecord.Accepted(boot, List.of(item)));
    }

    private void fresh(UUID id) {
        accepted(id, BOOT, Duration.ZERO);
    }

    private Agent restarted() throws IOException {
        Journal journal = Journal.open(directory, new JournalState());
        journal.start();
        Agent.now(journal.durably(lines));
        journal.close();
        agent = Agent.start(directory, hypervisor, options);
        return agent;
    }

    private String message(UUID id) {
        return agent.table.get(id).orElseThrow().exit().orElseThrow().message();
    }

    /** Those that only the slot is missing for, in their order. */
    private List<UUID> queued() {
        return agent.creator.control().queue().waiting().stream()
                .filter(waiting -> !waiting.waitsFor().startsWith("its disks"))
                .map(waiting -> waiting.create().id())
                .toList();
    }

    @Test
    void whatWaitedIsServedInTheOrderInWhichItWasAccepted() throws Exception {
        options.config(1, Duration.ofMinutes(5), RESUME_WITHIN);
        for (int i = 30; i > 0; i--) {
            accepted(id(i), BOOT, Duration.ofSeconds(20));
            hypervisor.on(Op.START, id(i)).hang(); // whichever comes first has the slot
        }

        restarted();

        Await.until("all others are queued", SOON, () -> queued().size() == 29);
        assertThat(queued()).isSortedAccordingTo(Comparator.reverseOrder());
        for (int i = 30; i > 0; i--) {
            hypervisor.release(Op.START, id(i));
        }
    }

    @Test
    void everythingAcceptedIsListedBeforeLibvirtdIsThere() throws IOException {
        hypervisor.loseLink();
        fresh(id(1));
        fresh(id(2));
        lines.add(new JournalRecord.Running(id(2)));
        fresh(id(3));
        lines.add(new JournalRecord.Down(id(3), "three", true, 1, "it broke"));

        restarted();

        assertThat(agent.table.get(id(1)).orElseThrow().status()).isEqualTo(VmStatus.WAIT_FOR_LAUNCH);
        assertThat(agent.table.get(id(2)).orElseThrow().status()).isEqualTo(VmStatus.UP);
        assertThat(agent.table.get(id(3)).orElseThrow().status()).isEqualTo(VmStatus.DOWN);
        for (int notRun : new int[] {1, 3}) {
            assertThat(agent.table.get(id(notRun)).orElseThrow().acceptedXml()).contains("<domain");
        }
        assertThat(agent.table.get(id(2)).orElseThrow().acceptedXml())
                .as("it is libvirt's now")
                .isEmpty();
        assertThat(agent.creator.control().queue().unsettled())
                .extracting(CreateRecord::id)
                .containsExactly(id(1));
        assertThat(hypervisor.log()).isEmpty();
    }

    @Test
    void aFreshOneThatDoesNotRunIsStartedOnceMoreAfterTwoLooks() throws IOException {
        fresh(id(1));
        long before = System.nanoTime();

        restarted();

        agent.await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .as("an old call gets a second to show itself")
                .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void whatTheLibvirtdBeforeSaidIsNoFirstLook() throws IOException {
        fresh(id(1));
        hypervisor.on(Op.FIND, id(1)).hangAfterwards().times(1);
        restarted();
        hypervisor.awaitEntered(Op.FIND, id(1));
        hypervisor.release(Op.FIND, id(1)); // the first look: it does not run
        hypervisor.loseLink();
        hypervisor.restoreLink();
        int before = hypervisor.entered(Op.FIND, id(1));

        agent.await(id(1), VmStatus.UP);

        assertThat(hypervisor.entered(Op.FIND, id(1)) - before)
                .as("two looks, and the one before the define")
                .isGreaterThanOrEqualTo(3);
    }

    @Test
    void oneWhoseStartFailedThoughItRanIsNotStartedAgain() throws IOException {
        restarted();
        hypervisor.on(Op.START, id(1)).failAfterwards(Kind.FAILED);
        agent.create(id(1));
        agent.await(id(1), VmStatus.UP);
        agent.close();
        hypervisor.release(Op.START, id(1));
        hypervisor.loseLink();
        hypervisor.becomes(id(1), State.SHUTOFF, 1, DomainEvent.STOPPED); // nobody of us is there to see it

        agent = Agent.start(directory, hypervisor, options);
        hypervisor.restoreLink();

        agent.await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void oneThatRunsIsAdoptedAndNotStarted() throws IOException {
        fresh(id(1));
        hypervisor.foreign(id(1), Agent.name(id(1)), State.RUNNING, Xmls.engines(id(1), Agent.name(id(1))));

        restarted();

        agent.await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(1))).isZero();
        assertThat(agent.table.get(id(1)).orElseThrow().external()).isFalse();
    }

    @Test
    void anOldCallThatComesThroughBetweenTheLooksIsNotFollowedByAnother() throws IOException {
        fresh(id(1));
        hypervisor.foreign(id(1), Agent.name(id(1)), State.SHUTOFF, Xmls.engines(id(1), Agent.name(id(1))));
        hypervisor.silent(true);
        restarted();
        hypervisor.awaitEntered(Op.FIND, id(1));

        hypervisor.becomes(id(1), State.RUNNING, 1, DomainEvent.STARTED);

        agent.await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(1))).isZero();
        assertThat(agent.told(id(1))).doesNotContain("DOWN");
    }

    @Test
    void oneThatIsStillStartingUpIsWaitedFor() throws IOException {
        fresh(id(1));
        hypervisor.foreign(id(1), Agent.name(id(1)), State.PAUSED, Xmls.engines(id(1), Agent.name(id(1))));
        hypervisor.becomes(id(1), State.PAUSED, 11, DomainEvent.UNKNOWN);
        restarted();
        hypervisor.awaitEntered(Op.FIND, id(1), 3);

        assertThat(agent.table.get(id(1)).orElseThrow().status()).isEqualTo(VmStatus.WAIT_FOR_LAUNCH);
        hypervisor.becomes(id(1), State.RUNNING, 1, DomainEvent.RESUMED);

        agent.await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(1))).isZero();
    }

    /** libvirtd goes on with it for ever, as with a QEMU that waits for a dead disk. */
    private Agent restartedDuringAStartThatHangs(Duration startTimeout) throws IOException {
        options.config(4, startTimeout, RESUME_WITHIN);
        restarted();
        hypervisor.on(Op.START, id(1)).hangStartingUp();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        Await.until("QEMU is there", SOON, () -> hypervisor.running(id(1)));
        agent.close();
        hypervisor.loseLink();
        agent = Agent.start(directory, hypervisor, options);
        hypervisor.restoreLink();
        return agent;
    }

    @Test
    void aStartOfAFormerLifeThatNeverReturnsIsEndedAfterTheStartTimeout() throws IOException {
        restartedDuringAStartThatHangs(Duration.ofMillis(1500));
        assertThat(agent.creator.ledger().reserved().memoryKib()).isPositive();

        agent.await(id(1), VmStatus.DOWN);

        assertThat(hypervisor.running(id(1))).isFalse();
        assertThat(message(id(1))).contains("create.start-timeout").contains("the agent was restarted");
        assertThat(agent.creator.ledger().reserved().memoryKib()).isZero();
        assertThat(agent.destroy(id(1)).refusal()).isEmpty();
        Await.until("nothing stays defined", SOON, definedNoMore(id(1)));
        hypervisor.release(Op.START, id(1));
        assertThat(agent.create(id(1)).isAccepted()).as("its UUID is free").isTrue();
        agent.await(id(1), VmStatus.UP);
    }

    @Test
    void itIsNotDownAsLongAsItCannotBeEnded() throws IOException {
        hypervisor.on(Op.DESTROY, id(1)).fail(Kind.BUSY);
        restartedDuringAStartThatHangs(Duration.ofSeconds(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1), 2);
        assertThat(agent.told(id(1))).doesNotContain("DOWN");
        assertThat(agent.table.get(id(1)).orElseThrow().statusReason()).contains("create.start-timeout");

        hypervisor.release(Op.DESTROY, id(1));

        agent.await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.running(id(1))).isFalse();
    }

    @Test
    void oneThatWasGivenUpIsEndedThoughItComesUpAfterAll() throws IOException {
        hypervisor.on(Op.DESTROY, id(1)).fail(Kind.BUSY);
        restartedDuringAStartThatHangs(Duration.ofSeconds(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1));
        hypervisor.release(Op.START, id(1));
        hypervisor.release(Op.DESTROY, id(1));

        agent.await(id(1), VmStatus.DOWN);

        assertThat(hypervisor.running(id(1))).isFalse();
        assertThat(agent.told(id(1))).doesNotContain("UP");
    }

    @Test
    void aStartWhoseLinkWasLostIsEndedAfterTheStartTimeoutToo() throws IOException {
        options.config(4, Duration.ofMillis(1500), RESUME_WITHIN);
        restarted();
        hypervisor.on(Op.START, id(1)).hangStartingUp();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        hypervisor.loseLink();

        hypervisor.restoreLink();

        agent.await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.running(id(1))).isFalse();
        assertThat(message(id(1))).contains("create.start-timeout");
    }

    @Test
    void whatMayNotBeStartedAgainIsDownWithTheReason() throws IOException {
        accepted(id(1), BOOT, RESUME_WITHIN.plusSeconds(1)); // too old
        accepted(id(2), "another boot", Duration.ZERO);
        fresh(id(3));
        lines.add(new JournalRecord.Resumed(id(3))); // once already
        fresh(id(4));
        lines.add(new JournalRecord.Running(id(4))); // it ran, and does not any more

        restarted();

        for (int i = 1; i <= 4; i++) {
            agent.await(id(i), VmStatus.DOWN);
            assertThat(agent.table.get(id(i)).orElseThrow().exit().orElseThrow().error())
                    .isTrue();
            assertThat(hypervisor.entered(Op.START, id(i))).isZero();
        }
        assertThat(message(id(1))).contains("restarted");
        assertThat(message(id(2))).contains("rebooted");
        Await.until("three creates failed, and one guest ended", Agent.SOON, () -> agent.failed() == 3);
    }

    @Test
    void aDownOneKeepsItsReasonUntilDestroyed() throws IOException {
        fresh(id(1));
        lines.add(new JournalRecord.Down(id(1), "one", true, 1, "it broke"));

        restarted();

        assertThat(message(id(1))).isEqualTo("it broke");
        assertThat(agent.destroy(id(1)).refusal()).isEmpty();
        agent.close();
        lines.clear();
        restarted();
        assertThat(agent.table.get(id(1))).isEmpty();
    }

    @Test
    void aDestroyThatWasAnsweredStaysTrueInTheNextLife() throws IOException {
        fresh(id(1));
        lines.add(new JournalRecord.Destroyed(id(1)));
        restarted();
        assertThat(agent.table.get(id(1))).isEmpty();

        hypervisor.foreign(id(1), Agent.name(id(1)), State.RUNNING, Xmls.engines(id(1), Agent.name(id(1))));
        hypervisor.becomes(id(1), State.RUNNING, 1, DomainEvent.STARTED);

        Await.until("the late guest has gone", SOON, () -> !hypervisor.running(id(1)));
        assertThat(agent.table.get(id(1))).isEmpty();
        assertThat(agent.told(id(1))).isEmpty();
    }

    @Test
    void aTombstoneDoesNotSurviveTheHostsReboot() throws IOException {
        accepted(id(1), "another boot", Duration.ZERO);
        lines.add(new JournalRecord.Destroyed(id(1)));
        restarted(); // no call of ours can be under way any more

        hypervisor.foreign(id(1), "theirs", State.RUNNING, Xmls.of(id(1), "theirs"));
        hypervisor.becomes(id(1), State.RUNNING, 1, DomainEvent.STARTED);

        agent.awaitThat(id(1), vm -> vm.external(), "external");
        assertThat(hypervisor.running(id(1))).isTrue();
    }

    @Test
    void butWhatItLeftStoredIsDeletedIfItIsOursAndDoesNotRun() throws IOException {
        for (int i = 1; i <= 3; i++) {
            accepted(id(i), "another boot", Duration.ZERO);
            lines.add(new JournalRecord.Destroyed(id(i)));
        }
        hypervisor.foreign(id(1), Agent.name(id(1)), State.SHUTOFF, Xmls.engines(id(1), Agent.name(id(1))));
        hypervisor.foreign(id(2), "theirs", State.SHUTOFF, Xmls.of(id(2), "theirs"));
        hypervisor.foreign(id(3), Agent.name(id(3)), State.RUNNING, Xmls.engines(id(3), Agent.name(id(3))));

        restarted();

        Await.until("ours is deleted", SOON, () -> !hypervisor.defined(id(1)));
        agent.await(id(3), VmStatus.UP);
        Await.until("the UUID is free", SOON, () -> agent.create(id(1)).isAccepted());
        assertThat(hypervisor.defined(id(2))).isTrue();
        assertThat(hypervisor.running(id(3)) && hypervisor.defined(id(3))).isTrue();
    }

    @Test
    void anAdoptedGuestOfNobodyIsExternal() throws IOException {
        hypervisor.foreign(id(1), "theirs", State.RUNNING, Xmls.of(id(1), "theirs"));
        hypervisor.foreign(id(2), "engines", State.RUNNING, Xmls.engines(id(2), "engines"));

        restarted();

        agent.awaitThat(id(1), vm -> vm.external(), "external");
        agent.awaitThat(id(2), vm -> !vm.external(), "ours");
    }

    @Test
    void aKilledAgentLeavesEveryVmInOneKnownState() throws IOException {
        restarted();
        for (int i = 1; i <= 8; i++) {
            hypervisor.on(Op.START, id(i)).hang();
            agent.create(id(i));
        }
        for (int i = 1; i <= 4; i++) { // as many as have a slot
            hypervisor.awaitEntered(Op.START, id(i));
        }
        agent.close();
        hypervisor.loseLink(); // as the kernel does with a dead client's sockets
        for (int i = 1; i <= 8; i++) {
            hypervisor.release(Op.START, id(i)); // libvirtd goes on with what had reached it
        }
        agent = Agent.start(directory, hypervisor, options);
        hypervisor.restoreLink();

        for (int i = 1; i <= 8; i++) {
            agent.await(id(i), VmStatus.UP);
            assertThat(hypervisor.starts(id(i))).isEqualTo(1);
        }
    }

    /** An ordinary stop: what libvirtd was asked is answered, nothing is asked any more, and the journal takes lines to the end. */
    @Test
    void whatWasBeingMadeReadyWhenTheAgentWasStoppedIsStartedByItsNextLife() throws IOException {
        restarted();
        Map<UUID, Op> standing = Map.of(id(1), Op.FIND, id(2), Op.DEFINE, id(3), Op.DEFINE);
        standing.forEach((vm, op) -> hypervisor.on(op, vm).hang());
        standing.keySet().forEach(agent::create);
        standing.forEach((vm, op) -> hypervisor.awaitEntered(op, vm));
        hypervisor.stop();
        standing.forEach((vm, op) -> hypervisor.release(op, vm));
        Await.until(
                "none has a slot any more",
                SOON,
                () -> agent.creator.control().queue().running().isEmpty());
        agent.close();

        agent = Agent.start(directory, hypervisor, options);

        for (UUID vm : standing.keySet()) {
            agent.await(vm, VmStatus.UP);
            assertThat(hypervisor.starts(vm)).isEqualTo(1);
            assertThat(agent.told(vm)).doesNotContain("DOWN");
        }
    }

    /** What was noted last never reached the disk: nothing that may have run is started again, whatever became of it. */
    @Test
    void whatMayHaveRunIsNotStartedAgain() throws IOException {
        for (int i = 1; i <= 6; i++) {
            fresh(id(i));
            lines.add(new JournalRecord.Starting(id(i)));
        }
        String xml = Xmls.engines(id(1), Agent.name(id(1)));
        hypervisor.foreign(id(1), Agent.name(id(1)), State.SHUTOFF, xml);
        hypervisor.becomes(id(1), State.SHUTOFF, 1, DomainEvent.STOPPED); // SHUTDOWN
        for (int i = 2; i <= 4; i++) {
            hypervisor.foreign(id(i), Agent.name(id(i)), State.SHUTOFF, Xmls.engines(id(i), Agent.name(id(i))));
        }
        hypervisor.becomes(id(2), State.SHUTOFF, 6, DomainEvent.STOPPED); // FAILED
        hypervisor.becomes(id(3), State.SHUTOFF, 3, DomainEvent.STOPPED); // CRASHED
        hypervisor.foreign(id(6), Agent.name(id(6)), State.RUNNING, Xmls.engines(id(6), Agent.name(id(6))));

        restarted(); // 4: a libvirtd that was restarted knows no reason; 5: somebody has deleted it

        for (int i = 1; i <= 5; i++) {
            agent.await(id(i), VmStatus.DOWN);
            Await.until("nothing stays defined of " + id(i), SOON, definedNoMore(id(i)));
        }
        agent.await(id(6), VmStatus.UP);
        assertThat(agent.table.get(id(1)).orElseThrow().exit().orElseThrow())
                .as("libvirt knows how it ended")
                .isEqualTo(ExitInfo.of(ShutoffReason.SHUTDOWN));
        assertThat(message(id(4))).contains("not started again").contains("restarted");
        assertThat(hypervisor.log()).noneMatch(call -> call.startsWith("START"));
    }

    private Callable<Boolean> definedNoMore(UUID id) {
        return () -> !hypervisor.defined(id);
    }

    @Test
    void aGuestThatEndedWhileNothingCouldBeWrittenAndNobodyLookedIsNotStartedAgain() throws IOException {
        FullDisk disk = new FullDisk();
        options.journal(disk::open);
        restarted();
        hypervisor.on(Op.START, id(1)).hang();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        disk.fill();
        hypervisor.release(Op.START, id(1));
        agent.await(id(1), VmStatus.UP); // that it runs is owed to the disk
        hypervisor.silent(true);
        agent.close();
        hypervisor.loseLink();
        hypervisor.becomes(id(1), State.SHUTOFF, 0, DomainEvent.UNKNOWN); // and libvirtd was restarted too
        disk.empty();

        agent = Agent.start(directory, hypervisor, options);
        hypervisor.silent(false);
        hypervisor.restoreLink();

        agent.await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(1);
    }

    /** Told Down, it may be started elsewhere. */
    @Test
    void whatCouldNotBeWrittenDownIsNotToldDownAsLongAsTheNextLifeWouldStartIt() throws IOException {
        FullDisk disk = new FullDisk();
        options.journal(disk::open);
        hypervisor.on(Op.DEFINE, id(1)).hang().fail(Kind.INVALID_SPEC);
        restarted();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        disk.fill();
        hypervisor.release(Op.DEFINE, id(1));
        agent.awaitThat(
                id(1), vm -> vm.statusReason().contains("No space left on device"), "not Down, and it is told why");
        assertThat(agent.told(id(1))).doesNotContain("DOWN");
        disk.awaitRefused(2); // it is tried again

        disk.empty();

        agent.await(id(1), VmStatus.DOWN);
        assertThat(message(id(1))).contains("told to fail").doesNotContain("No space");
        agent.close();
        agent = Agent.start(directory, hypervisor, options);
        assertThat(agent.table.get(id(1)).orElseThrow().status()).isEqualTo(VmStatus.DOWN);
    }

    @Test
    void butItIsToldOnceNoLaterLifeWouldStartIt() throws IOException {
        FullDisk disk = new FullDisk();
        options.config(4, Duration.ofMinutes(5), Duration.ofMillis(1500)).journal(disk::open);
        hypervisor.on(Op.DEFINE, id(1)).hang().fail(Kind.INVALID_SPEC);
        restarted();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        disk.fill();

        hypervisor.release(Op.DEFINE, id(1));

        agent.await(id(1), VmStatus.DOWN);
        assertThat(message(id(1))).contains("told to fail");
    }

    @Test
    void aDestroyThatCannotBeWrittenDownTellsNobodyThatAQueuedOneIsDown() throws IOException {
        FullDisk disk = new FullDisk();
        options.config(1, Duration.ofMinutes(5), RESUME_WITHIN).journal(disk::open);
        restarted();
        hypervisor.on(Op.START, id(1)).hang();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        agent.create(id(2));
        disk.fill();

        assertThat(agent.destroy(id(2)).message()).contains("the journal cannot be written");

        assertThat(agent.told(id(2))).doesNotContain("DOWN");
        disk.empty();
        agent.await(id(2), VmStatus.DOWN);
        hypervisor.release(Op.START, id(1));
        agent.await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(2))).isZero();
    }

    /** It had only been looked up and defined, so nothing of it had been started: nor is it later. */
    @Test
    void aDestroyThatCannotBeWrittenDownKeepsALaunchFromGoingOn() throws IOException {
        FullDisk disk = new FullDisk();
        options.journal(disk::open);
        restarted();
        hypervisor.on(Op.DEFINE, id(1)).hang();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        disk.fill();
        assertThat(agent.destroy(id(1)).message())
                .contains("it does not run any more")
                .contains("the journal cannot be written");
        agent.awaitThat( // its Down was refused too, which is tried again a second later
                id(1), vm -> vm.statusReason().contains("No space left on device"), "told why");

        disk.empty();
        hypervisor.release(Op.DEFINE, id(1));

        agent.await(id(1), VmStatus.DOWN);
        Await.until("its launch is over", SOON, () -> !agent.table.launchPending(id(1)));
        assertThat(hypervisor.entered(Op.START, id(1))).isZero();
        Await.until("nothing stays defined", SOON, definedNoMore(id(1)));
        assertThat(agent.destroy(id(1)).refusal()).isEmpty();
    }

    /** What libvirtd takes up late may come through when the Down has been waiting for the disk. */
    @Test
    void oneThatIsToldDownLateAndRunsIsTakenInAgain() throws IOException {
        FullDisk disk = new FullDisk();
        options.journal(disk::open);
        hypervisor.on(Op.DEFINE, id(1)).hang().fail(Kind.INVALID_SPEC);
        restarted();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        disk.fill();
        hypervisor.release(Op.DEFINE, id(1));
        agent.awaitThat(id(1), vm -> vm.statusReason().contains("No space left on device"), "told why");
        hypervisor.foreign(id(1), Agent.name(id(1)), State.RUNNING, Xmls.engines(id(1), Agent.name(id(1))));

        disk.empty();

        agent.await(id(1), VmStatus.UP);
        assertThat(agent.table.get(id(1)).orElseThrow().external()).isFalse();
    }

    @Test
    void whatIsQueuedWaitsForADiskThatIsFullForAMoment() throws IOException {
        FullDisk disk = new FullDisk();
        options.config(1, Duration.ofMinutes(5), RESUME_WITHIN).journal(disk::open);
        restarted();
        queuedBehindOneThatHangs();
        disk.fill();
        assertThatThrownBy(() -> agent.create(id(3))).hasStackTraceContaining("No space left on device");

        hypervisor.release(Op.START, id(1));
        agent.await(id(1), VmStatus.UP);
        disk.awaitRefused(2);

        assertThat(hypervisor.entered(Op.FIND, id(2))).isZero();
        assertThat(agent.creator.control().queue().waitingFor()).contains("No space left on device");
        disk.empty();
        agent.await(id(2), VmStatus.UP);
        assertThat(agent.told(id(2))).doesNotContain("DOWN");
    }

    private void queuedBehindOneThatHangs() {
        hypervisor.on(Op.START, id(1)).hang();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        agent.create(id(2));
    }

    @Test
    void butNotForEver() throws IOException {
        FullDisk disk = new FullDisk();
        options.config(1, Duration.ofMinutes(5), Duration.ofMillis(1500)).journal(disk::open);
        restarted();
        queuedBehindOneThatHangs();
        disk.fill();
        assertThatThrownBy(() -> agent.create(id(3))).hasStackTraceContaining("No space left on device");
        hypervisor.release(Op.START, id(1));

        agent.await(id(2), VmStatus.DOWN);

        assertThat(message(id(2))).contains("not started").contains("the journal cannot be written: No space left");
        assertThat(hypervisor.entered(Op.DEFINE, id(2))).isZero();
    }

    @Test
    void aStartThatCannotBeWrittenDownIsNotMade() throws IOException {
        FullDisk disk = new FullDisk();
        options.config(1, Duration.ofMinutes(5), Duration.ofMillis(1500)).journal(disk::open);
        hypervisor.on(Op.DEFINE, id(1)).hang();
        restarted();
        agent.create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        disk.fill();

        hypervisor.release(Op.DEFINE, id(1));

        agent.await(id(1), VmStatus.DOWN);
        assertThat(message(id(1))).contains("cannot be written down").contains("No space left on device");
        assertThat(hypervisor.entered(Op.START, id(1))).isZero();
    }

    @Test
    void whatTheLimitHasLearntIsGoneOnFromInTheSameBoot() throws IOException {
        options.auto();
        restarted();
        int unlearnt = agent.creator.control().queue().limit();
        for (int i = 1; i <= 5; i++) {
            agent.create(id(i));
        }
        for (int i = 1; i <= 5; i++) {
            agent.await(id(i), VmStatus.UP);
        }
        Await.until(
                "it is written down",
                SOON,
                () -> Files.readString(directory.resolve("journal")).contains("\"learnt\""));
        agent.close();
        JournalState state = new JournalState();
        Journal.open(directory, state).close();
        Learnt learnt = state.learnt().orElseThrow();
        assertThat(learnt.levels()).isNotEmpty();
        Learnt other =
                new Learnt(learnt.bootId(), learnt.hostCpus(), unlearnt + 3, learnt.lastNanos(), learnt.levels());
        lines.add(other);

        restarted();

        assertThat(agent.creator.control().queue().limit()).isEqualTo(unlearnt + 3);
        agent.close();
        lines.clear();
        options.boot("another boot");
        restarted();
        assertThat(agent.creator.control().queue().limit()).isEqualTo(unlearnt);
    }

    @Test
    void aRepetitionAfterTheRestartGetsItsFirstAnswer() throws IOException {
        fresh(id(1));
        restarted();

        assertThat(agent.create(id(1)).isAccepted()).isTrue();

        agent.await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void aNoteThatComesAfterTheEndMakesNoGhost() throws IOException {
        fresh(id(1));
        lines.add(new JournalRecord.Gone(id(1)));
        lines.add(new JournalRecord.Running(id(1))); // a worker that was slower than the destroy
        lines.add(new JournalRecord.Resumed(id(1)));

        restarted();

        assertThat(agent.table.get(id(1))).isEmpty();
    }
}
