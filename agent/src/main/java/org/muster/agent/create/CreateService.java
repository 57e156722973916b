package org.muster.agent.create;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.DomainTemplate;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts VMs for creation: checks each item, reserves its UUID, name, room and place in the queue, writes all that was accepted
 * to the journal with one fsync, and only then answers and lets them start.
 *
 * <p>Thread-safe. Reserves on the caller's thread and never waits; goes on there or, when disks had to be looked at, on the thread
 * that looked. Answers come on the thread {@code journal}.
 */
public final class CreateService {
    private static final Logger LOG = LoggerFactory.getLogger(CreateService.class);
    private static final long MOST_CHARACTERS = 32L << 20;
    private static final int MOST_PROBLEMS = 10_000; // of a batch: after those each item is told the first of its own
    private static final int CANNOT_CREATE = 9;
    private static final int UNEXPECTED = 16;
    static final int INVALID_PARAMETER = 91;

    private final VmTable table;
    private final Journal journal;
    private final Dispatcher dispatcher;
    private final Admission admission;
    private final Launch launch;
    private final String bootId;
    private final DisplayRules displays;
    private final Batches batches;
    private final RecentCreates recent = new RecentCreates(System::nanoTime);
    private final ObjectMapper json = new ObjectMapper();

    CreateService(
            VmTable table,
            Journal journal,
            Dispatcher dispatcher,
            Admission admission,
            Launch launch,
            Batches batches,
            String bootId,
            DisplayRules displays) {
        this.table = table;
        this.journal = journal;
        this.dispatcher = dispatcher;
        this.admission = admission;
        this.launch = launch;
        this.batches = batches;
        this.bootId = bootId;
        this.displays = displays;
    }

    /** Restores what the journal knows of a single create. */
    void restore(AcceptedItem item) {
        if (item.batchId().isEmpty()) {
            recent.restore(
                    item.id(),
                    item.requestHash(),
                    BatchAnswer.Verdict.accepted(item.id().toString(), 1),
                    item.acceptedAtNanos());
        }
    }

    /** Restores what the journal knows of answers given. */
    void restore(JournalRecord.Answered answered) {
        try {
            BatchAnswer answer = json.readValue(answered.answer(), BatchAnswer.class);
            batches.begin(
                    answered.batchId(),
                    new Batches.Known(
                            answered.requestHash(), answer.items().size(), CompletableFuture.completedFuture(answer)));
            batches.answered(answered.batchId(), answer.size());
        } catch (JsonProcessingException e) {
            LOG.warn("the answer to batch {} cannot be read back: {}", answered.batchId(), e.getMessage());
            batches.spent(answered.batchId());
        } catch (CreateRefusedException e) {
            LOG.warn("the answer to batch {} is in the journal, and that it has none any more", answered.batchId());
        }
    }

    /** Restores what the journal knows of a batch whose answer it does not know any more. */
    void restoreSpent(String batchId) {
        batches.spent(batchId);
    }

    /**
     * Accepts what can be accepted of a batch.
     *
     * @throws CreateRefusedException for the batch as a whole: bad template (-32602), a known batchId with other content, or one whose
     *     answer is not kept any more (91)
     */
    public CompletableFuture<BatchAnswer> createAll(BatchRequest request) throws CreateRefusedException {
        Optional<DomainTemplate> template = template(request);
        CompletableFuture<BatchAnswer> answer = new CompletableFuture<>();
        Batches.Known known = batches.begin(
                request.batchId(),
                new Batches.Known(request.contentHash(), request.items().size(), answer));
        if (known != null) {
            if (!known.contentHash().equals(request.contentHash())) {
                throw new CreateRefusedException(
                        INVALID_PARAMETER, "batchId " + request.batchId() + " is known, with other content");
            }
            return known.answer().thenApply(first -> new BatchAnswer(first.batchId(), true, first.items()));
        }
        answer.whenComplete((a, e) -> {
            if (e != null) {
                batches.forget(request.batchId());
            } else {
                batches.answered(request.batchId(), a.size());
            }
        });
        try {
            accept(request, candidates(request, template), answer);
        } catch (RuntimeException | StackOverflowError e) {
            answer.completeExceptionally(e); // who repeats it meanwhile waits for that
            throw e;
        }
        return answer;
    }

    private static BatchAnswer verdicts(BatchRequest request, List<Candidate> candidates) {
        return new BatchAnswer(
                request.batchId(),
                false,
                candidates.stream().map(Candidate::verdict).toList());
    }

    /**
     * What would become of a batch.
     *
     * @param xmls of each item, in their order, the domain that libvirt would get but for what is only put in at the start (the
     *     host's names of networks, paths of images); empty for a refused one
     */
    public record Rehearsed(BatchAnswer answer, List<String> xmls) {}

    /**
     * Says what {@link #createAll} would say of a new batch, and does nothing: nothing is reserved, written down, told or started, and
     * the batchId stays free.
     *
     * @throws CreateRefusedException for the batch as a whole: bad template (-32602), a journal that cannot be written (16)
     */
    public CompletableFuture<Rehearsed> rehearse(BatchRequest request) throws CreateRefusedException {
        Optional<DomainTemplate> template = template(request);
        String trouble = journal.trouble();
        if (!trouble.isEmpty()) {
            throw new CreateRefusedException(UNEXPECTED, "nothing would be accepted: " + trouble);
        }
        List<Candidate> candidates = candidates(request, template);
        Admission rehearsal = admission.rehearsal();
        return rehearsal.begin(candidates).thenApply(nothing -> {
            rehearsal.settle(candidates);
            List<Candidate> good = candidates.stream().filter(c -> !c.refused()).toList();
            place(request, good, dispatcher.preview(places(request, good)));
            return new Rehearsed(
                    verdicts(request, candidates),
                    candidates.stream()
                            .map(c -> c.refused() ? "" : c.checked().xml())
                            .toList());
        });
    }

    /** They are in memory, and in the journal's next line, at once: what a message of a few MiB can ask for, a template multiplies. */
    private List<Candidate> candidates(BatchRequest request, Optional<DomainTemplate> template) {
        ItemCheck check = new ItemCheck(template, request.batchId(), displays);
        List<Candidate> candidates = new ArrayList<>(request.items().size());
        long characters = 0;
        int problems = 0;
        for (BatchRequest.Item item : request.items()) {
            ItemCheck.Checked checked = check.check(item);
            int length = checked.xml().length();
            if (characters + length > MOST_CHARACTERS) {
                checked = ItemCheck.Checked.bad(
                        item.vmId(),
                        ItemCheck.BAD_VALUE,
                        "xml",
                        "must have room among the " + MOST_CHARACTERS
                                + " characters that the XML of a batch may have in all: send it in another batch",
                        length + " characters");
            } else {
                characters += length;
            }
            checked = checked.withProblems(problems < MOST_PROBLEMS ? BatchAnswer.MOST_PROBLEMS : 1);
            problems += checked.problems().size();
            candidates.add(new Candidate(item, checked));
        }
        return candidates;
    }

    private static Optional<DomainTemplate> template(BatchRequest request) throws CreateRefusedException {
        if (request.template().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(DomainTemplate.parse(request.template().get()));
        } catch (HypervisorException e) {
            throw new CreateRefusedException(ItemCheck.BAD_VALUE, "template: " + e.getMessage());
        }
    }

    /** Accepts a single VM, the uuid in its XML winning over the item's; one that comes again within 10 minutes, alike, gets its first answer again. */
    public CompletableFuture<BatchAnswer.Verdict> create(
            BatchRequest.Item item, String contentHash, boolean remote, long decodedAtNanos) {
        ItemCheck.Checked checked = ItemCheck.alone(item, displays);
        CompletableFuture<BatchAnswer> answer = new CompletableFuture<>();
        CompletableFuture<BatchAnswer.Verdict> verdict =
                answer.thenApply(a -> a.items().get(0));
        if (checked.good()) {
            Optional<CompletableFuture<BatchAnswer.Verdict>> before = recent.begin(
                    checked.id(), contentHash, verdict, table.get(checked.id()).isPresent());
            if (before.isPresent()) {
                return before.get();
            }
            verdict.whenComplete((result, e) -> {
                if (e != null || !result.isAccepted()) {
                    recent.forget(checked.id(), verdict); // there is nothing to repeat
                }
            });
        }
        BatchRequest request =
                new BatchRequest("", Optional.empty(), List.of(item), contentHash, remote, decodedAtNanos);
        accept(request, List.of(new Candidate(item, checked)), answer);
        return verdict;
    }

    private void accept(BatchRequest request, List<Candidate> candidates, CompletableFuture<BatchAnswer> answer) {
        String stalled = journal.stalled();
        if (!stalled.isEmpty()) { // the answer would come in a minute, and be the same
            answer.completeExceptionally(new CreateRefusedException(UNEXPECTED, "nothing was accepted: " + stalled));
            return;
        }
        CompletableFuture<Void> judged = admission.begin(candidates);
        judged.thenRun(() -> write(request, candidates, answer)).whenComplete((nothing, e) -> {
            if (e != null) {
                candidates.forEach(admission::release);
                answer.completeExceptionally(e);
            }
        });
    }

    private void write(BatchRequest request, List<Candidate> candidates, CompletableFuture<BatchAnswer> answer) {
        admission.settle(candidates);
        List<Candidate> accepted = takePlaces(request, candidates);
        long validatedAtNanos = System.nanoTime();
        BatchAnswer verdicts = verdicts(request, candidates);
        List<JournalRecord> lines = lines(request, accepted, verdicts);
        if (lines.isEmpty()) {
            answer.complete(verdicts);
            return;
        }
        journal.durably(lines).whenComplete((nothing, e) -> {
            if (e == null) {
                try {
                    launch.begin(request, accepted, validatedAtNanos);
                    answer.complete(verdicts);
                } finally {
                    launch.go();
                }
            } else {
                dispatcher.giveBack(places(request, accepted));
                accepted.forEach(admission::release);
                answer.completeExceptionally(new CreateRefusedException(
                        UNEXPECTED, "nothing was accepted: the journal cannot be written: " + e.getMessage()));
            }
        });
    }

    private List<Candidate> takePlaces(BatchRequest request, List<Candidate> candidates) {
        List<Candidate> good = candidates.stream().filter(c -> !c.refused()).toList();
        Dispatcher.Promise promise = dispatcher.promise(places(request, good));
        List<Candidate> accepted = place(request, good, promise);
        good.stream().filter(Candidate::refused).forEach(admission::release);
        return accepted;
    }

    private static List<Place> places(BatchRequest request, List<Candidate> candidates) {
        return candidates.stream().map(c -> c.place(request.batchId())).toList();
    }

    /** Tells each its place, or that there is none; answers those that have one. */
    private static List<Candidate> place(BatchRequest request, List<Candidate> good, Dispatcher.Promise promise) {
        List<Candidate> accepted = new ArrayList<>(good.size());
        long granted = promise.positions().stream().filter(at -> at > 0).count(); // they fill the queue as well
        for (int i = 0; i < good.size(); i++) {
            Candidate candidate = good.get(i);
            int position = promise.positions().get(i);
            if (position > 0) {
                candidate.accept(position, item(request, candidate));
                accepted.add(candidate);
            } else {
                candidate.refuse(
                        CANNOT_CREATE,
                        "queue full (waiting=" + (promise.taken() + granted) + "/" + promise.capacity()
                                + (granted == 0 ? ")" : ", " + granted + " of them of this message)"));
            }
        }
        return accepted;
    }

    private static AcceptedItem item(BatchRequest request, Candidate candidate) {
        ItemCheck.Checked checked = candidate.checked();
        return new AcceptedItem(
                checked.id(),
                checked.name(),
                checked.xml(),
                checked.launchPaused(),
                request.batchId(),
                request.contentHash(),
                candidate.asked().createClass().name(),
                candidate.asked().priority(),
                request.remote(),
                System.nanoTime(),
                candidate.asked().requestedAtMillis());
    }

    private List<JournalRecord> lines(BatchRequest request, List<Candidate> accepted, BatchAnswer verdicts) {
        List<JournalRecord> lines = new ArrayList<>();
        if (!accepted.isEmpty()) {
            lines.add(new JournalRecord.Accepted(
                    bootId, accepted.stream().map(Candidate::item).toList()));
        }
        if (!request.batchId().isEmpty()) {
            lines.add(new JournalRecord.Answered(
                    request.batchId(), request.contentHash(), encode(verdicts), System.currentTimeMillis()));
        }
        return lines;
    }

    private String encode(BatchAnswer answer) {
        try {
            return json.writeValueAsString(answer);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer of ours that is no JSON", e);
        }
    }
}
