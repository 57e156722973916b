package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;
import static org.muster.agent.create.Agent.id;

import com.codahale.metrics.Gauge;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.create.CreateControl.Cancelling;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.rig.Await;

/** The queue as it is seen, cancelling, draining, and what became of creates: also for the next life of the agent. */
class CreateControlTest {
    @TempDir
    private Path directory;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final Agent.Options options = new Agent.Options().config(1, Duration.ofMinutes(5), Duration.ofMinutes(1));
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

    private void restart() {
        agent.close();
        agent = null;
        agent();
    }

    private CreateControl control() {
        return agent().creator.control();
    }

    private BatchAnswer batch(String batchId, int first, int count) throws CreateRefusedException {
        List<BatchRequest.Item> items = IntStream.range(0, count)
                .mapToObj(i -> Agent.item(i, id(first + i)))
                .toList();
        return Agent.now(agent().creator
                .service()
                .createAll(new BatchRequest(batchId, Optional.empty(), items, "h", true, System.nanoTime())));
    }

    private Optional<CreateRecord> create(UUID id) {
        return control().history().stream()
                .filter(create -> create.id().equals(id))
                .findFirst();
    }

    private void awaitState(UUID id, State state) {
        Await.until(
                id + " is " + state + ": " + control().history(),
                Agent.SOON,
                () -> create(id).filter(create -> create.state() == state).isPresent());
    }

    /** The first of them hangs in its only slot, so that all others wait. */
    private void stuck(String batchId, int first, int count) throws CreateRefusedException {
        hypervisor.on(Op.START, id(first)).hang();
        batch(batchId, first, count);
        hypervisor.awaitEntered(Op.START, id(first));
    }

    @Test
    void theQueueTellsWhoWaitsInWhichOrderForWhatAndWhoIsBeingStarted() throws Exception {
        stuck("a", 1, 3);
        batch("b", 10, 1);

        QueueView queue = control().queue();

        assertThat(queue.running()).singleElement().satisfies(running -> {
            assertThat(running.create().id()).isEqualTo(id(1));
            assertThat(running.create().state()).isEqualTo(State.STARTING);
            assertThat(running.ageNanos()).isPositive();
            assertThat(running.hung()).isFalse();
        });
        assertThat(queue.waiting()).extracting(waiting -> waiting.create().id()).containsExactly(id(2), id(10), id(3));
        assertThat(queue.waiting()).extracting(QueueView.Waiting::position).containsExactly(1, 2, 3);
        assertThat(queue.waiting()).allSatisfy(waiting -> {
            assertThat(waiting.create().state()).isEqualTo(State.QUEUED);
            assertThat(waiting.ageNanos()).isPositive();
        });
        assertThat(queue.waiting().get(0).waitsFor()).isEqualTo("all 1 slots are taken");
        assertThat(queue.waiting().get(2).waitsFor())
                .contains("2 are before it")
                .contains("all 1 slots");
        assertThat(queue.capacity()).isEqualTo(100);
        assertThat(queue.unsettled()).isEmpty();
    }

    @Test
    void oneOfWhichNobodyKnowsWhatBecameIsSeenAsUnsettled() throws Exception {
        hypervisor.on(Op.START, id(1)).times(1).loseLink();
        batch("a", 1, 1);

        Await.until(
                "it is unsettled",
                Agent.SOON,
                () -> control().queue().unsettled().stream()
                        .anyMatch(create -> create.id().equals(id(1))));

        hypervisor.restoreLink();
        awaitState(id(1), State.UP);
        assertThat(control().queue().unsettled()).isEmpty();
    }

    @Test
    void cancellingABatchTakesWhatWaitsAndLeavesTheRestAlone() throws Exception {
        stuck("a", 1, 4);
        batch("b", 10, 1);

        Cancelling result = Agent.now(control().cancelBatch("a"));

        assertThat(result.cancelled()).containsExactlyInAnyOrder(id(2), id(3), id(4));
        assertThat(result.kept()).containsOnlyKeys(id(1));
        assertThat(result.kept().get(id(1))).contains("STARTING");
        assertThat(agent().table.get(id(2))).isEmpty();
        assertThat(agent().told(id(2))).containsExactly("WAIT_FOR_LAUNCH", "DOWN", "removed");
        assertThat(create(id(3)).orElseThrow().state()).isEqualTo(State.CANCELLED);
        hypervisor.release(Op.START, id(1));
        agent().await(id(1), VmStatus.UP);
        agent().await(id(10), VmStatus.UP);
        assertThat(hypervisor.entered(Op.DEFINE, id(2))).isZero();
    }

    @Test
    void aCancelledVmIsNotStartedByTheNextLifeEither() throws Exception {
        stuck("a", 1, 2);
        Agent.now(control().cancel(List.of(id(2))));

        restart();

        hypervisor.release(Op.START, id(1));
        agent().await(id(1), VmStatus.UP);
        assertThat(agent().table.get(id(2))).isEmpty();
        assertThat(hypervisor.entered(Op.DEFINE, id(2))).isZero();
        assertThat(create(id(2)).orElseThrow().state()).isEqualTo(State.CANCELLED);
    }

    @Test
    void oneThatIsToBeStartedOnceMoreIsCancelledToo() throws Exception {
        stuck("a", 1, 3);
        hypervisor.on(Op.START, id(2)).hang(); // whichever comes back first has the slot
        hypervisor.on(Op.START, id(3)).hang();
        restart();
        Await.until(
                "one waits again behind the other",
                Agent.SOON,
                () -> control().queue().running().size() == 1 && agent().creator.waiting() == 1);
        UUID waiting = control().queue().waiting().get(0).create().id();

        Cancelling result = Agent.now(control().cancel(List.of(waiting)));

        assertThat(result.cancelled()).containsExactly(waiting);
        assertThat(create(waiting).orElseThrow().state()).isEqualTo(State.CANCELLED);
        assertThat(hypervisor.entered(Op.DEFINE, waiting)).isZero();
        for (int i = 1; i <= 3; i++) {
            hypervisor.release(Op.START, id(i));
        }
    }

    @Test
    void cancellingSingleVmsSaysOfTheOthersWhyNot() throws Exception {
        stuck("a", 1, 2);

        Cancelling result = Agent.now(control().cancel(List.of(id(2), id(1), id(77), id(2))));

        assertThat(result.cancelled()).containsExactly(id(2));
        assertThat(result.kept().get(id(77))).contains("no create of it is known");
        assertThatThrownBy(() -> control().cancelBatch("nobody's"))
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(91))
                .hasMessageContaining("nobody's");
    }

    @Test
    void aBatchIsCancelledThoughItsAnswerIsNotKeptAnyMore() throws Exception {
        stuck("a", 1, 3);
        List<BatchRequest.Item> bad = IntStream.range(0, 20_000)
                .mapToObj(i -> Requests.item(Optional.empty(), Optional.empty(), Map.of()))
                .toList();
        Agent.now(agent().creator
                .service()
                .createAll(new BatchRequest("many verdicts", Optional.empty(), bad, "h", true, System.nanoTime())));
        assertThatThrownBy(() -> batch("a", 1, 3)).hasMessageContaining("its answer is not kept any more");

        Cancelling result = Agent.now(control().cancelBatch("a"));

        assertThat(result.cancelled()).containsExactlyInAnyOrder(id(2), id(3));
        assertThat(result.kept()).containsOnlyKeys(id(1));
        hypervisor.release(Op.START, id(1));
        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.DEFINE, id(2))).isZero();
        assertThatThrownBy(() -> control().cancelBatch("a"))
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(91))
                .hasMessageContaining("nothing of it waits");
    }

    @Test
    void theUuidAndNameOfACancelledVmAreFree() throws Exception {
        stuck("a", 1, 2);
        Agent.now(control().cancel(List.of(id(2))));

        assertThat(batch("b", 2, 1).items().get(0).isAccepted()).isTrue();

        hypervisor.release(Op.START, id(1));
        agent().await(id(2), VmStatus.UP);
    }

    @Test
    void aDrainingHostRefusesWithTheReasonAndStartsWhatItHadAccepted() throws Exception {
        stuck("a", 1, 2);

        Agent.now(control().drain(true, "new memory at noon"));
        BatchAnswer refused = batch("b", 10, 1);
        BatchAnswer.Verdict single = agent().create(id(11));

        assertThat(refused.items().get(0).code()).isEqualTo(9);
        assertThat(refused.items().get(0).reason()).contains("draining").contains("new memory at noon");
        assertThat(single.code()).isEqualTo(9);
        assertThat(agent().table.get(id(10))).isEmpty();
        assertThat(control().queue().draining()).isTrue();
        assertThat(control().queue().drainReason()).isEqualTo("new memory at noon");
        hypervisor.release(Op.START, id(1));
        agent().await(id(2), VmStatus.UP);
        Agent.now(control().drain(false, ""));
        assertThat(batch("c", 10, 1).items().get(0).isAccepted()).isTrue();
    }

    @Test
    void aDrainingHostSaysWhatElseIsWrongToo() throws Exception {
        Agent.now(control().drain(true, "new memory at noon"));

        BatchAnswer.Verdict refused = Agent.now(agent().creator
                        .service()
                        .createAll(new BatchRequest(
                                "a",
                                Optional.empty(),
                                List.of(Requests.item(Optional.empty(), Optional.of("<domain"), Map.of())),
                                "h",
                                true,
                                System.nanoTime())))
                .items()
                .get(0);

        assertThat(refused.code()).isEqualTo(100);
        assertThat(refused.reason()).contains("not well-formed").contains("new memory at noon");
    }

    @Test
    void aKnownBatchIsAnsweredByADrainingHostToo() throws Exception {
        BatchAnswer first = batch("a", 1, 1);
        Agent.now(control().drain(true, ""));

        BatchAnswer again = batch("a", 1, 1);

        assertThat(again.replayed()).isTrue();
        assertThat(again.items()).isEqualTo(first.items());
    }

    @Test
    void drainingSurvivesARestartAndEndsWhenSomebodySaysSo() throws Exception {
        Agent.now(control().drain(true, "broken fan"));
        restart();
        assertThat(batch("a", 1, 1).items().get(0).reason()).contains("broken fan");

        Agent.now(control().drain(false, ""));
        restart();

        assertThat(batch("b", 1, 1).items().get(0).isAccepted()).isTrue();
    }

    @Test
    void aDrainThatCannotBeWrittenDownIsInForceAllTheSameAndSaysSo() {
        agent().closeJournal();

        assertThat(control().drain(true, "")).failsWithin(Agent.SOON);

        assertThat(control().queue().draining()).isTrue();
    }

    @Test
    void theHistoryHasEveryEndWithItsPhasesAndTheyAddUp() throws Exception {
        hypervisor.on(Op.START, id(2)).fail(Kind.FAILED);
        long clicked = System.currentTimeMillis() - 5000;
        BatchRequest.Item item = new BatchRequest.Item(
                0,
                Optional.empty(),
                Optional.of(Xmls.of(id(1), "one")),
                Map.of(),
                CreateClass.HA,
                7,
                Optional.empty(),
                clicked,
                List.of(),
                0);
        Agent.now(agent().creator
                .service()
                .createAll(new BatchRequest(
                        "a", Optional.empty(), List.of(item, Agent.item(1, id(2))), "h", true, System.nanoTime())));
        awaitState(id(1), State.UP);
        awaitState(id(2), State.FAILED);

        CreateRecord up = create(id(1)).orElseThrow();
        Map<Phase, Long> phases = up.phaseNanos();
        long sum = List.of(
                        Phase.VALIDATE, Phase.JOURNAL, Phase.QUEUE_WAIT, Phase.PREPARE, Phase.TO_RUNNING, Phase.PUBLISH)
                .stream()
                .mapToLong(phases::get)
                .sum();
        assertThat(sum).isEqualTo(phases.get(Phase.TOTAL)).isPositive();
        assertThat(phases.get(Phase.USER_TOTAL))
                .isCloseTo(phases.get(Phase.TOTAL) + 6_000_000_000L, within(1_000_000_000L));
        assertThat(up.createClass()).isEqualTo(CreateClass.HA);
        assertThat(up.priority()).isEqualTo(7);
        assertThat(up.batchId()).isEqualTo("a");
        assertThat(up.requestedAtMillis()).isEqualTo(clicked);
        assertThat(up.attempts()).isEqualTo(1);
        assertThat(up.endedAtMillis()).isCloseTo(System.currentTimeMillis(), within(5000L));
        CreateRecord failed = create(id(2)).orElseThrow();
        assertThat(failed.reason()).contains("told to fail");
        assertThat(failed.exitReason()).isEqualTo(1);
        assertThat(failed.phaseNanos()).containsKeys(Phase.QUEUE_WAIT).doesNotContainKey(Phase.TOTAL);
    }

    @Test
    void aCreateThatFailsIsCountedAndNoneThatIsCancelledOrDestroyed() throws Exception {
        hypervisor.on(Op.START, id(1)).fail(Kind.FAILED);
        batch("a", 1, 1);
        Await.until("it is counted", Agent.SOON, () -> agent().failed() == 1);

        stuck("b", 2, 4);
        Agent.now(control().cancel(List.of(id(3))));
        agent().destroy(id(4));
        hypervisor.release(Op.START, id(2));
        awaitState(id(5), State.UP);
        agent().destroy(id(5));

        assertThat(agent().failed()).isEqualTo(1);
    }

    @Test
    void theLimitInForceIsAMetric() {
        Gauge<?> limit = agent().metrics.getGauges().get("create.limit");
        assertThat(limit.getValue()).isEqualTo(1);

        control().setConcurrency(new Concurrency.Auto(), "test");
        assertThat(limit.getValue()).isEqualTo(8); // what it begins with on four CPUs
        control().setConcurrency(new Concurrency.Unlimited(), "test");
        assertThat(limit.getValue()).isNull();
    }

    @Test
    void aClickOfLongAgoIsNone() throws Exception {
        long day = Duration.ofDays(1).toMillis();
        long now = System.currentTimeMillis();
        Agent.now(agent().creator
                .service()
                .createAll(new BatchRequest(
                        "a",
                        Optional.empty(),
                        List.of(
                                clicked(1, 1),
                                clicked(2, now / 1000), // in seconds
                                clicked(3, now - day - 60_000),
                                clicked(4, now - day + 60_000)),
                        "h",
                        true,
                        System.nanoTime())));
        awaitState(id(4), State.UP);

        for (int i = 1; i <= 3; i++) {
            assertThat(create(id(i)).orElseThrow().phaseNanos())
                    .as("create %s", i)
                    .containsKey(Phase.TOTAL)
                    .doesNotContainKey(Phase.USER_TOTAL);
        }
        assertThat(create(id(4)).orElseThrow().phaseNanos().get(Phase.USER_TOTAL))
                .isCloseTo(
                        Duration.ofMillis(day).toNanos(),
                        within(Duration.ofMinutes(2).toNanos()));
    }

    private static BatchRequest.Item clicked(int number, long atMillis) {
        return new BatchRequest.Item(
                number,
                Optional.empty(),
                Optional.of(Xmls.of(id(number), "vm " + number)),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty(),
                atMillis,
                List.of(),
                0);
    }

    @Test
    void aClickInTheFutureCountsAsNow() throws Exception {
        BatchRequest.Item item = new BatchRequest.Item(
                0,
                Optional.empty(),
                Optional.of(Xmls.of(id(1), "one")),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty(),
                System.currentTimeMillis() + 3_600_000,
                List.of(),
                0);
        Agent.now(agent().creator
                .service()
                .createAll(new BatchRequest("a", Optional.empty(), List.of(item), "h", true, System.nanoTime())));
        awaitState(id(1), State.UP);

        Map<Phase, Long> phases = create(id(1)).orElseThrow().phaseNanos();

        assertThat(phases.get(Phase.USER_TOTAL)).isEqualTo(phases.get(Phase.TOTAL));
    }

    @Test
    void theNextLifeKnowsWhatBecameOfEveryCreateAlsoOfThoseThatAreGone() throws Exception {
        hypervisor.on(Op.START, id(2)).fail(Kind.FAILED);
        batch("a", 1, 3);
        awaitState(id(1), State.UP);
        awaitState(id(2), State.FAILED);
        awaitState(id(3), State.UP);
        agent().destroy(id(3));
        List<CreateRecord> before = control().history();

        restart();

        assertThat(control().history())
                .extracting(CreateRecord::id, CreateRecord::state, CreateRecord::batchId, CreateRecord::reason)
                .containsExactlyElementsOf(before.stream()
                        .map(create -> tuple(create.id(), create.state(), create.batchId(), create.reason()))
                        .toList());
        assertThat(create(id(1)).orElseThrow().phaseNanos()).containsKeys(Phase.TOTAL, Phase.QUEUE_WAIT);
    }

    @Test
    void oneThatWasStillWaitingEndsInTheNextLifeAndIsKnownThere() throws Exception {
        stuck("a", 1, 2);

        restart();

        assertThat(create(id(2)).orElseThrow().state()).isIn(State.UNSETTLED, State.QUEUED);
        hypervisor.release(Op.START, id(1));
        awaitState(id(2), State.UP);
        assertThat(create(id(2)).orElseThrow().batchId()).isEqualTo("a");
        assertThat(create(id(2)).orElseThrow().acceptedAtMillis()).isCloseTo(System.currentTimeMillis(), within(9000L));
    }

    @Test
    void whatWaitedOverARestartIsTimedFromItsAcceptanceAndFromTheClick() throws Exception {
        long clicked = System.currentTimeMillis() - 5000;
        hypervisor.on(Op.START, id(1)).hang();
        Agent.now(agent().creator
                .service()
                .createAll(new BatchRequest(
                        "a",
                        Optional.empty(),
                        List.of(clicked(1, clicked), clicked(2, clicked)),
                        "h",
                        true,
                        System.nanoTime())));
        hypervisor.awaitEntered(Op.START, id(1));
        long accepted = System.nanoTime();

        restart();

        long restarted = System.nanoTime();
        hypervisor.release(Op.START, id(1));
        awaitState(id(1), State.UP);
        awaitState(id(2), State.UP);
        Map<Phase, Long> phases = create(id(2)).orElseThrow().phaseNanos();
        assertThat(phases.get(Phase.TOTAL))
                .isGreaterThan(restarted - accepted)
                .isEqualTo(List.of(Phase.QUEUE_WAIT, Phase.PREPARE, Phase.TO_RUNNING, Phase.PUBLISH).stream()
                        .mapToLong(phases::get)
                        .sum());
        assertThat(phases.get(Phase.USER_TOTAL)).isGreaterThan(phases.get(Phase.TOTAL) + 4_900_000_000L);
        assertThat(create(id(1)).orElseThrow().phaseNanos()).containsKeys(Phase.TOTAL, Phase.USER_TOTAL);
        assertThat(control().span("a").started()).isEqualTo(2);
        assertThat(control().span("a").makespanNanos()).isGreaterThan(restarted - accepted);
        assertThat(control().stats("a").timed()).as("with every phase").isZero();
    }

    @Test
    void aDestroyBeforeItIsUpIsToldApartFromAFailure() throws Exception {
        stuck("a", 1, 2);

        agent().destroy(id(2));

        assertThat(create(id(2)).orElseThrow().state()).isEqualTo(State.DESTROYED);
        hypervisor.release(Op.START, id(1));
    }

    @Test
    void whatWasRefusedOfABatchCanBeAskedForLater() throws Exception {
        stuck("a", 1, 1);
        BatchAnswer answer = batch("b", 1, 2);

        restart();

        assertThat(control().refused("b")).isEqualTo(List.of(answer.items().get(0)));
        assertThat(control().refused("unknown")).isEmpty();
        hypervisor.release(Op.START, id(1));
    }
}
