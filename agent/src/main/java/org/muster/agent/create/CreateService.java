package org.muster.agent.create;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.muster.agent.create.Stations.Station;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainTemplate;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts VMs for creation: checks each item, reserves its UUID, name and place in the queue, writes all that was accepted
 * to the journal with one fsync, and only then answers and lets them start.
 *
 * <p>Thread-safe. Computes on the caller's thread and never waits; answers come on the thread {@code journal}.
 */
public final class CreateService {
    private static final Logger LOG = LoggerFactory.getLogger(CreateService.class);
    private static final int EXISTS = 4;
    private static final int CANNOT_CREATE = 9;
    private static final int UNEXPECTED = 16;
    private static final int BUSY = 59;
    private static final int INVALID_PARAMETER = 91;

    private final VmTable table;
    private final Journal journal;
    private final Dispatcher dispatcher;
    private final CreateMetrics metrics;
    private final String bootId;
    private final Predicate<UUID> doomed;
    private final DisplayRules displays;
    private final Batches batches;
    private final CreateHistory history;
    private final Drain drain;
    private final RecentCreates recent = new RecentCreates(System::nanoTime);
    private final ObjectMapper json = new ObjectMapper();

    /** @param doomed a guest of that UUID may still come up although its destroy was answered */
    CreateService(
            VmTable table,
            Journal journal,
            Dispatcher dispatcher,
            CreateMetrics metrics,
            String bootId,
            Predicate<UUID> doomed,
            DisplayRules displays,
            Books books) {
        this.batches = books.batches;
        this.history = books.history;
        this.drain = books.drain;
        this.displays = displays;
        this.doomed = doomed;
        this.table = table;
        this.journal = journal;
        this.dispatcher = dispatcher;
        this.metrics = metrics;
        this.bootId = bootId;
    }

    /** What is kept of creates beside the journal. */
    record Books(Batches batches, CreateHistory history, Drain drain) {}

    /** One item on its way through acceptance. */
    private static final class Candidate {
        private final BatchRequest.Item asked;
        private final ItemCheck.Checked checked;
        private final String name;
        private final String xml; // as text: a document takes seven times the memory
        private BatchAnswer.Verdict verdict; // null until decided
        private Vm vm;
        private AcceptedItem item;

        private Candidate(BatchRequest.Item asked, ItemCheck.Checked checked, String name, String xml) {
            this.asked = asked;
            this.checked = checked;
            this.name = name;
            this.xml = xml;
        }

        Place place(String batchId) {
            return new Place(asked.createClass(), asked.priority(), batchId);
        }

        static Candidate of(BatchRequest.Item asked, ItemCheck.Checked checked, String batchId) {
            if (!checked.good()) {
                return new Candidate(asked, checked, "", "");
            }
            DomainXml document = checked.xml();
            document.mark(new DomainXml.Mark(batchId, asked.createClass().name()));
            try {
                return new Candidate(asked, checked.withoutXml(), document.name(), document.toString());
            } catch (IllegalStateException e) { // half a character, which JSON can carry and XML cannot
                return new Candidate(
                        asked,
                        ItemCheck.Checked.bad(
                                checked.vmId(),
                                ItemCheck.BAD_VALUE,
                                "values",
                                "must hold only characters that XML can hold",
                                asked.values().toString()),
                        "",
                        "");
            }
        }
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
            batches.begin(answered.batchId(), answered.requestHash(), CompletableFuture.completedFuture(answer));
        } catch (JsonProcessingException e) {
            LOG.warn("the answer to batch {} cannot be read back: {}", answered.batchId(), e.getMessage());
        }
    }

    /**
     * Accepts what can be accepted of a batch.
     *
     * @throws CreateRefusedException for the batch as a whole: bad template (-32602), a known batchId with other content (91)
     */
    public CompletableFuture<BatchAnswer> createAll(BatchRequest request) throws CreateRefusedException {
        Optional<DomainTemplate> template = template(request);
        CompletableFuture<BatchAnswer> answer = new CompletableFuture<>();
        Batches.Known known = batches.begin(request.batchId(), request.contentHash(), answer);
        if (known != null) {
            if (!known.contentHash().equals(request.contentHash())) {
                throw new CreateRefusedException(
                        INVALID_PARAMETER, "batchId " + request.batchId() + " is known, with other content");
            }
            return known.answer().thenApply(first -> new BatchAnswer(first.batchId(), true, first.items()));
        }
        try {
            accept(request, template, answer);
        } catch (RuntimeException | StackOverflowError e) {
            batches.forget(request.batchId());
            throw e;
        }
        answer.whenComplete((a, e) -> {
            if (e != null) {
                batches.forget(request.batchId());
            }
        });
        return answer;
    }

    /** Accepts a single VM, the uuid in its XML winning over the item's; one that comes again within 10 minutes, alike, gets its first answer again. */
    public CompletableFuture<BatchAnswer.Verdict> create(
            BatchRequest.Item item, String contentHash, boolean remote, long decodedAtNanos) {
        ItemCheck.Checked checked = ItemCheck.checkAlone(item, displays);
        CompletableFuture<BatchAnswer> answer = new CompletableFuture<>();
        CompletableFuture<BatchAnswer.Verdict> verdict =
                answer.thenApply(a -> a.items().get(0));
        if (checked.good()) {
            Optional<CompletableFuture<BatchAnswer.Verdict>> before = recent.begin(
                    checked.id(), contentHash, verdict, table.get(checked.id()).isPresent());
            if (before.isPresent()) {
                return before.get();
            }
        }
        List<Candidate> one = List.of(Candidate.of(item, checked, ""));
        BatchRequest request =
                new BatchRequest("", Optional.empty(), List.of(item), contentHash, remote, decodedAtNanos);
        decide(request, one);
        if (checked.good() && one.get(0).item == null) {
            recent.forget(checked.id(), verdict);
        }
        write(request, one, answer);
        return verdict;
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

    private void accept(
            BatchRequest request, Optional<DomainTemplate> template, CompletableFuture<BatchAnswer> answer) {
        List<Candidate> candidates = new ArrayList<>();
        for (BatchRequest.Item item : request.items()) {
            candidates.add(Candidate.of(item, ItemCheck.check(item, template), request.batchId()));
        }
        decide(request, candidates);
        write(request, candidates, answer);
    }

    private void decide(BatchRequest request, List<Candidate> candidates) {
        List<Candidate> reserved = new ArrayList<>();
        for (Candidate candidate : candidates) {
            if (reserve(candidate)) {
                reserved.add(candidate);
            }
        }
        Dispatcher.Promise promise = dispatcher.promise(
                reserved.stream().map(c -> c.place(request.batchId())).toList());
        for (int i = 0; i < reserved.size(); i++) {
            Candidate candidate = reserved.get(i);
            int position = promise.positions().get(i);
            if (position > 0) {
                candidate.verdict =
                        BatchAnswer.Verdict.accepted(candidate.checked.id().toString(), position);
                candidate.item = item(request, candidate);
            } else {
                table.unreserve(candidate.vm);
                candidate.verdict = BatchAnswer.Verdict.refused(
                        candidate.checked.vmId().orElse(""),
                        CANNOT_CREATE,
                        "queue full (waiting=" + promise.taken() + "/" + promise.capacity() + ")",
                        List.of());
            }
        }
    }

    private boolean reserve(Candidate candidate) {
        ItemCheck.Checked checked = candidate.checked;
        if (!checked.good()) {
            DomainXml.Problem first = checked.problems().get(0);
            candidate.verdict = BatchAnswer.Verdict.refused(
                    checked.vmId().orElse(""),
                    checked.code(),
                    first.field() + ": " + first.rule() + (first.value().isEmpty() ? "" : ", got " + first.value()),
                    checked.problems());
            return false;
        }
        if (drain.enabled()) {
            candidate.verdict =
                    BatchAnswer.Verdict.refused(checked.vmId().orElse(""), CANNOT_CREATE, drain.refusal(), List.of());
            return false;
        }
        if (doomed.test(checked.id())) {
            candidate.verdict = formerVm(checked);
            return false;
        }
        VmTable.Reservation reservation = table.reserve(
                checked.id(), candidate.name, checked.launchPaused(), DomainDetails.mayHaveAgent(candidate.xml));
        candidate.vm = reservation.vm();
        candidate.verdict = switch (reservation.admission()) {
            case ACCEPTED -> null;
            case DUPLICATE_ID ->
                refused(
                        checked,
                        EXISTS,
                        "vmId",
                        "a VM of this UUID is known already",
                        checked.id().toString());
            case DUPLICATE_NAME -> refused(checked, CANNOT_CREATE, "name", "another VM has this name", candidate.name);
            case START_PENDING -> formerVm(checked);
        };
        return candidate.verdict == null;
    }

    private static BatchAnswer.Verdict formerVm(ItemCheck.Checked checked) {
        return refused(
                checked,
                BUSY,
                "vmId",
                "a former VM of this UUID is still being ended",
                checked.id().toString());
    }

    private static BatchAnswer.Verdict refused(
            ItemCheck.Checked checked, int code, String field, String rule, String value) {
        return BatchAnswer.Verdict.refused(
                checked.vmId().orElse(""),
                code,
                rule + ": " + value,
                List.of(new DomainXml.Problem(field, rule, value)));
    }

    private static AcceptedItem item(BatchRequest request, Candidate candidate) {
        return new AcceptedItem(
                candidate.checked.id(),
                candidate.name,
                candidate.xml,
                candidate.checked.launchPaused(),
                request.batchId(),
                request.contentHash(),
                candidate.asked.createClass().name(),
                candidate.asked.priority(),
                request.remote(),
                System.nanoTime(),
                candidate.asked.requestedAtMillis());
    }

    private void write(BatchRequest request, List<Candidate> candidates, CompletableFuture<BatchAnswer> answer) {
        long validatedAt = System.nanoTime();
        BatchAnswer verdicts = new BatchAnswer(
                request.batchId(),
                false,
                candidates.stream().map(c -> c.verdict).toList());
        List<Candidate> accepted =
                candidates.stream().filter(c -> c.item != null).toList();
        List<JournalRecord> lines = new ArrayList<>();
        if (!accepted.isEmpty()) {
            lines.add(new JournalRecord.Accepted(
                    bootId, accepted.stream().map(c -> c.item).toList()));
        }
        if (!request.batchId().isEmpty()) {
            lines.add(new JournalRecord.Answered(
                    request.batchId(), request.contentHash(), encode(verdicts), System.currentTimeMillis()));
        }
        if (lines.isEmpty()) {
            answer.complete(verdicts);
            return;
        }
        journal.durably(lines).whenComplete((nothing, e) -> {
            if (e == null) {
                launch(request, accepted, validatedAt);
                answer.complete(verdicts);
            } else {
                accepted.forEach(c -> table.unreserve(c.vm));
                dispatcher.giveBack(
                        accepted.stream().map(c -> c.place(request.batchId())).toList());
                answer.completeExceptionally(new CreateRefusedException(
                        UNEXPECTED, "nothing was accepted: the journal cannot be written: " + e.getMessage()));
            }
        });
    }

    private String encode(BatchAnswer answer) {
        try {
            return json.writeValueAsString(answer);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer of ours that is no JSON", e);
        }
    }

    private void launch(BatchRequest request, List<Candidate> accepted, long validatedAt) {
        long now = System.nanoTime();
        List<CreateRequest> requests = new ArrayList<>(accepted.size());
        for (Candidate candidate : accepted) {
            CreateRequest create = new CreateRequest(
                    candidate.vm, candidate.item, candidate.asked.createClass(), 1, request.decodedAtNanos(), now);
            create.stations().pass(Station.DECODED, request.decodedAtNanos());
            create.stations().pass(Station.VALIDATED, validatedAt);
            create.stations().pass(Station.QUEUED, now);
            history.begins(create);
            table.announce(candidate.vm);
            metrics.accepted(request.decodedAtNanos(), now);
            requests.add(create);
        }
        dispatcher.add(requests);
    }
}
