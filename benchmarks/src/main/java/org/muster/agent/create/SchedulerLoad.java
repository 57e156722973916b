package org.muster.agent.create;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What the order of 4000 waiting creates costs each create: its place, its turn, its slot, and what the limit learns from it. Eight run at
 * once, each for 150 to 450 ms. In the scheduler's own package: nothing else has to do with its parts.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SchedulerLoad {
    private static final int WAITING = 4000;
    private static final int AT_HAND = 1000;
    private static final int AT_ONCE = 8;
    private static final long STEP_NANOS = 20_000_000; // between two starts, at least
    private static final long SCATTER_NANOS = 37_500_000;

    private final Deque<CreateRequest> atHand = new ArrayDeque<>();
    private final Deque<Slots.Slot> running = new ArrayDeque<>();
    private final Random scatter = new Random(1);
    private Dispatcher dispatcher;
    private long now = 1;

    /** Four classes, seven priorities, a hundred batches. */
    @Setup(Level.Trial)
    public void fill() throws InterruptedException {
        dispatcher = new Dispatcher(
                new CreateQueue(WAITING + 1),
                new Slots(
                        new Concurrency.Unlimited(),
                        2), // its limit learns all the same, and eight can run from the start
                () -> new Slots.Guard(64, 8, 0),
                () -> "",
                () -> now);
        VmTable table = new VmTable(new EventClock());
        for (int i = 0; i < WAITING + AT_HAND; i++) {
            UUID id = new UUID(3, i);
            CreateClass createClass = CreateClass.values()[i % 4];
            AcceptedItem item = new AcceptedItem(
                    id, "n" + i, "", false, "batch-" + i % 100, "", createClass.name(), i % 7, true, now, 0);
            atHand.add(new CreateRequest(table.reserve(id, item.name(), false).vm(), item, createClass, 1, now, now));
        }
        for (int i = 0; i < WAITING; i++) {
            enter(atHand.remove());
        }
        for (int i = 0; i < AT_ONCE; i++) {
            running.add(dispatcher.next());
            enter(atHand.remove());
        }
    }

    private void enter(CreateRequest request) {
        int position =
                dispatcher.promise(List.of(Place.of(request))).positions().get(0);
        if (position == 0) {
            throw new IllegalStateException("the queue has no place, with " + dispatcher.waiting() + " waiting");
        }
        dispatcher.add(List.of(request));
    }

    /** One comes, one goes: 4000 always wait. */
    @Benchmark
    public int create() throws InterruptedException {
        now += STEP_NANOS + (long) (scatter.nextDouble() * SCATTER_NANOS);
        CreateRequest next = atHand.remove();
        enter(new CreateRequest(next.vm(), next.item(), next.createClass(), 1, now, now));
        Slots.Slot slot = running.remove();
        dispatcher.finished(slot, Outcome.STARTED);
        running.add(dispatcher.next());
        atHand.add(slot.request());
        return dispatcher.waiting();
    }
}
