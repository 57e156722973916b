package org.muster.agent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** The table follows libvirtd, whatever happens to the events and the answers. */
class ReconcilerTest {
    private static final UUID ID = new UUID(1, 1);
    private static final UUID OTHER = new UUID(1, 2);
    private static final Duration SOON = Duration.ofSeconds(8);

    private final CallGuard guard = new CallGuard(OptionalInt.of(16), System::nanoTime); // a libvirtd with many workers
    private final FakeHypervisor hypervisor = new FakeHypervisor(guard);
    private final VmTable table = new VmTable(new EventClock());
    private final Set<UUID> doomed = ConcurrentHashMap.newKeySet();
    private final Set<UUID> frozen = ConcurrentHashMap.newKeySet();
    private final Reconciler reconciler = new Reconciler(table, hypervisor, doomed::contains, frozen::contains);

    @AfterEach
    void close() {
        reconciler.close();
    }

    private static String xml(UUID id, boolean ours) {
        return "<domain><name>n" + id + "</name><uuid>" + id + "</uuid>"
                + (ours
                        ? "<metadata><v xmlns='http://ovirt.org/vm/1.0'/><o:vm xmlns:o='http://ovirt.org/vm/1.0'/></metadata>"
                        : "")
                + "<devices><graphics type='vnc' port='5901' listen='127.0.0.1'/></devices></domain>";
    }

    private void runs(UUID id, boolean ours) {
        hypervisor.foreign(id, "n" + id, State.RUNNING, xml(id, ours));
    }

    private void await(UUID id, VmStatus status) {
        Await.until(
                id + " is " + status,
                SOON,
                () -> table.get(id).filter(vm -> vm.status() == status).isPresent());
    }

    @Test
    void anUnknownDomainIsTakenInWithItsXml() {
        runs(ID, true);
        runs(OTHER, false);

        reconciler.discover();

        Await.until(
                "the XML is read",
                SOON,
                () -> table.all().stream().filter(vm -> vm.live().isPresent()).count() == 2);
        assertThat(table.get(ID).orElseThrow().external()).isFalse();
        assertThat(table.get(OTHER).orElseThrow().external()).isTrue();
        assertThat(table.get(ID).orElseThrow().live().orElseThrow().details().consoles())
                .hasSize(1);
    }

    @Test
    void theHelperOfAProgramThatLooksIntoDisksIsNoVm() {
        String guestfs = xml(ID, false)
                .replace("<devices>", "<devices><channel><target name='org.libguestfs.channel.0'/></channel>");
        hypervisor.foreign(ID, "guestfs", State.RUNNING, guestfs);
        runs(OTHER, false);

        reconciler.discover();
        Await.until("the table is complete", SOON, reconciler::tableComplete);

        assertThat(table.get(ID)).isEmpty();
        assertThat(table.get(OTHER)).isPresent();
        assertThat(reconciler.allRead()).isTrue();
    }

    @Test
    void oneThatDoesNotLetItselfBeReadDelaysNobodyAndIsOursWhenItDoes() {
        runs(ID, true);
        runs(OTHER, true);
        hypervisor.on(Op.XML, ID).hang();

        reconciler.discover();
        assertThat(reconciler.tableComplete()).isFalse();
        Await.until("the table is complete", SOON, reconciler::tableComplete);

        assertThat(table.get(OTHER).orElseThrow().external()).isFalse();
        assertThat(table.get(ID).orElseThrow().status()).isEqualTo(VmStatus.UP);
        assertThat(table.get(ID).orElseThrow().external()).as("not touched").isTrue();
        hypervisor.release(Op.XML, ID);
        Await.until(
                "it is ours",
                SOON,
                () -> table.get(ID).filter(vm -> !vm.external()).isPresent());
    }

    /** Its question is dropped with the link, and libvirtd is never asked whether it is still there. */
    private void listedAndGoneWhileTheLinkIsLost() {
        runs(ID, false);
        hypervisor.on(Op.FIND, ID).hang().times(1);
        reconciler.discover();
        hypervisor.awaitEntered(Op.FIND, ID);
        hypervisor.loseLink();
        Await.until(
                "its question is dropped", SOON, () -> !reconciler.remembered().contains(ID));
        hypervisor.becomes(ID, State.SHUTOFF, 1, DomainEvent.STOPPED);
    }

    @Test
    void whoWasListedBeforeTheLinkWasLostAndIsGoneSinceIsNotTakenIn() {
        listedAndGoneWhileTheLinkIsLost();
        pass(Duration.ofMillis(2200));
        assertThat(reconciler.tableComplete()).as("nobody can be asked").isFalse();

        hypervisor.restoreLink();
        reconciler.discover();
        Await.until("the table is complete", SOON, reconciler::tableComplete);

        assertThat(table.all()).isEmpty();
    }

    @Test
    void whoIsTakenInUnreadIsAskedAbout() {
        listedAndGoneWhileTheLinkIsLost();
        hypervisor.on(Op.LIST, null).hang();
        hypervisor.restoreLink();
        reconciler.discover();
        Await.until("the table is complete", SOON, reconciler::tableComplete);

        Await.until("the one that is gone is out of it", SOON, () -> table.all().isEmpty());
        Await.until("nothing is unread any more", SOON, reconciler::allRead);
        hypervisor.release(Op.LIST, null);
    }

    @Test
    void withoutLibvirtdTheTableIsNotComplete() {
        hypervisor.loseLink();
        reconciler.discover();
        hypervisor.awaitEntered(Op.LIST, null);
        assertThat(reconciler.tableComplete()).isFalse();

        hypervisor.restoreLink();
        reconciler.discover();

        Await.until("the table is complete", SOON, reconciler::tableComplete);
    }

    @Test
    void aStoppedDomainThatNobodyKnowsIsNotTakenIn() {
        hypervisor.foreign(ID, "n", State.SHUTOFF, xml(ID, false));

        reconciler.check(ID);
        hypervisor.awaitEntered(Op.FIND, ID);
        reconciler.discover();
        hypervisor.awaitEntered(Op.LIST, null);

        assertThat(table.all()).isEmpty();
    }

    @Test
    void oneThatAnotherAgentLeftDownIsReportedDownWithItsEnd() {
        String left = xml(ID, true)
                .replace(
                        "<o:vm xmlns:o='http://ovirt.org/vm/1.0'/>",
                        "<o:vm xmlns:o='http://ovirt.org/vm/1.0'><o:exitCode type='int'>1</o:exitCode>"
                                + "<o:exitReason type='int'>2</o:exitReason><o:exitMessage>Lost it</o:exitMessage></o:vm>");
        hypervisor.foreign(ID, "left", State.SHUTOFF, left);
        hypervisor.foreign(OTHER, "n", State.SHUTOFF, xml(OTHER, true)); // stored only, and nobody waits for its end

        reconciler.discover();

        await(ID, VmStatus.DOWN);
        assertThat(table.get(ID).orElseThrow().exit()).contains(new ExitInfo(true, 2, "Lost it"));
        hypervisor.awaitEntered(Op.XML, OTHER);
        assertThat(table.get(OTHER)).isEmpty();
    }

    @Test
    void aDoomedOneIsHandedOverAndNotTakenIn() {
        doomed.add(ID);
        runs(ID, true);

        reconciler.check(ID);
        hypervisor.awaitEntered(Op.FIND, ID);
        runs(OTHER, true);
        reconciler.check(OTHER);
        await(OTHER, VmStatus.UP);

        assertThat(table.get(ID)).isEmpty();
    }

    @Test
    void anExternalOneThatEndsIsForgottenAfterItsEndWasTold() {
        Map<UUID, ExitInfo> ends = new ConcurrentHashMap<>();
        table.listen(new VmListener() {
            @Override
            public void changed(Vm before, Vm after) {
                after.exit().ifPresent(exit -> ends.put(after.id(), exit));
            }

            @Override
            public void removed(Vm last) {}
        });
        runs(ID, false);
        runs(OTHER, false);
        reconciler.check(ID);
        reconciler.check(OTHER);
        await(ID, VmStatus.UP);
        await(OTHER, VmStatus.UP);

        hypervisor.becomes(ID, State.SHUTOFF, 1, DomainEvent.STOPPED); // SHUTDOWN
        hypervisor.becomes(OTHER, State.SHUTOFF, 3, DomainEvent.STOPPED); // CRASHED
        reconciler.check(ID);
        reconciler.check(OTHER);

        Await.until("forgotten", SOON, () -> table.all().isEmpty());
        assertThat(ends)
                .containsEntry(ID, ExitInfo.of(ShutoffReason.SHUTDOWN))
                .containsEntry(OTHER, ExitInfo.of(ShutoffReason.CRASHED));
    }

    @Test
    void oursThatEndsIsDown() {
        runs(ID, true);
        reconciler.check(ID);
        await(ID, VmStatus.UP);

        hypervisor.becomes(ID, State.SHUTOFF, 3, DomainEvent.STOPPED);
        reconciler.checkAll();

        await(ID, VmStatus.DOWN);
    }

    @Test
    void anAnswerThatCameLateIsAskedForAgain() {
        runs(ID, true);
        reconciler.check(ID);
        await(ID, VmStatus.UP);
        hypervisor.on(Op.FIND, ID).hangAfterwards();
        int asked = hypervisor.entered(Op.FIND, ID);
        reconciler.check(ID);
        hypervisor.awaitEntered(Op.FIND, ID, asked + 1); // it will say: running

        hypervisor.becomes(ID, State.SHUTOFF, 3, DomainEvent.STOPPED);
        reconciler.check(ID);
        hypervisor.release(Op.FIND, ID);

        await(ID, VmStatus.DOWN);
    }

    @Test
    void aQuestionThatFailsIsAskedAgainByItself() {
        runs(ID, true);
        hypervisor.on(Op.FIND, ID).fail(Kind.BUSY).times(2);

        reconciler.check(ID);

        await(ID, VmStatus.UP);
    }

    @Test
    void aQuestionThatHangsKeepsNoOtherDomainWaiting() {
        runs(ID, true);
        runs(OTHER, true);
        hypervisor.on(Op.FIND, ID).hang();
        reconciler.check(ID);
        hypervisor.awaitEntered(Op.FIND, ID);

        for (int i = 0; i < 10; i++) {
            reconciler.check(ID); // must not use up the threads
        }
        reconciler.check(OTHER);

        await(OTHER, VmStatus.UP);
        assertThat(hypervisor.entered(Op.FIND, ID)).isEqualTo(1);
        hypervisor.release(Op.FIND, ID);
        await(ID, VmStatus.UP);
    }

    @Test
    void aDownOneThatRunsIsTakenInAgain() {
        table.restoreDown(ID, "n", ExitInfo.startFailed("x"));
        runs(ID, true);

        reconciler.check(ID);

        await(ID, VmStatus.UP);
    }

    @Test
    void whatIsBeingDestroyedIsLeftToItsDestroyer() {
        table.restoreRunning(ID, "n");
        table.destroying(ID, true);
        runs(OTHER, true);

        reconciler.check(ID);
        reconciler.check(OTHER);
        await(OTHER, VmStatus.UP);

        assertThat(hypervisor.entered(Op.FIND, ID)).isZero();
        assertThat(table.get(ID)).map(Vm::status).isEqualTo(Optional.of(VmStatus.UP));
    }

    @Test
    void aRestoredOneThatIsGoneIsDown() {
        table.restoreRunning(ID, "n");

        reconciler.checkAll();

        await(ID, VmStatus.DOWN);
        assertThat(table.get(ID).orElseThrow().exit()).contains(ExitInfo.notFound());
    }

    /** libvirtd has forgotten a transient domain before its event comes. */
    @Test
    void whyAForgottenDomainEndedIsWaitedFor() {
        lookAround();
        table.restoreRunning(ID, "n");
        table.restoreRunning(OTHER, "o");
        int asked = hypervisor.entered(Op.FIND, ID);
        reconciler.check(ID);
        reconciler.check(OTHER);
        hypervisor.awaitEntered(Op.FIND, ID, asked + 2); // in vain, and again

        table.happened(ID, new GuestEvent.Ended(ShutoffReason.DESTROYED), 0);
        reconciler.check(ID);

        await(ID, VmStatus.DOWN);
        await(OTHER, VmStatus.DOWN);
        assertThat(table.get(ID).orElseThrow().exit()).contains(ExitInfo.of(ShutoffReason.DESTROYED));
        assertThat(table.get(OTHER).orElseThrow().exit())
                .as("its event is lost")
                .contains(ExitInfo.notFound());
        Await.until("nothing is remembered", SOON, () -> reconciler.remembered().isEmpty());
    }

    private void lookAround() {
        reconciler.discover();
        Await.until("the table is complete", SOON, reconciler::tableComplete);
    }

    private static UUID hung(int number) {
        return new UUID(9, number);
    }

    private void hang(int count) {
        for (int i = 0; i < count; i++) {
            runs(hung(i), true);
            hypervisor.on(Op.FIND, hung(i)).hang();
        }
    }

    private void release(int count) {
        for (int i = 0; i < count; i++) {
            hypervisor.release(Op.FIND, hung(i));
            await(hung(i), VmStatus.UP);
        }
    }

    private int askedOfHung(int count) {
        int asked = 0;
        for (int i = 0; i < count; i++) {
            asked += hypervisor.entered(Op.FIND, hung(i));
        }
        return asked;
    }

    private static void pass(Duration time) {
        long since = System.nanoTime();
        Await.until("time has passed", SOON, () -> System.nanoTime() - since > time.toNanos());
    }

    @Test
    void tenQuestionsThatHangKeepNoOtherDomainWaiting() {
        hang(10);
        for (int i = 0; i < 10; i++) {
            reconciler.check(hung(i));
        }
        runs(OTHER, true);
        long since = System.nanoTime();

        reconciler.check(OTHER);

        await(OTHER, VmStatus.UP);
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Duration.ofSeconds(2));
        Await.until("all ten are asked", SOON, () -> askedOfHung(10) == 10);
        hypervisor.becomes(OTHER, State.SHUTOFF, 3, DomainEvent.STOPPED);
        since = System.nanoTime();
        reconciler.check(OTHER);
        await(OTHER, VmStatus.DOWN);
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Duration.ofSeconds(1));
        release(10);
    }

    /** Each one that hangs keeps a worker of libvirtd's, which without any left serves nobody. */
    @Test
    void noMoreHangThanTheGuardAllows() {
        guard.setMaxStuck(OptionalInt.of(3));
        hang(6);
        for (int i = 0; i < 6; i++) {
            reconciler.check(hung(i));
        }
        Await.until("three hang", SOON, () -> askedOfHung(6) == 3);

        pass(Duration.ofSeconds(1));

        assertThat(askedOfHung(6)).isEqualTo(3);
        release(6);
    }

    @Test
    void whatHangsOfOthersCountsToo() {
        AtomicLong early = new AtomicLong();
        CallGuard shared = new CallGuard(OptionalInt.of(3), () -> System.nanoTime() - early.get());
        FakeHypervisor busy = new FakeHypervisor(shared);
        try (Reconciler mine = new Reconciler(table, busy, doomed::contains, frozen::contains);
                CallGuard.CallToken one = shared.begin(CallGuard.Role.STATS, "stuck", null);
                CallGuard.CallToken two = shared.begin(CallGuard.Role.STATS, "stuck too", null)) {
            early.set(-Duration.ofMinutes(1).toNanos()); // both are overdue
            for (int i = 0; i < 3; i++) {
                busy.foreign(hung(i), "n" + i, State.RUNNING, xml(hung(i), true));
                busy.on(Op.FIND, hung(i)).hang();
                mine.check(hung(i));
            }
            busy.awaitEntered(Op.FIND, hung(0));

            pass(Duration.ofSeconds(1));

            assertThat(busy.entered(Op.FIND, hung(1)) + busy.entered(Op.FIND, hung(2)))
                    .isZero();
            for (int i = 0; i < 3; i++) {
                busy.release(Op.FIND, hung(i));
                await(hung(i), VmStatus.UP);
            }
            one.succeeded();
            two.succeeded();
        }
    }

    @Test
    void guestsKnownToBeFrozenTakeFewPlacesWhenAllAreAsked() {
        guard.setMaxStuck(OptionalInt.of(3));
        for (int i = 0; i < 6; i++) {
            table.restoreRunning(hung(i), "n" + hung(i));
            frozen.add(hung(i));
        }
        hang(6);
        table.restoreRunning(OTHER, "gone");

        reconciler.refreshAll();

        await(OTHER, VmStatus.DOWN);
        pass(Duration.ofMillis(600));
        assertThat(askedOfHung(6)).isEqualTo(2);
        release(6);
        Await.until("its XML is read anew", SOON, () -> hypervisor.entered(Op.XML, hung(5)) == 1);
    }

    /** An event says that its lock is free again. */
    @Test
    void aFrozenGuestToWhichSomethingHappenedIsAskedLikeAnyOther() {
        for (int i = 0; i < 2; i++) {
            table.restoreRunning(hung(i), "n" + hung(i));
            frozen.add(hung(i));
        }
        hang(2);
        frozen.add(ID);
        table.restoreRunning(ID, "killed");
        reconciler.checkAll();
        Await.until("two hang", SOON, () -> askedOfHung(2) + hypervisor.entered(Op.FIND, ID) >= 2);

        reconciler.check(ID);

        await(ID, VmStatus.DOWN);
        release(2);
    }

    @Test
    void whatIsBeingStartedIsAskedOnlyWhenItsCallHasReturned() {
        Vm vm = table.reserve(ID, "n" + ID, false).vm();
        table.announce(vm);
        table.beginLaunch(vm);
        table.beginStart(vm);
        runs(ID, true);
        runs(OTHER, true);

        reconciler.check(ID);
        reconciler.check(OTHER);
        await(OTHER, VmStatus.UP);
        assertThat(hypervisor.entered(Op.FIND, ID)).isZero();
        table.endLaunch(vm, true, 1);
        hypervisor.becomes(ID, State.SHUTOFF, 3, DomainEvent.STOPPED);

        await(ID, VmStatus.DOWN); // by itself: nobody asks again
    }

    @Test
    void aListThatHangsStopsNobodyAndIsAskedForOnce() {
        hypervisor.on(Op.LIST, null).hang();
        for (int i = 0; i < 10; i++) {
            reconciler.discover();
        }
        hypervisor.awaitEntered(Op.LIST, null);
        for (int i = 0; i < 10; i++) {
            reconciler.discover();
        }
        runs(ID, true);
        runs(OTHER, true);

        reconciler.check(ID);

        await(ID, VmStatus.UP);
        hypervisor.release(Op.LIST, null);
        await(OTHER, VmStatus.UP);
        Await.until("the last one was listed", SOON, () -> hypervisor.entered(Op.LIST, null) >= 2);
        assertThat(hypervisor.entered(Op.LIST, null)).isLessThanOrEqualTo(3);
    }

    @Test
    void nothingIsRememberedOfGuestsThatAreGone() {
        for (int i = 0; i < 50; i++) {
            UUID id = new UUID(5, i);
            runs(id, true);
            reconciler.refresh(id);
            await(id, VmStatus.UP);
            Vm vm = table.destroying(id, true).orElseThrow();
            reconciler.refresh(id); // its devices go
            hypervisor.becomes(id, State.SHUTOFF, 1, DomainEvent.STOPPED);
            table.remove(vm, ExitInfo.destroyed());
            reconciler.refresh(id); // a late event
        }

        Await.until("nothing is remembered", SOON, () -> reconciler.remembered().isEmpty());
    }

    @Test
    void oneThatCouldNotBeReadAndIsGoneIsNotWaitedFor() {
        runs(ID, true);
        hypervisor.on(Op.XML, ID).hang();
        reconciler.discover();
        Await.until("the table is complete", SOON, reconciler::tableComplete);
        assertThat(reconciler.allRead()).isFalse();

        hypervisor.becomes(ID, State.SHUTOFF, 1, DomainEvent.STOPPED);
        hypervisor.release(Op.XML, ID);
        reconciler.check(ID);

        Await.until("it is known whose all are", SOON, reconciler::allRead);
    }

    @Test
    void afterItsEndItTakesNoMoreQuestions() {
        reconciler.close();

        reconciler.check(ID);
        reconciler.discover();
        reconciler.run(() -> {});

        assertThat(hypervisor.log()).isEmpty();
    }
}
