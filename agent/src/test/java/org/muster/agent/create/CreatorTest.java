package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.Agent.SOON;
import static org.muster.agent.create.Agent.id;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** Creates from accepted to started, with everything that can go wrong on the way. */
class CreatorTest {
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

    @Test
    void aCreateGoesThroughItsStatesInOrder() {
        assertThat(agent().create(id(1)).isAccepted()).isTrue();

        agent().await(id(1), VmStatus.UP);

        assertThat(agent().told(id(1))).containsExactly("WAIT_FOR_LAUNCH", "POWERING_UP", "UP");
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
        assertThat(hypervisor.storedXml(id(1))).contains("urn:muster:vm:1");
    }

    /** Told first, an agent killed in between would start in its next life what it had reported Down. */
    @Test
    void whatWasNotStartedIsWrittenDownBeforeItIsTold() {
        List<String> onDisk = new CopyOnWriteArrayList<>();
        hypervisor.on(Op.START, id(1)).fail(Kind.FAILED);
        agent().table.listen(new VmListener() {
            @Override
            public void changed(Vm before, Vm after) {
                if (after.status() == VmStatus.DOWN) {
                    try {
                        onDisk.add(Files.readString(directory.resolve("journal")));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            }

            @Override
            public void removed(Vm last) {}
        });
        agent().create(id(1));
        agent().await(id(1), VmStatus.DOWN);
        Await.until("it was told", SOON, () -> !onDisk.isEmpty()); // a moment after it can be seen in the table

        assertThat(onDisk)
                .singleElement()
                .asString()
                .containsIgnoringCase("\"down\"")
                .contains("told to fail");
    }

    @Test
    void oneThatAnOlderCallIsStartingIsNotTakenInAsRunning() {
        hypervisor.foreign(id(1), Agent.name(id(1)), State.SHUTOFF, Xmls.engines(id(1), Agent.name(id(1))));
        agent(); // it has seen that it does not run
        hypervisor.silent(true);
        hypervisor.becomes(id(1), State.PAUSED, 11, DomainEvent.STARTED); // virDomainPausedReason STARTING_UP
        agent().create(id(1));
        agent().await(id(1), VmStatus.POWERING_UP);
        hypervisor.awaitEntered(Op.FIND, id(1), 3);
        assertThat(agent().told(id(1))).doesNotContain("UP", "PAUSED", "DOWN");

        hypervisor.becomes(id(1), State.RUNNING, 1, DomainEvent.RESUMED);

        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isZero();
    }

    @Test
    void theAnswerComesWhileTheStartHangs() {
        hypervisor.on(Op.START, id(1)).hang();

        assertThat(agent().create(id(1)).queuePosition()).isEqualTo(1);
        hypervisor.awaitEntered(Op.START, id(1));

        assertThat(agent().table.get(id(1)).orElseThrow().status()).isEqualTo(VmStatus.POWERING_UP);
        hypervisor.release(Op.START, id(1));
        agent().await(id(1), VmStatus.UP);
    }

    /** Else the queue would keep it, and mistake the next create of its UUID for it. */
    @Test
    void oneThatIsDestroyedWhileItIsWrittenDownLeavesNothingInTheQueue() {
        options.config(1, Duration.ofMinutes(5), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        for (int i = 2; i < 12; i++) {
            CompletableFuture<BatchAnswer.Verdict> create =
                    agent().creator.service().create(Agent.item(0, id(i)), "first " + i, true, System.nanoTime());
            assertThat(agent().destroy(id(i)).refusal()).isEmpty();
            assertThat(Agent.now(create).isAccepted()).isTrue();
        }
        assertThat(agent().creator.waiting()).isZero();

        for (int i = 2; i < 12; i++) {
            assertThat(agent().create(id(i)).isAccepted()).isTrue();
        }
        assertThat(agent().creator.waiting()).isEqualTo(10);
        hypervisor.release(Op.START, id(1));
        for (int i = 1; i < 12; i++) {
            agent().await(id(i), VmStatus.UP);
            assertThat(hypervisor.starts(id(i))).isEqualTo(1);
        }
    }

    @Test
    void aHungCreateKeepsOnlyItsOwnSlot() {
        options.config(2, Duration.ofMinutes(5), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));

        for (int i = 2; i < 12; i++) {
            agent().create(id(i));
        }

        for (int i = 2; i < 12; i++) {
            agent().await(id(i), VmStatus.UP);
        }
        assertThat(hypervisor.mostStartsAtOnce()).isLessThanOrEqualTo(2);
        hypervisor.release(Op.START, id(1));
        agent().await(id(1), VmStatus.UP);
    }

    @Test
    void noMoreRunAtOnceThanTheLimitSays() {
        options.config(3, Duration.ofMinutes(5), Duration.ofMinutes(1));
        for (int i = 0; i < 12; i++) {
            hypervisor.on(Op.START, id(i)).hang();
        }
        for (int i = 0; i < 12; i++) {
            agent().create(id(i));
        }
        for (int i = 0; i < 3; i++) { // all of them at once, before any may end
            hypervisor.awaitEntered(Op.START, id(i));
        }
        for (int i = 0; i < 12; i++) {
            hypervisor.awaitEntered(Op.START, id(i));
            hypervisor.release(Op.START, id(i));
        }
        for (int i = 0; i < 12; i++) {
            agent().await(id(i), VmStatus.UP);
        }

        assertThat(hypervisor.mostStartsAtOnce()).isEqualTo(3);
    }

    @Test
    void aRaisedLimitTakesEffectAtOnceEvenBeyondTheFirstWorkers() {
        options.config(1, Duration.ofMinutes(5), Duration.ofMinutes(1));
        agent();
        for (int i = 0; i < 30; i++) {
            hypervisor.on(Op.START, id(i)).hang();
            agent().create(id(i));
        }
        hypervisor.awaitEntered(Op.START, id(0));

        agent().creator
                .reconfigure(
                        new CreateConfig(new Concurrency.Fixed(30), 100, Duration.ofMinutes(5), Duration.ofMinutes(1)));

        for (int i = 0; i < 30; i++) {
            hypervisor.awaitEntered(Op.START, id(i));
        }
        for (int i = 0; i < 30; i++) {
            hypervisor.release(Op.START, id(i));
            agent().await(id(i), VmStatus.UP);
        }
    }

    @Test
    void aFailedCreateIsDownWithItsReasonUntilDestroyed() {
        hypervisor.on(Op.START, id(1)).fail(Kind.FAILED);
        agent().create(id(1));

        agent().await(id(1), VmStatus.DOWN);

        assertThat(agent().table.get(id(1)).orElseThrow().exit()).hasValueSatisfying(exit -> {
            assertThat(exit.error()).isTrue();
            assertThat(exit.message()).contains("START").contains("told to fail");
        });
        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(agent().table.get(id(1))).isEmpty();
        assertThat(agent().told(id(1))).endsWith("DOWN", "removed");
    }

    @Test
    void aCreateThatFailsLateIsDownLate() {
        hypervisor.on(Op.START, id(1)).hang().fail(Kind.FAILED);
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));

        assertThat(agent().table.get(id(1)).orElseThrow().status()).isEqualTo(VmStatus.POWERING_UP);
        hypervisor.release(Op.START, id(1));

        agent().await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.running(id(1))).isFalse();
    }

    @Test
    void aStartThatFailsAlthoughTheGuestRunsIsUp() {
        hypervisor.on(Op.START, id(1)).failAfterwards(Kind.FAILED);
        agent().create(id(1));

        agent().await(id(1), VmStatus.UP);

        assertThat(agent().told(id(1))).doesNotContain("DOWN");
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void aFaultOfTheBindingIsAFailureAndNotAStateForEver() {
        hypervisor.on(Op.START, id(1)).crash(new IllegalStateException("a bug"));
        agent().create(id(1));

        agent().await(id(1), VmStatus.DOWN);

        hypervisor.release(Op.START, id(1));
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(agent().create(id(1)).isAccepted()).isTrue();
        agent().await(id(1), VmStatus.UP);
    }

    @Test
    void aRunningDomainOfThatUuidIsLeftAlone() {
        hypervisor.on(Op.LIST, null).fail(Kind.BUSY); // so that the table does not know it
        String theirs = Xmls.engines(id(1), "theirs");
        hypervisor.foreign(id(1), "theirs", State.RUNNING, theirs);

        assertThat(agent().create(id(1)).isAccepted()).isTrue();

        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.storedXml(id(1))).isEqualTo(theirs);
        assertThat(hypervisor.starts(id(1))).isZero();
        assertThat(hypervisor.entered(Op.DEFINE, id(1))).isZero();
    }

    @Test
    void aRunningDomainThatIsNotOursStaysExternal() {
        hypervisor.on(Op.LIST, null).fail(Kind.BUSY);
        hypervisor.foreign(id(1), "theirs", State.RUNNING, Xmls.of(id(1), "theirs"));

        assertThat(agent().create(id(1)).isAccepted()).isTrue();

        agent().awaitThat(id(1), vm -> vm.status() == VmStatus.UP && vm.external(), "external");
        assertThat(agent().destroy(id(1)).refusal()).contains(Destroyer.Refusal.EXTERNAL);
        assertThat(hypervisor.running(id(1))).isTrue();
    }

    @Test
    void whatSomebodyElseHasStoredIsNeitherReplacedNorDeleted() {
        String theirs = Xmls.of(id(1), "theirs");
        hypervisor.foreign(id(1), "theirs", State.SHUTOFF, theirs);

        assertThat(agent().create(id(1)).isAccepted()).isTrue();

        agent().await(id(1), VmStatus.DOWN);
        assertThat(agent().destroy(id(1)).refusal()).isEmpty();
        assertThat(hypervisor.storedXml(id(1))).isEqualTo(theirs);
        assertThat(hypervisor.defined(id(1))).isTrue();
        assertThat(hypervisor.starts(id(1))).isZero();
    }

    @Test
    void aNameOfAForeignDomainIsRefusedAndTheForeignOneUntouched() {
        hypervisor.foreign(id(9), Agent.name(id(1)), State.RUNNING, Xmls.of(id(9), Agent.name(id(1))));
        agent();
        Await.until(
                "the foreign one is known", SOON, () -> agent().table.get(id(9)).isPresent());

        BatchAnswer.Verdict verdict = agent().create(id(1));

        assertThat(verdict.code()).isEqualTo(9);
        assertThat(hypervisor.running(id(9))).isTrue();
    }

    @Test
    void aNameOfAForeignDomainThatIsOffMakesTheCreateDown() {
        hypervisor.foreign(id(9), Agent.name(id(1)), State.SHUTOFF, Xmls.of(id(9), Agent.name(id(1))));

        agent().create(id(1));

        agent().await(id(1), VmStatus.DOWN);
        assertThat(agent().table.get(id(1)).orElseThrow().exit().orElseThrow().message())
                .contains("belongs to domain " + id(9));
        assertThat(hypervisor.entered(Op.DEFINE, id(1))).isZero();
        assertThat(hypervisor.defined(id(9))).isTrue();
    }

    @Test
    void afterTheStartTimeoutTheGuestIsEndedAndItsDownTellsWhy() {
        options.config(2, Duration.ofMillis(400), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hangStartingUp();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1));

        assertThat(agent().table.get(id(1)).orElseThrow().status())
                .as("not Down while the call may still start it")
                .isEqualTo(VmStatus.POWERING_UP);
        assertThat(agent().table.get(id(1)).orElseThrow().statusReason()).contains("create.start-timeout");
        hypervisor.release(Op.START, id(1));

        agent().await(id(1), VmStatus.DOWN);
        assertThat(agent().table.get(id(1)).orElseThrow().exit().orElseThrow().message())
                .contains("create.start-timeout");
    }

    @Test
    void aStartThatComesThroughAfterItsTimeoutIsEndedToo() {
        options.config(2, Duration.ofMillis(400), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.DESTROY, id(1)); // there was nothing to end yet
        Await.until("it was looked at", SOON, () -> hypervisor.entered(Op.FIND, id(1)) >= 2);

        hypervisor.release(Op.START, id(1));

        agent().await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.running(id(1))).isFalse();
        assertThat(agent().told(id(1)))
                .containsSubsequence("POWERING_UP", "DOWN")
                .doesNotContain("UP");
    }

    @Test
    void oneThatWasGivenUpIsEndedAgainAndAgainUntilItsCallIsOver() {
        options.config(2, Duration.ofMillis(400), Duration.ofMinutes(1));
        hypervisor.on(Op.START, id(1)).hang(); // its guest comes only after the first destroys found none
        agent().create(id(1));

        hypervisor.awaitEntered(Op.DESTROY, id(1), 2);
        assertThat(agent().told(id(1))).doesNotContain("DOWN");
        hypervisor.release(Op.START, id(1));

        agent().await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.running(id(1))).isFalse();
    }

    @Test
    void aDefineThatOutlastsTheStartTimeoutIsNotFollowedByAStart() {
        options.config(2, Duration.ofMillis(400), Duration.ofMinutes(1));
        hypervisor.on(Op.DEFINE, id(1)).hang();
        agent().create(id(1));

        agent().await(id(1), VmStatus.DOWN); // a define starts nothing, so that is certain at once
        hypervisor.release(Op.DEFINE, id(1));

        hypervisor.awaitEntered(Op.UNDEFINE, id(1), 1);
        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        assertThat(agent().table.get(id(1)).orElseThrow().exit().orElseThrow().message())
                .contains("create.start-timeout");
        assertThat(hypervisor.starts(id(1))).isZero();
    }

    @Test
    void aLinkLostDuringTheDefineIsSettledAfterwardsWithOneStart() {
        hypervisor.on(Op.DEFINE, id(1)).loseLinkAfterwards().times(1);
        agent().create(id(1));
        Await.until("the link is lost", SOON, () -> !hypervisor.connected());

        hypervisor.restoreLink();

        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void aLinkLostWhenTheGuestHadStartedNeverStartsItTwice() {
        hypervisor.on(Op.START, id(1)).loseLinkAfterwards().times(1);
        agent().create(id(1));
        Await.until("the link is lost", SOON, () -> !hypervisor.connected());
        assertThat(agent().told(id(1))).doesNotContain("DOWN");

        hypervisor.restoreLink();

        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(1);
    }

    @Test
    void aGuestThatRanAndEndedWhileTheLinkWasLostIsNotStartedAgain() {
        for (int i = 1; i <= 3; i++) {
            hypervisor.on(Op.START, id(i)).hang();
            agent().create(id(i));
        }
        for (int i = 1; i <= 3; i++) {
            hypervisor.awaitEntered(Op.START, id(i));
        }
        hypervisor.loseLink();
        for (int i = 1; i <= 3; i++) {
            UUID id = id(i);
            Await.until("its worker gave up", SOON, () -> !agent().table.launchPending(id));
            hypervisor.release(Op.START, id); // libvirtd goes on with it
            Await.until("it runs", SOON, () -> hypervisor.running(id));
        }
        hypervisor.becomes(id(1), State.SHUTOFF, 1, DomainEvent.STOPPED); // SHUTDOWN
        hypervisor.becomes(id(2), State.SHUTOFF, 3, DomainEvent.STOPPED); // CRASHED
        hypervisor.becomes(id(3), State.SHUTOFF, 6, DomainEvent.STOPPED); // FAILED: its start, at the very end

        hypervisor.restoreLink();

        agent().await(id(1), VmStatus.DOWN);
        agent().await(id(2), VmStatus.DOWN);
        agent().await(id(3), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(1);
        assertThat(hypervisor.entered(Op.START, id(2))).isEqualTo(1);
        assertThat(agent().table.get(id(1)).orElseThrow().exit()).contains(ExitInfo.of(ShutoffReason.SHUTDOWN));
        assertThat(agent().table.get(id(2)).orElseThrow().exit()).contains(ExitInfo.of(ShutoffReason.CRASHED));
    }

    /** As a libvirtd does that was killed in the middle of a start, and started again. */
    @Test
    void aGuestThatANewLibvirtdEndedBecauseItWasNotFullyStartedIsStartedOnceMore() {
        hypervisor.on(Op.START, id(1)).hangStartingUp().times(1);
        agent().create(id(1));
        Await.until(
                "QEMU is there",
                SOON,
                () -> hypervisor.find(id(1)).filter(DomainRecord::startingUp).isPresent());
        hypervisor.loseLink();
        hypervisor.becomes(id(1), State.SHUTOFF, ShutoffReason.DAEMON.ordinal(), DomainEvent.STOPPED);

        hypervisor.restoreLink();

        agent().await(id(1), VmStatus.UP);
        assertThat(agent().told(id(1))).doesNotContain("DOWN");
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(2);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void anOldStartThatGoesOnInLibvirtdIsSeenByTheSecondLook() {
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1));
        hypervisor.awaitEntered(Op.START, id(1));
        int looks = hypervisor.entered(Op.FIND, id(1));
        hypervisor.loseLink();
        Await.until("its worker gave up", SOON, () -> !agent().table.launchPending(id(1)));
        hypervisor.restoreLink();
        hypervisor.awaitEntered(Op.FIND, id(1), looks + 1);

        hypervisor.release(Op.START, id(1)); // libvirtd gets on with it after the first look

        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(1);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void aCreateIsResumedOnlyOnceWhenTheLinkIsLostAgain() {
        hypervisor.on(Op.START, id(1)).loseLink();
        agent().create(id(1));
        Await.until("the link is lost", SOON, () -> !hypervisor.connected());
        hypervisor.restoreLink();
        hypervisor.awaitEntered(Op.START, id(1), 2);
        Await.until("the link is lost again", SOON, () -> !hypervisor.connected());
        hypervisor.restoreLink();

        agent().await(id(1), VmStatus.DOWN);
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(2);
        assertThat(hypervisor.starts(id(1))).isZero();
    }

    @Test
    void anOutageLongerThanResumeWithinRefusesWhatWaits() {
        options.config(1, Duration.ofMinutes(5), Duration.ofMillis(300));
        agent();
        hypervisor.loseLink();
        agent().create(id(1), false);

        agent().await(id(1), VmStatus.DOWN);
        hypervisor.restoreLink();

        assertThat(agent().table.get(id(1)).orElseThrow().exit().orElseThrow().message())
                .contains("libvirtd has not been reachable");
        assertThat(hypervisor.starts(id(1))).isZero();
    }

    @Test
    void withNobodyConnectedRemoteCreatesAreRefusedAndLocalOnesAreNot() {
        options.present(false).config(1, Duration.ofMinutes(5), Duration.ofMillis(500));
        agent();
        hypervisor.on(Op.START, id(1)).hang();
        agent().create(id(1), false);
        hypervisor.awaitEntered(Op.START, id(1)); // the only slot is taken
        agent().create(id(2), true);
        agent().create(id(3), false);

        agent().await(id(2), VmStatus.DOWN);
        hypervisor.release(Op.START, id(1));

        agent().await(id(3), VmStatus.UP);
        assertThat(agent().table.get(id(2)).orElseThrow().exit().orElseThrow().message())
                .as("how long it was waited, which is no less than an engine's two polls")
                .contains("for 30 s")
                .contains("nobody");
        assertThat(hypervisor.starts(id(2))).isZero();
        Await.until("it counts as failed", SOON, () -> agent().failed() == 1);
    }

    @Test
    void manyAtOnceEndInExactlyOneStateEach() {
        options.config(8, Duration.ofMinutes(5), Duration.ofMinutes(1));
        List<UUID> ids = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            ids.add(id(i));
            if (i % 3 == 0) {
                hypervisor.on(Op.START, id(i)).fail(Kind.FAILED);
            }
        }
        agent();
        ids.stream()
                .map(id -> CompletableFuture.supplyAsync(() -> agent().create(id)))
                .toList()
                .forEach(CompletableFuture::join);

        for (int i = 0; i < 60; i++) {
            agent().await(id(i), i % 3 == 0 ? VmStatus.DOWN : VmStatus.UP);
            assertThat(hypervisor.running(id(i))).isEqualTo(i % 3 != 0);
        }
    }

    @Test
    void whatAFailedCreateLeftIsDeletedUntilItIsGoneAlsoByTheNextLife() {
        hypervisor.on(Op.START, id(1)).fail(Kind.FAILED);
        hypervisor.on(Op.UNDEFINE, id(1)).fail(Kind.BUSY);
        agent().create(id(1));
        agent().await(id(1), VmStatus.DOWN);
        hypervisor.awaitEntered(Op.UNDEFINE, id(1), 2);
        agent().close();
        hypervisor.release(Op.UNDEFINE, id(1));

        agent = Agent.start(directory, hypervisor, options);

        Await.until("nothing stays defined", SOON, () -> !hypervisor.defined(id(1)));
        assertThat(agent().table.get(id(1)).orElseThrow().status()).isEqualTo(VmStatus.DOWN);
    }
}
