package org.muster.agent.create;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.muster.agent.create.Stations.Station;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.DomainXml.Problem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of what was accepted and lets it into the queue: at once, or when its disks have answered. One whose disks do not is Down
 * and has cost no slot.
 *
 * <p>Thread-safe; never blocks.
 */
final class Launch {
    private static final Logger LOG = LoggerFactory.getLogger(Launch.class);

    private final VmTable table;
    private final Dispatcher dispatcher;
    private final CreateMetrics metrics;
    private final CreateHistory history;
    private final Downs downs;
    private final StartSequence.Unsettled unsettled;
    private final Map<UUID, CreateRequest> held = new ConcurrentHashMap<>(); // whose disks have not answered: for 3 s

    Launch(
            VmTable table,
            Dispatcher dispatcher,
            CreateMetrics metrics,
            CreateHistory history,
            Downs downs,
            StartSequence.Unsettled unsettled) {
        this.table = table;
        this.dispatcher = dispatcher;
        this.metrics = metrics;
        this.history = history;
        this.downs = downs;
        this.unsettled = unsettled;
    }

    /** Their acceptance is on the disk: they can be seen, and wait. Pair with {@link #go}. */
    void begin(BatchRequest batch, List<Candidate> accepted, long validatedAtNanos) {
        long now = System.nanoTime();
        List<CreateRequest> ready = new ArrayList<>(accepted.size());
        for (Candidate candidate : accepted) {
            CreateRequest create = new CreateRequest(
                    candidate.vm(), candidate.item(), candidate.asked().createClass(), 1, batch.decodedAtNanos(), now);
            create.stations().pass(Station.DECODED, batch.decodedAtNanos());
            create.stations().pass(Station.VALIDATED, validatedAtNanos);
            create.stations().pass(Station.QUEUED, now);
            history.begins(create);
            metrics.accepted(batch.decodedAtNanos(), now);
            boolean holds = candidate.unsettled() || !candidate.pathProblems().isEmpty(); // found since it was accepted
            if (holds) {
                held.put(create.vm().id(), create); // before it is told: from then on somebody may want it back
            } else {
                ready.add(create);
            }
            table.announce(candidate.vm());
            if (holds) {
                candidate.pathsJudged().thenRun(() -> judged(create, candidate));
            }
        }
        queue(ready);
    }

    /** Their acceptance is being answered, and who is free takes them: not before, for their starts would hold up the answer. */
    void go() {
        dispatcher.wake();
    }

    /** One that was destroyed in the moment since it was announced is not to stay in the queue. */
    private void queue(List<CreateRequest> creates) {
        dispatcher.add(creates);
        for (CreateRequest create : creates) {
            Vm vm = create.vm();
            if (table.get(vm.id()).filter(now -> now.life() == vm.life()).isEmpty()) {
                dispatcher.gone(vm);
            }
        }
    }

    private void judged(CreateRequest create, Candidate candidate) {
        UUID id = create.vm().id();
        if (!held.remove(id, create)) {
            return; // destroyed, or cancelled
        }
        List<Problem> problems = candidate.pathProblems();
        if (problems.isEmpty()) {
            queue(List.of(create));
            go();
            return;
        }
        dispatcher.giveBack(List.of(Place.of(create)));
        Problem first = problems.get(0);
        String why = "not started: " + first.field() + ": " + first.rule();
        LOG.warn("{} ({}) is {}", create.vm().name(), id, why);
        Optional<Vm> now = table.get(id).filter(vm -> vm.life() == create.vm().life());
        if (now.isPresent() && !downs.down(create.vm(), ExitInfo.startFailed(why))) {
            unsettled.abandoned(create);
        }
    }

    /** Takes one back whose disks have not answered; null if there is none of that UUID. */
    CreateRequest take(UUID id) {
        CreateRequest create = held.remove(id);
        if (create != null) {
            dispatcher.giveBack(List.of(Place.of(create)));
        }
        return create;
    }
}
