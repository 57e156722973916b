package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;

/** What the order of 4000 waiting creates costs each create: its place, its turn, its slot. */
@Tag("alone")
class SchedulerCostTest {
    private static final int WAITING = 4000;
    private static final int ROUNDS = 9;
    private static final int CREATES = 2000;
    private static final long MOST_NANOS = 100_000;

    private final VmTable table = new VmTable(new EventClock());
    private long now = 1;
    private int made;

    private CreateRequest request() {
        int number = made++;
        CreateClass createClass = CreateClass.values()[number % 4];
        UUID id = new UUID(3, number);
        AcceptedItem item = new AcceptedItem(
                id, "n" + number, "", false, "batch-" + number % 100, "", createClass.name(), number % 7, true, now, 0);
        Vm vm = table.reserve(id, item.name(), false).vm();
        return new CreateRequest(vm, item, createClass, 1, now, now);
    }

    private List<CreateRequest> requests(int count) {
        List<CreateRequest> requests = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            requests.add(request());
        }
        return requests;
    }

    @Test
    void lessThanAHundredMicrosecondsOfProcessorTimeACreate() throws InterruptedException {
        Dispatcher dispatcher = new Dispatcher(
                new CreateQueue(WAITING + 1),
                new Slots(new Concurrency.Fixed(4), 2),
                () -> new Slots.Guard(64, 8, 0),
                () -> "",
                () -> now);
        for (CreateRequest request : requests(WAITING)) {
            enter(dispatcher, request);
        }
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long[] nanosEach = new long[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            List<CreateRequest> more = requests(CREATES);
            long from = threads.getCurrentThreadCpuTime();
            for (CreateRequest request : more) {
                now += 1_000_000;
                enter(dispatcher, request);
                Slots.Slot slot = dispatcher.next();
                dispatcher.finished(slot, Outcome.STARTED);
            }
            nanosEach[round] = (threads.getCurrentThreadCpuTime() - from) / CREATES;
            assertThat(dispatcher.waiting()).isEqualTo(WAITING);
        }
        Arrays.sort(nanosEach);
        assertThat(nanosEach[ROUNDS / 2]).as("%s", Arrays.toString(nanosEach)).isLessThan(MOST_NANOS);
    }

    private static void enter(Dispatcher dispatcher, CreateRequest request) {
        assertThat(dispatcher.promise(List.of(Place.of(request))).positions().get(0))
                .isPositive();
        dispatcher.add(List.of(request));
    }
}
