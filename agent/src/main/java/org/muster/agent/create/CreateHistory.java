package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.create.Stations.Station;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.JournalRecord;
import org.muster.agent.journal.JournalState;

/**
 * What became of every create that was accepted: those under way, and of those that ended the last thousand or the last
 * quarter of an hour, whichever is more.
 *
 * <p>Hears of every change of the table, last of all, so that "told" is the truth when it says so. Thread-safe; never
 * blocks.
 */
final class CreateHistory implements VmListener {
    private static final long OLDEST_CLICK_MILLIS = Duration.ofDays(1).toMillis(); // beyond, it is seconds, or made up
    private static final long SAME_MILLIS = 5000; // the wall clock may have been set in between

    private record Life(UUID id, long life) {}

    /** A create under way. */
    private record Course(CreateRequest request, long acceptedAtMillis) {}

    private final LongSupplier nanoTime;
    private final LongSupplier wallMillis;
    private final Consumer<JournalRecord.Ended> write;
    private final Consumer<CreateRecord> whenEnded;

    @GuardedBy("this")
    private final Map<Life, Course> underWay = new LinkedHashMap<>(); // bounded by the queue and what is running

    @GuardedBy("this")
    private final Deque<CreateRecord> ended = new ArrayDeque<>(); // oldest first

    /**
     * @param write makes the end of a create survive us, soon; must not block
     * @param whenEnded is told of those that end from now on; must not block
     */
    CreateHistory(
            LongSupplier nanoTime,
            LongSupplier wallMillis,
            Consumer<JournalRecord.Ended> write,
            Consumer<CreateRecord> whenEnded) {
        this.nanoTime = nanoTime;
        this.wallMillis = wallMillis;
        this.write = write;
        this.whenEnded = whenEnded;
    }

    /** A create was accepted, now or in a former life of ours. */
    synchronized void begins(CreateRequest request) {
        Life life = new Life(request.vm().id(), request.vm().life());
        underWay.put(life, new Course(request, acceptedAtMillis(request.item())));
    }

    /** The guest was seen running; {@link #changed} comes when that has been told. */
    synchronized void sawRunning(Vm vm) {
        Course course = underWay.get(new Life(vm.id(), vm.life()));
        if (course != null) {
            course.request.stations().pass(Station.RUNNING, nanoTime.getAsLong());
        }
    }

    private long acceptedAtMillis(AcceptedItem item) {
        long age = nanoTime.getAsLong() - item.acceptedAtNanos();
        return age < 0 ? 0 : wallMillis.getAsLong() - TimeUnit.NANOSECONDS.toMillis(age); // negative: of another boot
    }

    /** Restores what the journal knows of creates that ended. */
    synchronized void restore(JournalRecord.Ended end) {
        keep(Endings.read(end));
    }

    /**
     * Restores a create that had ended when we were last here, unless that is known already, or is older than all that are kept: then it
     * was forgotten, and is not to take the place of one of them.
     */
    synchronized void restore(AcceptedItem item, State state, String reason, int exitReason) {
        long acceptedAt = acceptedAtMillis(item);
        if (ended.size() >= JournalState.ENDS_KEPT && acceptedAt < ended.peek().acceptedAtMillis()) {
            return;
        }
        boolean known = ended.stream()
                .anyMatch(end -> end.id().equals(item.id())
                        && (acceptedAt == 0 || Math.abs(end.acceptedAtMillis() - acceptedAt) < SAME_MILLIS));
        if (!known) {
            keep(new CreateRecord(
                    item.id(),
                    item.name(),
                    item.batchId(),
                    CreateClass.valueOf(item.createClass()),
                    item.priority(),
                    state,
                    reason,
                    exitReason,
                    acceptedAt,
                    item.requestedAtMillis(),
                    0,
                    0,
                    Map.of()));
        }
    }

    @Override
    public void changed(Vm before, Vm after) {
        boolean runs = after.status().running();
        if (!runs && after.status() != VmStatus.DOWN) {
            return;
        }
        CreateRecord end;
        synchronized (this) {
            Course course = underWay.remove(new Life(after.id(), after.life()));
            if (course == null) {
                return; // it ran before
            }
            if (runs) {
                course.request.stations().pass(Station.PUBLISHED, nanoTime.getAsLong());
            }
            end = record(course, ended(after), after.exit().orElse(null), wallMillis.getAsLong());
            keep(end);
        }
        write.accept(Endings.written(end));
        whenEnded.accept(end);
    }

    private static State ended(Vm vm) {
        if (vm.status().running()) {
            return vm.status() == VmStatus.PAUSED ? State.PAUSED : State.UP;
        }
        ExitInfo exit = vm.exit().orElseThrow();
        if (exit.equals(ExitInfo.cancelled())) {
            return State.CANCELLED;
        }
        return exit.error() ? State.FAILED : State.DESTROYED;
    }

    @Override
    public void removed(Vm last) {
        // told as Down before
    }

    @GuardedBy("this")
    private void keep(CreateRecord end) {
        ended.add(end);
        long before = wallMillis.getAsLong() - JournalState.ENDS_KEPT_FOR.toMillis();
        while (ended.size() > JournalState.ENDS_MOST
                || (ended.size() > JournalState.ENDS_KEPT && ended.peek().endedAtMillis() < before)) {
            ended.remove();
        }
    }

    private CreateRecord record(Course course, State state, ExitInfo exit, long endedAtMillis) {
        CreateRequest request = course.request;
        AcceptedItem item = request.item();
        return new CreateRecord(
                item.id(),
                item.name(),
                item.batchId(),
                request.createClass(),
                item.priority(),
                state,
                exit == null || !exit.error() ? "" : exit.message(),
                exit == null ? 0 : exit.reason(),
                course.acceptedAtMillis,
                item.requestedAtMillis(),
                endedAtMillis,
                request.stations().attempts(),
                request.stations().phases(userNanos(request)));
    }

    /** From the click to the message; a click in the future is a clock that is wrong, and counts as now; one of long ago as none. */
    private OptionalLong userNanos(CreateRequest request) {
        long requestedAt = request.item().requestedAtMillis();
        OptionalLong decodedAt = request.stations().at(Station.DECODED);
        if (requestedAt == 0 || decodedAt.isEmpty()) {
            return OptionalLong.empty();
        }
        long sinceDecoded = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - decodedAt.getAsLong());
        long decodedAtMillis = wallMillis.getAsLong() - sinceDecoded;
        long age = Math.max(0, decodedAtMillis - requestedAt);
        return age > OLDEST_CLICK_MILLIS ? OptionalLong.empty() : OptionalLong.of(TimeUnit.MILLISECONDS.toNanos(age));
    }

    /** Those that have not ended, in the order in which they were accepted. */
    synchronized List<CreateRecord> underWay() {
        List<CreateRecord> all = new ArrayList<>();
        for (Course course : underWay.values()) {
            all.add(record(course, course.request.stations().state(), null, 0));
        }
        return all;
    }

    /** Those under way, the last accepted first; then those that ended, the last one first. */
    synchronized List<CreateRecord> newestFirst() {
        List<CreateRecord> all = new ArrayList<>(ended);
        all.addAll(underWay());
        Collections.reverse(all);
        return all;
    }
}
