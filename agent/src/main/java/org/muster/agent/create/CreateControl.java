package org.muster.agent.create;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.muster.agent.journal.JournalRecord;
import org.muster.agent.logging.Audit;

/**
 * What somebody who looks after the host does with creates and sees of them: the queue, the history, cancelling, draining.
 *
 * <p>Thread-safe; never blocks.
 */
public final class CreateControl {
    private static final int INVALID_PARAMETER = 91;

    private final Dispatcher dispatcher;
    private final Function<UUID, CreateRequest> unqueue; // takes back what has no slot; null if it has one
    private final CreateHistory history;
    private final CreateTimes times;
    private final Batches batches;
    private final Drain drain;
    private final Function<CreateRequest, CompletableFuture<Destroyer.Outcome>> forget;
    private final LongSupplier nanoTime;

    /** @param forget ends a create that was taken out of the queue */
    CreateControl(
            Dispatcher dispatcher,
            Function<UUID, CreateRequest> unqueue,
            CreateHistory history,
            CreateTimes times,
            Batches batches,
            Drain drain,
            Function<CreateRequest, CompletableFuture<Destroyer.Outcome>> forget,
            LongSupplier nanoTime) {
        this.dispatcher = dispatcher;
        this.unqueue = unqueue;
        this.history = history;
        this.times = times;
        this.batches = batches;
        this.drain = drain;
        this.forget = forget;
        this.nanoTime = nanoTime;
    }

    /**
     * What became of a cancelling, VM by VM.
     *
     * @param cancelled they are gone
     * @param kept they are not, and why
     */
    public record Cancelling(List<UUID> cancelled, Map<UUID, String> kept) {}

    /**
     * Takes what waits of a batch out of the queue. Of one whose answer is not kept any more, what has ended is not named.
     *
     * @throws CreateRefusedException if neither an answer to it is known nor a create of it under way (91)
     */
    public CompletableFuture<Cancelling> cancelBatch(String batchId) throws CreateRefusedException {
        Optional<Batches.Known> known = batches.get(batchId);
        if (known.isEmpty()) { // fewer answers are kept than creates can wait
            return cancel(underWay(batchId));
        }
        // One that is being written down is cancelled when it has its answer: nothing of it waits before.
        return known.get()
                .answer()
                .handle((answer, e) -> e == null ? accepted(answer) : List.<UUID>of())
                .thenCompose(this::cancel);
    }

    private List<UUID> underWay(String batchId) throws CreateRefusedException {
        List<UUID> underWay = history.underWay().stream()
                .filter(create -> create.batchId().equals(batchId))
                .map(CreateRecord::id)
                .toList();
        if (underWay.isEmpty()) {
            throw new CreateRefusedException(
                    INVALID_PARAMETER, "batchId: no batch " + batchId + " is known, and nothing of it waits");
        }
        return underWay;
    }

    private static List<UUID> accepted(BatchAnswer answer) {
        return answer.items().stream()
                .filter(BatchAnswer.Verdict::isAccepted)
                .map(verdict -> UUID.fromString(verdict.vmId()))
                .toList();
    }

    /** Takes those out of the queue that wait there; completes when that would survive us. */
    public CompletableFuture<Cancelling> cancel(Collection<UUID> ids) {
        List<CreateRequest> taken =
                ids.stream().distinct().map(unqueue).filter(Objects::nonNull).toList(); // all, before any is forgotten
        Map<UUID, CompletableFuture<Destroyer.Outcome>> outcomes = new HashMap<>();
        taken.forEach(request -> outcomes.put(request.vm().id(), forget.apply(request)));
        return CompletableFuture.allOf(outcomes.values().toArray(new CompletableFuture<?>[0]))
                .thenApply(nothing -> cancelling(ids, outcomes));
    }

    private Cancelling cancelling(Collection<UUID> ids, Map<UUID, CompletableFuture<Destroyer.Outcome>> outcomes) {
        List<UUID> cancelled = new ArrayList<>();
        Map<UUID, String> kept = new HashMap<>();
        Map<UUID, CreateRecord> known = new HashMap<>();
        history.newestFirst().forEach(create -> known.putIfAbsent(create.id(), create));
        for (UUID id : new LinkedHashSet<>(ids)) {
            CompletableFuture<Destroyer.Outcome> outcome = outcomes.get(id);
            if (outcome == null) {
                kept.put(id, state(Optional.ofNullable(known.get(id))));
            } else if (outcome.join().refusal().isEmpty()) {
                cancelled.add(id);
            } else {
                kept.put(id, outcome.join().message());
            }
        }
        return new Cancelling(cancelled, kept);
    }

    private static String state(Optional<CreateRecord> create) {
        return create.map(known -> "it does not wait: " + known.state()).orElse("no create of it is known");
    }

    /** Refuses new creates from now on, or not any more. Completes when that would survive us. */
    public CompletableFuture<Void> drain(boolean enabled, String reason) {
        return drain.set(enabled, reason, System.currentTimeMillis());
    }

    /**
     * Changes how many creates may run, until somebody changes it again or the configuration is read anew; what runs goes on.
     *
     * @param by for the audit
     * @return what was in force
     */
    public Concurrency setConcurrency(Concurrency next, String by) {
        Concurrency before = dispatcher.setConcurrency(next);
        if (!before.equals(next)) {
            Audit.changed("create.concurrency", before.toString(), next.toString(), by);
        }
        return before;
    }

    /** The configuration was read anew: what it says is in force, whatever was set since. */
    void reconfigured(Concurrency configured, Concurrency next) {
        Concurrency before = dispatcher.setConcurrency(next);
        if (!before.equals(configured) && !before.equals(next)) { // a change of the file is audited by who read it
            Audit.changed("create.concurrency", before.toString(), next.toString(), "SIGHUP");
        }
    }

    /** What waits and what runs. */
    public QueueView queue() {
        Map<UUID, CreateRecord> creates = new LinkedHashMap<>();
        history.underWay().forEach(create -> creates.put(create.id(), create));
        Dispatcher.View view = dispatcher.view();
        long now = nanoTime.getAsLong();
        List<QueueView.Waiting> waiting = new ArrayList<>();
        for (CreateRequest request : view.queued().drain(now)) {
            CreateRecord create = creates.remove(request.vm().id());
            if (create != null) { // else it came while we looked
                int before = waiting.size();
                waiting.add(new QueueView.Waiting(
                        before + 1, create, now - request.queuedAtNanos(), waitsFor(before, view.waitingFor())));
            }
        }
        List<QueueView.Running> running = new ArrayList<>();
        for (Slots.Slot slot : view.running()) {
            CreateRecord create = creates.remove(slot.request().vm().id());
            if (create != null) {
                running.add(new QueueView.Running(create, now - slot.sinceNanos(), slot.hung()));
            }
        }
        for (CreateRecord create : List.copyOf(creates.values())) {
            if (create.state() == CreateRecord.State.QUEUED) {
                int before = waiting.size();
                waiting.add(new QueueView.Waiting(before + 1, create, 0, "its disks, which have not answered yet"));
            }
        }
        List<CreateRecord> unsettled = creates.values().stream()
                .filter(create -> create.state() == CreateRecord.State.UNSETTLED)
                .toList();
        JournalRecord.Drain drained = drain.state();
        return new QueueView(
                waiting,
                running,
                unsettled,
                view.waitingFor(),
                view.capacity(),
                view.concurrency(),
                view.limit(),
                drained.enabled(),
                drained.reason());
    }

    private static String waitsFor(int before, String first) {
        if (before == 0) {
            return first;
        }
        return "its turn, " + before + (before == 1 ? " is" : " are") + " before it"
                + (first.isEmpty() ? "" : ": " + first);
    }

    /** Every create that is known, the last accepted first. */
    public List<CreateRecord> history() {
        return history.newestFirst();
    }

    /** Whether a create waits for a slot or has one. */
    public boolean busy() {
        return dispatcher.waiting() > 0 || !dispatcher.running().isEmpty();
    }

    /** How creates fared that ended since the start or the last reset. */
    public CreateStats stats() {
        return times.stats();
    }

    /** How many creates wait for a slot, have one, and waited at once at most since the start or the last reset. */
    public CreateStats.Load load() {
        return dispatcher.load();
    }

    /** From now on only what ends later counts. */
    public void resetStats() {
        times.reset();
        dispatcher.forgetMostWaiting();
    }

    /** How the creates of a batch fared, as far as the history has them. */
    public CreateStats stats(String batchId) {
        List<CreateRecord> mine = ended(batchId);
        return CreateTimes.of(
                mine,
                mine.stream().mapToLong(CreateRecord::acceptedAtMillis).min().orElse(0));
    }

    /** Whether anything is known of a batch: its answer, or what became of a create of it. */
    public boolean knows(String batchId) {
        return batches.get(batchId).isPresent()
                || history.newestFirst().stream()
                        .anyMatch(create -> create.batchId().equals(batchId));
    }

    /** How fast a batch was, as far as the history has it. */
    public CreateStats.Span span(String batchId) {
        return CreateTimes.span(ended(batchId));
    }

    private List<CreateRecord> ended(String batchId) {
        return history.newestFirst().stream()
                .filter(create -> create.state().isFinal() && create.batchId().equals(batchId))
                .toList();
    }

    /** What was refused of a batch; empty if it is not known, or not answered yet. */
    public List<BatchAnswer.Verdict> refused(String batchId) {
        return batches.get(batchId)
                .map(Batches.Known::answer)
                .filter(answer -> answer.isDone() && !answer.isCompletedExceptionally())
                .map(answer -> answer.join().items().stream()
                        .filter(verdict -> !verdict.isAccepted())
                        .toList())
                .orElse(List.of());
    }
}
