package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.Agent.SOON;
import static org.muster.agent.create.Agent.id;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** Destroys in every state, and that one which answered stays true. */
class DestroyerTest {
    @TempDir
    private Path directory;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final Agent.Options options = new Agent.Options();
    private Agent agent;

    private Agent agent() {
        if (agent == null) {
            agent = Agent.start(directory, hypervisor, options);
        }
        return agent;
    }

    @AfterEach
    void stop() {
        if (agent != null) {
            agent.close();
        }
    }

    private void up(int number) {
        agent().create(id(number));
        agent().await(id(number), VmStatus.UP);
    }

    @Test
    void aRunningVmIsEndedUndefinedAndForgotten() {
        up(1);

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();

        assertThat(agent().table.get(id(1))).isEmpty();
        assertThat(hypervisor.running(id(1))).isFalse();
        assertThat(hypervisor.defined(id(1))).isFalse();
        assertThat(agent().told(id(1))).endsWith("UP", "DOWN", "removed");
    }

    @Test
    void anUnknownOneIsNamed() {
        Destroyer.Outcome outcome = agent().destroy(id(7));

        assertThat(outcome.refusal()).contains(Destroyer.Refusal.NO_SUCH_VM);
        assertThat(outcome.message()).contains(id(7).toString());
    }

    @Test
    void anExternalOneIsNotTouched() {
        hypervisor.foreign(id(1), "theirs", State.RUNNING, Xmls.of(id(1), "theirs"));
        agent().await(id(1), VmStatus.UP);

        assertThat(agent().destroy(id(1)).refusal()).contains(Destroyer.Refusal.EXTERNAL);
        assertThat(hypervisor.entered(Op.DESTROY, id(1))).isZero();
    }

    @Test
    void oneThatTheEngineMadeThroughAnotherAgentIsOurs() {
        hypervisor.foreign(id(1), "engines", State.RUNNING, Xmls.engines(id(1), "engines"));
        agent().await(id(1), VmStatus.UP);

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(hypervisor.running(id(1))).isFalse();
    }

    @Test
    void aQueuedOneNeverReachesLibvirt() {
        options.config(1, Duration.ofMinutes(5), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        agent().create(id(2));

        assertThat(agent().destroy(id(2)).refusal()).isEmpty();
        hypervisor.release(Op.START, id(1));
        agent().await(id(1), VmStatus.UP);

        assertThat(agent().table.get(id(2))).isEmpty();
        assertThat(hypervisor.log()).noneMatch(call -> call.endsWith(id(2).toString()));
    }

    @Test
    void oneThatIsBeingLookedUpIsNotStartedAnyMore() {
        hypervisor.on(Op.FIND, id(1)).hangAfterwards();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.FIND, id(1));
        CompletableFuture<Destroyer.Outcome> destroyed =
                agent().creator.destroyer().destroy(id(1));

        hypervisor.release(Op.FIND, id(1));

        assertThat(Agent.now(destroyed).refusal()).isEmpty();
        agent().awaitGone(id(1));
        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        assertThat(hypervisor.starts(id(1))).isZero();
    }

    @Test
    void oneThatIsStartingUpIsEndedAndItsSlotComesBack() {
        options.config(1, Duration.ofMinutes(5), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hangStartingUp();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        CompletableFuture<Destroyer.Outcome> destroyed =
                agent().creator.destroyer().destroy(id(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1));
        hypervisor.release(Op.START, id(1));

        assertThat(Agent.now(destroyed).refusal()).isEmpty();
        assertThat(hypervisor.running(id(1))).isFalse();
        agent().create(id(2));
        agent().await(id(2), VmStatus.UP);
    }

    @Test
    void aHungOneAnswersAndTheGuestThatComesThroughLaterIsEndedAtOnce() {
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(agent().table.get(id(1))).isEmpty();
        hypervisor.release(Op.START, id(1));

        Await.until("the late guest has come", SOON, () -> hypervisor.starts(id(1)) == 1);
        Await.until("the late guest has gone", SOON, () -> !hypervisor.running(id(1)) && !hypervisor.defined(id(1)));
        assertThat(agent().table.get(id(1))).isEmpty();
        assertThat(agent().told(id(1))).endsWith("DOWN", "removed");
    }

    /** libvirt tells of the start before it answers the call: whoever looks first must not take the guest in. */
    @Test
    void theLateGuestIsNotTakenInWhenItsEventComesBeforeTheAnswer() {
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();

        hypervisor.becomes(id(1), State.RUNNING, 1, DomainEvent.STARTED);

        Await.until("the late guest has gone", SOON, () -> !hypervisor.running(id(1)));
        hypervisor.release(Op.START, id(1));
        Await.until("its call returned", SOON, () -> !agent().table.launchPending(id(1)));
        assertThat(agent().table.get(id(1))).isEmpty();
        assertThat(agent().told(id(1))).doesNotContain("UP");
    }

    @Test
    void theUuidIsFreeAgainWhenTheLateGuestIsGone() {
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        agent().destroy(id(1));

        assertThat(agent().create(id(1)).code()).isEqualTo(59);
        int ended = hypervisor.entered(Op.DESTROY, id(1));
        hypervisor.on(Op.DESTROY, id(1)).hang();
        hypervisor.release(Op.START, id(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1), ended + 1); // the late guest runs
        assertThat(agent().create(id(1)).code()).isEqualTo(59);
        hypervisor.release(Op.DESTROY, id(1));

        Await.until("the UUID is accepted", SOON, () -> agent().create(id(1)).isAccepted());
        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isEqualTo(2);
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
    }

    @Test
    void aDestroyDuringAnOutageThatHidAStartStaysTrue() {
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        hypervisor.loseLink(); // libvirtd goes on with the start
        Await.until("its worker gave up", SOON, () -> !agent().table.launchPending(id(1)));
        hypervisor.restoreLink();
        hypervisor.on(Op.UNDEFINE, id(1)).hang(); // what is not defined any more cannot come

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        hypervisor.release(Op.START, id(1));

        Await.until("the late guest has come", SOON, () -> hypervisor.starts(id(1)) == 1);
        hypervisor.release(Op.UNDEFINE, id(1));
        Await.until("the late guest has gone", SOON, () -> !hypervisor.running(id(1)));
        assertThat(agent().table.get(id(1))).isEmpty();
        assertThat(agent().told(id(1))).doesNotContain("UP");
    }

    @Test
    void aDefineThatComesThroughAfterTheDestroyLeavesNothingBehind() {
        hypervisor.on(Op.DEFINE, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();

        hypervisor.release(Op.DEFINE, id(1));

        hypervisor.awaitEntered(Op.UNDEFINE, id(1), 1);
        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        assertThat(hypervisor.starts(id(1))).isZero();
    }

    @Test
    void theUuidIsNotFreeWhileAnOldDefineMayComeThrough() {
        hypervisor.on(Op.DEFINE, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();

        assertThat(agent().create(id(1)).code()).isEqualTo(59);
        hypervisor.release(Op.DEFINE, id(1));

        Await.until("the UUID is accepted", SOON, () -> agent().create(id(1)).isAccepted());
        agent().await(id(1), VmStatus.UP);
    }

    @Test
    void withoutLibvirtdItAnswersInSecondsAndNothingIsForgotten() {
        up(1);
        hypervisor.loseLink();

        Destroyer.Outcome outcome = agent().destroy(id(1));

        assertThat(outcome.refusal()).contains(Destroyer.Refusal.FAILED);
        assertThat(outcome.message()).contains("libvirtd");
        agent().awaitThat(id(1), vm -> !vm.destroying(), "not being destroyed any more");
        hypervisor.restoreLink();
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(hypervisor.running(id(1))).isFalse();
    }

    @Test
    void whoWaitsWhenLibvirtdGoesIsToldThen() {
        up(1);
        hypervisor.on(Op.DESTROY, id(1)).hang();
        CompletableFuture<Destroyer.Outcome> waiting =
                agent().creator.destroyer().destroy(id(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1));

        hypervisor.loseLink();

        assertThat(Agent.now(waiting).refusal()).contains(Destroyer.Refusal.FAILED);
        hypervisor.restoreLink();
        Await.until(
                "its thread gave up",
                SOON,
                () -> !agent().table.get(id(1)).orElseThrow().destroying());
        hypervisor.release(Op.DESTROY, id(1)); // libvirtd goes on with it all the same
        agent().await(id(1), VmStatus.DOWN);
    }

    @Test
    void guestsThatCannotBeEndedHoldNobodyElseUp() {
        for (int i = 1; i <= 20; i++) { // more than the lane has threads
            up(i);
            hypervisor.on(Op.DESTROY, id(i)).fail(Kind.FAILED);
        }
        up(21);
        for (int i = 1; i <= 20; i++) {
            CompletableFuture<Destroyer.Outcome> unkillable =
                    agent().creator.destroyer().destroy(id(i));
            assertThat(unkillable).isNotDone();
        }

        assertThat(agent().destroy(id(21)).refusal()).isEmpty();
    }

    @Test
    void differentVmsAreDestroyedSideBySide() {
        up(1);
        up(2);
        hypervisor.on(Op.DESTROY, id(1)).hang();
        CompletableFuture<Destroyer.Outcome> slow = agent().creator.destroyer().destroy(id(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1));

        assertThat(agent().destroy(id(2)).refusal()).isEmpty();

        assertThat(slow).isNotDone();
        hypervisor.release(Op.DESTROY, id(1));
        assertThat(Agent.now(slow).refusal()).isEmpty();
    }

    @Test
    void aDestroyThatFailsAlthoughTheGuestIsGoneSucceeds() {
        up(1);
        hypervisor.on(Op.DESTROY, id(1)).failAfterwards(Kind.FAILED);

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(agent().table.get(id(1))).isEmpty();
    }

    @Test
    void severalDestroysOfOneVmAllAnswer() {
        up(1);
        hypervisor.on(Op.DESTROY, id(1)).hang();
        List<CompletableFuture<Destroyer.Outcome>> all = new ArrayList<>();
        for (int i = 0; i < VmLane.WAITING_PER_VM + 1; i++) {
            all.add(agent().creator.destroyer().destroy(id(1)));
        }
        hypervisor.awaitEntered(Op.DESTROY, id(1));

        assertThat(Agent.now(all.get(VmLane.WAITING_PER_VM)).refusal()).contains(Destroyer.Refusal.TOO_MANY_WAITING);
        assertThat(agent().table.get(id(1)).orElseThrow().destroying())
                .as("the first one still goes on")
                .isTrue();
        hypervisor.release(Op.DESTROY, id(1));

        for (CompletableFuture<Destroyer.Outcome> one : all.subList(0, VmLane.WAITING_PER_VM)) {
            assertThat(Agent.now(one).refusal()).isEmpty();
        }
    }

    @Test
    void theGuestThatShutItselfDownIsDownAndStaysListedUntilDestroyed() {
        up(1);
        hypervisor.becomes(id(1), State.SHUTOFF, 1, DomainEvent.STOPPED);

        agent().await(id(1), VmStatus.DOWN);
        assertThat(agent().table.get(id(1)).orElseThrow().exit().orElseThrow().error())
                .isFalse();
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        agent().awaitGone(id(1));
    }

    /** A domain that stays stored would block its name for ever. */
    @Test
    void aDomainThatCannotBeDeletedIsDeletedLaterAndTheDestroyAnswersAtOnce() {
        up(1);
        hypervisor.on(Op.UNDEFINE, id(1)).fail(Kind.BUSY).times(3);

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(agent().table.get(id(1))).isEmpty();
        assertThat(agent().create(id(1)).code()).as("its UUID is not free").isEqualTo(59);

        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        assertThat(hypervisor.entered(Op.UNDEFINE, id(1))).isEqualTo(4);
        Await.until("the UUID is accepted", SOON, () -> agent().create(id(1)).isAccepted());
    }

    @Test
    void theNextLifeDeletesWhatThisOneCouldNot() {
        up(1);
        hypervisor.on(Op.UNDEFINE, id(1)).fail(Kind.FAILED);
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        agent().close();
        hypervisor.release(Op.UNDEFINE, id(1));
        assertThat(hypervisor.defined(id(1))).isTrue();

        agent = Agent.start(directory, hypervisor, options);

        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        Await.until("the UUID is accepted", SOON, () -> agent.create(id(1)).isAccepted());
        agent.await(id(1), VmStatus.UP);
        agent.close();
        agent = Agent.start(directory, hypervisor, options); // it has forgotten the first one
        agent.await(id(1), VmStatus.UP);
        assertThat(hypervisor.defined(id(1))).isTrue();
    }

    @Test
    void oneThatCannotBeReadIsLeftUntilItIsKnownWhoseItIs() {
        hypervisor.on(Op.START, id(1)).fail(Kind.FAILED);
        hypervisor.on(Op.XML, id(1)).fail(Kind.BUSY).times(4);
        agent().create(id(1));
        agent().await(id(1), VmStatus.DOWN);

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();

        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
    }

    @Test
    void whatIsLeftIsNotTouchedOnceSomebodyHasStartedIt() {
        up(1);
        hypervisor.on(Op.UNDEFINE, id(1)).fail(Kind.FAILED);
        agent().destroy(id(1));
        hypervisor.becomes(id(1), State.RUNNING, 1, DomainEvent.STARTED);
        agent().await(id(1), VmStatus.UP);
        hypervisor.release(Op.UNDEFINE, id(1));

        agent().close();
        agent = Agent.start(directory, hypervisor, options);

        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.running(id(1)) && hypervisor.defined(id(1))).isTrue();
    }

    /** A look-up changes nothing, so nothing of it can come through late. */
    @Test
    void theUuidIsFreeAtOnceWhenOnlyALookUpWasLost() {
        hypervisor.on(Op.FIND, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.FIND, id(1));
        hypervisor.loseLink();
        Await.until("its worker gave up", SOON, () -> !agent().table.launchPending(id(1)));
        hypervisor.on(Op.FIND, id(1)).fail(Kind.BUSY).times(1); // no connection to spare
        hypervisor.restoreLink();

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();

        assertThat(agent().create(id(1)).isAccepted()).isTrue();
        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    /** The define went through in a libvirtd whose link was lost; nobody knew that when the VM was destroyed. */
    @Test
    void whatAnOutageHidIsDeletedWithTheDestroy() {
        options.config(4, Duration.ofMinutes(5), Duration.ofMinutes(1));
        hypervisor.on(Op.DEFINE, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.DEFINE, id(1));
        hypervisor.loseLink();
        Await.until("its worker gave up", SOON, () -> !agent().table.launchPending(id(1)));
        hypervisor.release(Op.DEFINE, id(1)); // libvirtd goes on with it
        hypervisor.restoreLink();

        assertThat(agent().destroy(id(1)).refusal()).isEmpty();

        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        assertThat(agent().create(id(1)).code())
                .as("an old call may still start it")
                .isEqualTo(59);
    }
}
