package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;

/** Queue, slots and hung starts together, in virtual time: what the rest loses by those that never return, and HA among others. */
class SlotScenariosTest {
    private static final double SECOND = 1e9;
    private static final long CALL = (long) (0.5 * SECOND);
    private static final long NEVER = Long.MAX_VALUE;
    private static final long TICK = (long) (0.25 * SECOND); // as create-watch looks
    private static final Slots.Guard GUARD = new Slots.Guard(64, 8, 0);
    private static final int STOCK = 3; // calls that a libvirtd with 5 workers can have hanging

    private long now = (long) SECOND;

    private record Running(Slots.Slot slot, long endsAt) {}

    /** When a start ended. */
    private record Ended(CreateRequest request, double seconds) {}

    private Dispatcher dispatcher(int limit) {
        return dispatcher(limit, GUARD);
    }

    private Dispatcher dispatcher(int limit, Slots.Guard guard) {
        return new Dispatcher(
                new CreateQueue(4000), new Slots(new Concurrency.Fixed(limit), 2), () -> guard, () -> "", () -> now);
    }

    private void ask(Dispatcher dispatcher, List<CreateRequest> requests) {
        assertThat(dispatcher.promise(requests.stream().map(Place::of).toList()).positions())
                .doesNotContain(0);
        dispatcher.add(requests);
    }

    private static List<CreateRequest> requests(int count, CreateClass createClass) {
        List<CreateRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(Requests.of(i, createClass, 0));
        }
        return requests;
    }

    /** Runs until so many have ended, or nothing but hung ones is left. */
    private List<Ended> run(Dispatcher dispatcher, int count, ToLongFunction<CreateRequest> lasts)
            throws InterruptedException {
        long from = now;
        List<Ended> ended = new ArrayList<>();
        PriorityQueue<Running> running = new PriorityQueue<>((a, b) -> Long.compare(a.endsAt, b.endsAt));
        long nextLook = now + TICK;
        while (ended.size() < count) {
            while (dispatcher.waiting() > 0 && dispatcher.waitingFor().isEmpty()) {
                Slots.Slot slot = dispatcher.next();
                long length = lasts.applyAsLong(slot.request());
                running.add(new Running(slot, length == NEVER ? NEVER : now + length));
            }
            assertThat(now - from)
                    .as("%d of %d have ended", ended.size(), count)
                    .isLessThan((long) (3600 * SECOND));
            if (running.isEmpty() || running.peek().endsAt > nextLook) {
                now = nextLook;
                nextLook += TICK;
                List<Slots.Slot> unused = dispatcher.judge();
                continue;
            }
            Running next = running.poll();
            now = next.endsAt;
            dispatcher.finished(next.slot, Outcome.STARTED);
            ended.add(new Ended(next.slot.request(), (now - from) / SECOND));
        }
        return ended;
    }

    @Test
    void threeOfEightThatNeverReturnLeaveTheRestItsRateAfterThirtySeconds() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(8);
        List<CreateRequest> hung = requests(3, CreateClass.HA); // first in the queue
        ask(dispatcher, hung);
        ask(dispatcher, requests(1000, CreateClass.NORMAL));

        List<Ended> ended = run(dispatcher, 1000, request -> hung.contains(request) ? NEVER : CALL);

        double before = ended.stream().filter(end -> end.seconds <= 30).count() / 30.0;
        double after = ended.stream()
                        .filter(end -> end.seconds > 31 && end.seconds <= 51)
                        .count()
                / 20.0;
        assertThat(before).as("with five slots").isBetween(9.0, 10.1);
        assertThat(after).as("8 slots without them make 16 a second").isGreaterThanOrEqualTo(0.9 * 16);
    }

    @Test
    void oneThatHangsForTwoMinutesAndReturnsCostsItsSlotForThirtySecondsOnly() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(4);
        List<CreateRequest> slow = requests(1, CreateClass.HA);
        ask(dispatcher, slow);
        ask(dispatcher, requests(1000, CreateClass.NORMAL));

        List<Ended> ended = run(dispatcher, 1001, request -> slow.contains(request) ? (long) (120 * SECOND) : CALL);

        assertThat(ended)
                .filteredOn(end -> slow.contains(end.request))
                .singleElement()
                .extracting(Ended::seconds)
                .isEqualTo(120.0);
        assertThat(between(ended, 1, 30)).as("with three slots").isBetween(5.8, 6.2);
        assertThat(between(ended, 31, 119)).as("with a substitute").isBetween(7.8, 8.2);
        assertThat(between(ended, 121, 128)).as("when it has returned").isBetween(7.0, 8.2);
    }

    /** How many ended a second. */
    private static double between(List<Ended> ended, double from, double to) {
        return ended.stream()
                        .filter(end -> end.seconds > from && end.seconds <= to)
                        .count()
                / (to - from);
    }

    @Test
    void asManyDeadDisksAsSlotsAndTheOthersStillStart() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(4);
        List<CreateRequest> dead = requests(4, CreateClass.HA);
        ask(dispatcher, dead);
        ask(dispatcher, requests(20, CreateClass.NORMAL));

        List<Ended> ended = run(dispatcher, 20, request -> dead.contains(request) ? NEVER : CALL);

        assertThat(ended).extracting(Ended::request).doesNotContainAnyElementsOf(dead);
        assertThat(ended.get(19).seconds)
                .as("30 s until they are slow, then five waves")
                .isBetween(32.0, 33.5);
    }

    /** All come one after the other, each into a queue that is full. */
    @Test
    void onAStockLibvirtdTheOthersStartOneByOneBesideTwoDeadDisks() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(4, new Slots.Guard(14, STOCK, 0));
        List<CreateRequest> dead = requests(2, CreateClass.HA);
        ask(dispatcher, dead);
        ask(dispatcher, requests(200, CreateClass.NORMAL));

        List<Ended> ended = run(dispatcher, 200, request -> dead.contains(request) ? NEVER : CALL);

        assertThat(between(ended, 1, 30)).as("with two of four slots").isBetween(3.8, 4.2);
        assertThat(between(ended, 31, 60)).as("one at a time").isBetween(1.9, 2.1);
        assertThat(dispatcher.running()).hasSize(2);
    }

    @Test
    void onAStockLibvirtdNoMoreHangThanItCanBearWhoeverHangsNext() throws InterruptedException {
        Dispatcher dispatcher = dispatcher(4, new Slots.Guard(14, STOCK, 0));
        List<CreateRequest> dead = requests(2, CreateClass.HA);
        ask(dispatcher, dead);
        ask(dispatcher, requests(200, CreateClass.NORMAL));
        List<Ended> unused = run(dispatcher, 180, request -> dead.contains(request) ? NEVER : CALL);
        List<CreateRequest> more = requests(5, CreateClass.HA);
        ask(dispatcher, more);

        while (dispatcher.waitingFor().isEmpty() || dispatcher.judge().isEmpty()) {
            if (dispatcher.waitingFor().isEmpty()) {
                Slots.Slot slot = dispatcher.next();
                assertThat(slot.request()).isIn(more);
            }
            now += TICK;
        }

        assertThat(dispatcher.running()).hasSize(STOCK).allMatch(Slots.Slot::hung);
        assertThat(dispatcher.waitingFor()).contains("3 calls hang in libvirtd");
    }

    @Test
    void twentyHaAmongTwoHundredAgedOnesTakeAtMostAnEighthMore() throws InterruptedException {
        Dispatcher alone = dispatcher(4);
        ask(alone, requests(20, CreateClass.HA));
        double unhindered = lastOf(run(alone, 20, request -> CALL), CreateClass.HA);

        Dispatcher dispatcher = dispatcher(4);
        ask(dispatcher, requests(200, CreateClass.NORMAL));
        now += (long) (40 * SECOND); // they have aged
        ask(dispatcher, requests(20, CreateClass.HA));
        double among = lastOf(run(dispatcher, 220, request -> CALL), CreateClass.HA);

        assertThat(among).isLessThanOrEqualTo(unhindered * 8 / 7 + CALL / SECOND); // what had its slot already
    }

    private static double lastOf(List<Ended> ended, CreateClass createClass) {
        return ended.stream()
                .filter(end -> end.request.createClass() == createClass)
                .mapToDouble(Ended::seconds)
                .max()
                .orElseThrow();
    }
}
