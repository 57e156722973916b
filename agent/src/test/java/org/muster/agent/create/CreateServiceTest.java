package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.muster.agent.create.Agent.SOON;
import static org.muster.agent.create.Agent.id;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.journal.FullDisk;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.agent.journal.JournalState;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.rig.Await;

/** What is accepted, what is refused, and what a repetition gets. */
class CreateServiceTest {
    private static final String TEMPLATE = "<domain><name>${name}</name><title>${title}</title></domain>";

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

    private static BatchRequest batch(String batchId, String hash, BatchRequest.Item... items) {
        return new BatchRequest(batchId, Optional.empty(), List.of(items), hash, true, System.nanoTime());
    }

    private BatchAnswer answer(BatchRequest request) throws CreateRefusedException {
        return Agent.now(agent().creator.service().createAll(request));
    }

    @Test
    void theSameBatchAgainGetsTheSameAnswerAndStartsNothing() throws Exception {
        BatchAnswer first = answer(batch("b", "h", Agent.item(0, id(1)), Agent.item(1, id(2))));
        agent().await(id(1), VmStatus.UP);
        agent().await(id(2), VmStatus.UP);
        agent().destroy(id(2));

        BatchAnswer again = answer(batch("b", "h", Agent.item(0, id(1)), Agent.item(1, id(2))));

        assertThat(first.replayed()).isFalse();
        assertThat(again.replayed()).isTrue();
        assertThat(again.items()).isEqualTo(first.items());
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
        assertThat(hypervisor.starts(id(2))).isEqualTo(1);
    }

    /** A template with hundreds of keys, and thousands of items that have none of them: each problem costs memory until all are answered. */
    @Test
    void whatIsToldOfAWholeBatchIsBounded() throws Exception {
        StringBuilder template = new StringBuilder("<domain><name>n</name><title>");
        for (int i = 0; i < 500; i++) {
            template.append("${key").append(i).append('}');
        }
        template.append("</title></domain>");
        List<BatchRequest.Item> items = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            items.add(new BatchRequest.Item(
                    i, Optional.empty(), Optional.empty(), Map.of(), CreateClass.NORMAL, 0, Optional.empty()));
        }

        BatchAnswer answer =
                answer(new BatchRequest("b", Optional.of(template.toString()), items, "h", true, System.nanoTime()));

        assertThat(answer.items()).hasSize(2000).allSatisfy(verdict -> {
            assertThat(verdict.isAccepted()).isFalse();
            assertThat(verdict.problems()).hasSizeBetween(2, BatchAnswer.MOST_PROBLEMS + 1);
        });
        assertThat(answer.items().stream().mapToInt(v -> v.problems().size()).sum())
                .isLessThan(15_000);
    }

    @Test
    void aBatchIsRecognisedAfterARestartToo() throws Exception {
        BatchRequest.Item bad = new BatchRequest.Item(
                1, Optional.of("no uuid"), Optional.empty(), Map.of(), CreateClass.NORMAL, 0, Optional.empty());
        BatchAnswer first = answer(batch("b", "h", Agent.item(0, id(1)), bad));
        agent().close();
        agent = Agent.start(directory, hypervisor, options);

        BatchAnswer again = answer(batch("b", "h", Agent.item(0, id(1)), bad));

        assertThat(again.replayed()).isTrue();
        assertThat(again.items()).isEqualTo(first.items());
    }

    @Test
    void aKnownBatchWithOtherContentIs91() throws Exception {
        answer(batch("b", "h", Agent.item(0, id(1))));

        assertThatThrownBy(() -> answer(batch("b", "other", Agent.item(0, id(2)))))
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(91))
                .hasMessageContaining("batchId b");
        assertThat(agent().table.get(id(2))).isEmpty();
    }

    @Test
    void aBadTemplateRefusesTheBatchAndForgetsIt() throws Exception {
        BatchRequest bad = new BatchRequest("b", Optional.of("<domain>"), List.of(), "h", true, 0);

        assertThatThrownBy(() -> answer(bad))
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(-32602))
                .hasMessageContaining("template")
                .hasMessageContaining("line 1");
        assertThat(answer(batch("b", "h2", Agent.item(0, id(1)))).replayed()).isFalse();
    }

    @Test
    void verdictsComeInTheOrderAskedAndABadItemSpoilsOnlyItself() throws Exception {
        BatchRequest.Item noXml = new BatchRequest.Item(
                1,
                Optional.of(id(9).toString()),
                Optional.of("<domain"),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty());

        BatchAnswer answer = answer(batch("b", "h", Agent.item(0, id(1)), noXml, Agent.item(2, id(2))));

        assertThat(answer.items())
                .extracting(BatchAnswer.Verdict::vmId)
                .containsExactly(id(1).toString(), id(9).toString(), id(2).toString());
        assertThat(answer.items()).extracting(BatchAnswer.Verdict::code).containsExactly(0, 100, 0);
        assertThat(answer.items().get(1).reason()).contains("not well-formed").contains("line 1");
        agent().await(id(2), VmStatus.UP);
    }

    private static BatchRequest.Item withMetadata(int index, int number, String inside) {
        String xml = "<domain type='kvm'><name>n" + number + "</name><uuid>" + id(number)
                + "</uuid><metadata><x xmlns='urn:x'>" + inside
                + "</x></metadata><memory>1024</memory><os><type>hvm</type></os></domain>";
        return new BatchRequest.Item(
                index,
                Optional.of(id(number).toString()),
                Optional.of(xml),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty());
    }

    @Test
    void aDeepXmlAndOneOfTooManyTagsSpoilOnlyThemselves() throws Exception {
        BatchRequest.Item deep = withMetadata(1, 8, "<a>".repeat(3000) + "</a>".repeat(3000));
        BatchRequest.Item wide = withMetadata(2, 9, "<a/>".repeat(100_001));

        BatchAnswer answer = answer(batch("b", "h", Agent.item(0, id(1)), deep, wide));

        assertThat(answer.items().get(0).isAccepted()).isTrue();
        assertThat(answer.items().get(1).code()).isEqualTo(100);
        assertThat(answer.items().get(1).reason()).contains("256");
        assertThat(answer.items().get(2).code()).isEqualTo(100);
        assertThat(answer.items().get(2).reason()).contains("at most 100000 tags");
    }

    @Test
    void moreXmlThanMemoryHasRoomForIsRefusedItemByItem() throws Exception {
        BatchRequest.Item[] items = new BatchRequest.Item[10];
        String most = "x".repeat(4_000_000);
        for (int i = 0; i < 9; i++) {
            items[i] = withMetadata(i, i + 1, most);
        }
        items[9] = Agent.item(9, id(10));

        BatchAnswer answer = answer(batch("b", "h", items));

        assertThat(answer.items())
                .filteredOn(item -> !item.isAccepted())
                .singleElement()
                .satisfies(refused -> {
                    assertThat(refused.vmId()).isEqualTo(id(9).toString());
                    assertThat(refused.code()).isEqualTo(-32602);
                    assertThat(refused.reason()).contains("33554432 characters", "another batch");
                });
    }

    @Test
    void ofTenWithOneMalformedNineComeUpInTheOrderAsked() throws Exception {
        BatchRequest.Item[] items = new BatchRequest.Item[10];
        for (int i = 0; i < items.length; i++) {
            items[i] = Agent.item(i, id(i + 1));
        }
        items[3] = new BatchRequest.Item(
                3, Optional.empty(), Optional.of("<domain><name>"), Map.of(), CreateClass.NORMAL, 0, Optional.empty());

        BatchAnswer answer = answer(batch("b", "h", items));

        assertThat(answer.items())
                .extracting(BatchAnswer.Verdict::code)
                .containsExactly(0, 0, 0, 100, 0, 0, 0, 0, 0, 0);
        for (int i = 0; i < items.length; i++) {
            if (i != 3) {
                assertThat(answer.items().get(i).vmId()).isEqualTo(id(i + 1).toString());
                agent().await(id(i + 1), VmStatus.UP);
            }
        }
        assertThat(agent().table.all()).hasSize(9);
    }

    @Test
    void aUuidTwiceInABatchIsAcceptedOnceAndCode4() throws Exception {
        BatchAnswer answer = answer(batch("b", "h", Agent.item(0, id(1)), Agent.item(1, id(1))));

        assertThat(answer.items()).extracting(BatchAnswer.Verdict::code).containsExactly(0, 4);
        assertThat(answer.items().get(1).problems())
                .singleElement()
                .satisfies(p -> assertThat(p.field()).isEqualTo("vmId"));
        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void aNameTwiceInABatchOrAgainstAKnownOneIsCode9() throws Exception {
        BatchAnswer answer = answer(batch("b", "h", named(0, id(1), "same"), named(1, id(2), "same")));
        agent().await(id(1), VmStatus.UP);

        BatchAnswer later = answer(batch("c", "h", named(0, id(3), "same")));

        assertThat(answer.items()).extracting(BatchAnswer.Verdict::code).containsExactly(0, 9);
        assertThat(later.items().get(0).code()).isEqualTo(9);
        assertThat(later.items().get(0).reason()).contains("same");
        assertThat(hypervisor.log()).noneMatch(call -> call.endsWith(id(3).toString()));
    }

    private static BatchRequest.Item named(int index, UUID id, String name) {
        return new BatchRequest.Item(
                index,
                Optional.of(id.toString()),
                Optional.of(Xmls.of(id, name)),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty());
    }

    @Test
    void aKnownUuidIsCode4AndTheRunningOneUntouched() throws Exception {
        agent().create(id(1));
        agent().await(id(1), VmStatus.UP);

        BatchAnswer answer = answer(batch("b", "h", named(0, id(1), "another")));

        assertThat(answer.items().get(0).code()).isEqualTo(4);
        assertThat(hypervisor.entered(Op.DEFINE, id(1))).isEqualTo(1);
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(1);
        assertThat(hypervisor.running(id(1))).isTrue();
    }

    @Test
    void anItemWithoutIdGetsOneThatIsInTheXml() throws Exception {
        BatchRequest.Item item = new BatchRequest.Item(
                0,
                Optional.empty(),
                Optional.empty(),
                Map.of("name", "n", "title", "<&'\""),
                CreateClass.NORMAL,
                0,
                Optional.empty());
        BatchRequest request =
                new BatchRequest("b", Optional.of(TEMPLATE), List.of(item), "h", true, System.nanoTime());

        UUID made = UUID.fromString(answer(request).items().get(0).vmId());

        agent().await(made, VmStatus.UP);
        assertThat(hypervisor.storedXml(made))
                .contains("<uuid>" + made + "</uuid>")
                .contains("&lt;&amp;");
        assertThat(answer(request).items().get(0).vmId()).isEqualTo(made.toString());
    }

    @Test
    void beyondTheCapacityTheRestIsRefusedWithTheNumbersAndItsNamesAreFree() throws Exception {
        options.capacity(2);
        agent();
        hypervisor.loseLink(); // so that nothing leaves the queue

        BatchAnswer answer = answer(batch("b", "h", Agent.item(0, id(1)), Agent.item(1, id(2)), Agent.item(2, id(3))));

        assertThat(answer.items()).extracting(BatchAnswer.Verdict::code).containsExactly(0, 0, 9);
        assertThat(answer.items())
                .extracting(BatchAnswer.Verdict::queuePosition)
                .containsExactly(1, 2, 0);
        assertThat(answer.items().get(2).reason()).isEqualTo("queue full (waiting=2/2, 2 of them of this message)");
        assertThat(agent().table.get(id(3))).isEmpty();
        agent().destroy(id(1));
        assertThat(answer(batch("c", "h", Agent.item(0, id(3)))).items().get(0).isAccepted())
                .isTrue();
    }

    @Test
    void aJournalThatCannotBeWrittenAcceptsNothingAndGivesEverythingBack() throws Exception {
        options.capacity(2);
        agent();
        agent().closeJournal();

        CompletableFuture<BatchAnswer> refused =
                agent().creator.service().createAll(batch("b", "h", Agent.item(0, id(1)), Agent.item(1, id(2))));

        assertThatThrownBy(() -> refused.get(SOON.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(16))
                .hasMessageContaining("nothing was accepted");
        assertThat(agent().table.all()).isEmpty();
        assertThat(agent().events).as("nobody has heard of them").isEmpty();
        CompletableFuture<BatchAnswer> again =
                agent().creator.service().createAll(batch("b", "other", Agent.item(0, id(1)), Agent.item(1, id(2))));
        assertThatThrownBy(() -> again.get(SOON.toSeconds(), TimeUnit.SECONDS))
                .as("the batch is forgotten and its places are free, so it fails the same way")
                .hasMessageContaining("nothing was accepted");
        CompletableFuture<BatchAnswer.Verdict> single =
                agent().creator.service().create(Agent.item(0, id(1)), "h", true, System.nanoTime());
        assertThatThrownBy(() -> single.get(SOON.toSeconds(), TimeUnit.SECONDS))
                .hasMessageContaining("nothing was accepted");
    }

    @Test
    void aBatchWhoseAnswerTheJournalDoesNotKeepAnyMoreIsNotStartedAgain() throws Exception {
        try (Journal journal = Journal.open(directory, new JournalState())) {
            journal.start();
            Agent.now(journal.durably(List.of(new JournalRecord.Spent(List.of("old", "older")))));
        }

        assertThatThrownBy(() -> answer(batch("old", "h", Agent.item(0, id(1)))))
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(91));

        assertThat(agent().table.get(id(1))).isEmpty();
    }

    @Test
    void aJournalWhoseDiskDoesNotAnswerRefusesAtOnceAndRepeatsWhatIsKnown() throws Exception {
        FullDisk disk = new FullDisk(Duration.ofSeconds(1));
        options.journal(disk::open);
        BatchAnswer first = answer(batch("a", "h", Agent.item(0, id(1))));
        agent().await(id(1), VmStatus.UP);
        BatchAnswer.Verdict single = agent().create(id(2));
        agent().await(id(2), VmStatus.UP);
        disk.hang();
        CompletableFuture<BatchAnswer> stuck =
                agent().creator.service().createAll(batch("b", "h", Agent.item(0, id(3))));

        AtomicInteger number = new AtomicInteger(100);
        Await.until("it is known to hang", SOON, () -> {
            int next = number.incrementAndGet(); // those before it was known are waited for
            return agent().creator
                    .service()
                    .createAll(batch("b" + next, "h", Agent.item(0, id(next))))
                    .isCompletedExceptionally();
        });

        CompletableFuture<BatchAnswer> refused =
                agent().creator.service().createAll(batch("d", "h", Agent.item(0, id(5))));
        assertThat(refused).isCompletedExceptionally();
        assertThatThrownBy(refused::get)
                .hasMessageContaining("nothing was accepted")
                .hasMessageContaining("its disk does not answer");
        assertThat(agent().table.get(id(5))).isEmpty();
        assertThat(agent().creator.service().create(Agent.item(0, id(6)), "h", true, System.nanoTime()))
                .isCompletedExceptionally();
        assertThat(answer(batch("a", "h", Agent.item(0, id(1)))).items()).isEqualTo(first.items());
        assertThat(agent().create(id(2))).isEqualTo(single);
        assertThat(stuck).isNotDone();
        disk.goOn();
        assertThat(Agent.now(stuck).items().get(0).isAccepted()).isTrue();
    }

    @Test
    void aDryRunSaysThatNothingIsAcceptedOnAFullDisk() throws Exception {
        FullDisk disk = new FullDisk();
        options.journal(disk::open);
        agent();
        disk.fill();
        assertThatThrownBy(() -> agent().create(id(1))).hasStackTraceContaining("No space left on device");

        assertThatThrownBy(() -> agent().creator.service().rehearse(batch("b", "h", Agent.item(0, id(2)))))
                .isInstanceOfSatisfying(
                        CreateRefusedException.class, e -> assertThat(e.code()).isEqualTo(16))
                .hasMessageContaining("nothing would be accepted")
                .hasMessageContaining("No space left on device");

        disk.empty();
        Await.until("it is tried again", SOON, () -> accepts(2));
    }

    private boolean accepts(int number) {
        try {
            return Agent.now(agent().creator.service().rehearse(batch("b", "h", Agent.item(0, id(number)))))
                    .answer()
                    .items()
                    .get(0)
                    .isAccepted();
        } catch (CreateRefusedException e) {
            return false;
        }
    }

    @Test
    void theSameSingleCreateAgainGetsItsFirstAnswerOtherContentIs4() {
        BatchAnswer.Verdict first = agent().create(id(1));
        agent().await(id(1), VmStatus.UP);

        assertThat(agent().create(id(1))).isEqualTo(first);
        assertThat(Agent.now(agent().creator.service().create(named(0, id(1), "x"), "other", true, System.nanoTime()))
                        .code())
                .isEqualTo(4);
        assertThat(hypervisor.starts(id(1))).isEqualTo(1);
    }

    @Test
    void aSingleCreateAfterTheDestroyStartsAgain() {
        agent().create(id(1));
        agent().await(id(1), VmStatus.UP);
        agent().destroy(id(1));

        assertThat(agent().create(id(1)).isAccepted()).isTrue();

        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.starts(id(1))).isEqualTo(2);
    }

    @Test
    void racingRepetitionsOfABatchStartItOnce() throws Exception {
        agent();
        int racers = 16;
        CountDownLatch together = new CountDownLatch(racers);
        List<CompletableFuture<BatchAnswer>> answers = new ArrayList<>();
        for (int i = 0; i < racers; i++) {
            answers.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            together.countDown();
                            assertThat(together.await(SOON.toSeconds(), TimeUnit.SECONDS))
                                    .isTrue();
                            return answer(batch("b", "h", Agent.item(0, id(1))));
                        } catch (InterruptedException | CreateRefusedException e) {
                            throw new AssertionError(e);
                        }
                    },
                    task -> new Thread(task).start()));
        }

        List<BatchAnswer> all = answers.stream().map(Agent::now).toList();

        assertThat(all.stream().filter(answer -> !answer.replayed())).hasSize(1);
        assertThat(all)
                .allSatisfy(
                        answer -> assertThat(answer.items().get(0).isAccepted()).isTrue());
        agent().await(id(1), VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, id(1))).isEqualTo(1);
    }
}
