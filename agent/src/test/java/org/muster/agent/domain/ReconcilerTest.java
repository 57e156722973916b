package org.muster.agent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** The table follows libvirtd, whatever happens to the events and the answers. */
class ReconcilerTest {
    private static final UUID ID = new UUID(1, 1);
    private static final UUID OTHER = new UUID(1, 2);
    private static final Duration SOON = Duration.ofSeconds(8);

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final VmTable table = new VmTable(new EventClock());
    private final Set<UUID> doomed = ConcurrentHashMap.newKeySet();
    private final Reconciler reconciler = new Reconciler(table, hypervisor, doomed::contains);

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
    void anExternalOneThatEndsIsForgotten() {
        runs(ID, false);
        reconciler.check(ID);
        await(ID, VmStatus.UP);

        hypervisor.becomes(ID, State.SHUTOFF, 1, DomainEvent.STOPPED);
        reconciler.check(ID);

        Await.until("forgotten", SOON, () -> table.get(ID).isEmpty());
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

    @Test
    void afterItsEndItTakesNoMoreQuestions() {
        reconciler.close();

        reconciler.check(ID);
        reconciler.discover();
        reconciler.run(() -> {});

        assertThat(hypervisor.log()).isEmpty();
    }
}
