package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Queue and slots together, in simulated time, and what wakes a worker. */
class DispatcherTest {
    private static final long MILLI = 1_000_000;
    private static final Slots.Guard FREE = new Slots.Guard(64, 8, 0);

    private final AtomicReference<Slots.Guard> guard = new AtomicReference<>(FREE);
    private final AtomicReference<String> journal = new AtomicReference<>(""); // its trouble
    private long now; // simulated

    private Dispatcher dispatcher(int limit) {
        return new Dispatcher(
                new CreateQueue(100), new Slots(new Concurrency.Fixed(limit), 2), guard::get, journal::get, () -> now);
    }

    private static void fill(Dispatcher dispatcher, int count) {
        List<CreateRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(Requests.of(i));
        }
        assertThat(dispatcher.promise(requests.stream().map(Place::of).toList()).positions())
                .doesNotContain(0);
        dispatcher.add(requests);
    }

    /** Runs everything that waits, each create taking {@code callMillis}; answers when each began, in ms. */
    private List<Long> simulate(Dispatcher dispatcher, long callMillis, Map<Long, Runnable> atMillis)
            throws InterruptedException {
        List<Long> begun = new ArrayList<>();
        Map<Slots.Slot, Long> ends = new HashMap<>();
        Map<Long, Runnable> script = new HashMap<>(atMillis);
        while (true) {
            while (dispatcher.waiting() > 0 && dispatcher.waitingFor().isEmpty()) {
                ends.put(dispatcher.next(), now + callMillis * MILLI);
                begun.add(now / MILLI);
            }
            long next = ends.values().stream().min(Comparator.naturalOrder()).orElse(Long.MAX_VALUE);
            long change =
                    script.keySet().stream().min(Comparator.naturalOrder()).orElse(Long.MAX_VALUE / MILLI);
            if (next == Long.MAX_VALUE && script.isEmpty()) {
                return begun;
            }
            now = Math.min(next, change * MILLI);
            if (change * MILLI == now) {
                script.remove(change).run();
            }
            ends.entrySet().removeIf(end -> {
                boolean over = end.getValue() <= now;
                if (over) {
                    dispatcher.finished(end.getKey(), Outcome.STARTED);
                }
                return over;
            });
        }
    }

    @Test
    void twentyCreatesOfHalfASecondWithFourSlotsTakeTwoAndAHalf() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(4);
        fill(dispatcher, 20);

        List<Long> begun = simulate(dispatcher, 500, Map.of());

        assertThat(begun)
                .containsExactly(
                        0L, 0L, 0L, 0L, 500L, 500L, 500L, 500L, 1000L, 1000L, 1000L, 1000L, 1500L, 1500L, 1500L, 1500L,
                        2000L, 2000L, 2000L, 2000L);
        assertThat(now / MILLI).isEqualTo(2500);
        assertThat(begun.stream().mapToLong(at -> at + 500).average()).hasValue(1500);
    }

    @Test
    void aLimitRaisedOnTheWayTakesEffectAtOnce() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(4);
        fill(dispatcher, 20);

        simulate(dispatcher, 500, Map.of(500L, () -> dispatcher.setConcurrency(new Concurrency.Fixed(8))));

        assertThat(now / MILLI).isEqualTo(1500);
    }

    @Test
    void aLimitLoweredOnTheWayCancelsNothing() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(4);
        fill(dispatcher, 20);

        List<Long> begun =
                simulate(dispatcher, 500, Map.of(250L, () -> dispatcher.setConcurrency(new Concurrency.Fixed(1))));

        assertThat(begun).hasSize(20);
        assertThat(now / MILLI).isEqualTo(8500);
    }

    @Test
    void aHungCreateIsFoundOnceAndItsPlaceIsFree() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(1);
        fill(dispatcher, 2);
        Slots.Slot hung = dispatcher.next();
        assertThat(dispatcher.waitingFor()).contains("all 1 slots");
        assertThat(dispatcher.starting()).isTrue();

        now = 30_000 * MILLI;

        assertThat(dispatcher.judge()).containsExactly(hung);
        assertThat(dispatcher.starting()).as("one that hangs").isFalse();
        assertThat(dispatcher.judge()).isEmpty();
        assertThat(dispatcher.waitingFor()).isEmpty();
        assertThat(dispatcher.next()).isNotNull();
        assertThat(dispatcher.running()).hasSize(2);
    }

    @Test
    void withoutALinkNothingStartsAndTheReasonIsTold() throws Exception {
        Dispatcher dispatcher = dispatcher(4);
        guard.set(null);
        fill(dispatcher, 1);
        CompletableFuture<Slots.Slot> worker = worker(dispatcher);

        assertThat(dispatcher.waitingFor()).isEqualTo("there is no link to libvirtd");
        assertThat(worker).isNotDone();
        guard.set(FREE);
        dispatcher.wake();

        assertThat(worker.get(5, TimeUnit.SECONDS)).isNotNull();
    }

    /** Or one after the other would be taken out of the queue to fail, as fast as libvirtd defines them. */
    @Test
    void whileNothingCanBeWrittenDownNothingStartsAndTheReasonIsTold() throws Exception {
        Dispatcher dispatcher = dispatcher(4);
        journal.set("the disk is full");
        fill(dispatcher, 1);
        CompletableFuture<Slots.Slot> worker = worker(dispatcher);

        assertThat(dispatcher.waitingFor()).isEqualTo("the disk is full");
        assertThat(worker).isNotDone();
        journal.set("");

        assertThat(worker.get(5, TimeUnit.SECONDS)).isNotNull(); // it has looked again by itself
    }

    @Test
    void aWorkerThatWaitsIsWokenByEveryReasonToGoOn() throws Exception {
        Dispatcher dispatcher = dispatcher(1);
        fill(dispatcher, 3);
        Slots.Slot first = dispatcher.next();
        CompletableFuture<Slots.Slot> second = worker(dispatcher);

        dispatcher.finished(first, Outcome.STARTED);
        assertThat(second.get(5, TimeUnit.SECONDS)).isNotNull();
        CompletableFuture<Slots.Slot> third = worker(dispatcher);
        dispatcher.setConcurrency(new Concurrency.Fixed(2));
        assertThat(third.get(5, TimeUnit.SECONDS)).isNotNull();
        CompletableFuture<Slots.Slot> none = worker(dispatcher);
        dispatcher.close();
        assertThat(none.get(5, TimeUnit.SECONDS)).isNull();
    }

    private static CompletableFuture<Slots.Slot> worker(Dispatcher dispatcher) {
        CompletableFuture<Slots.Slot> slot = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                slot.complete(dispatcher.next());
            } catch (InterruptedException e) {
                slot.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return slot;
    }
}
