package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.create.Stations.Station;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.JournalRecord;

/** How much of the past is kept, in simulated time. */
class CreateHistoryTest {
    private static final long MINUTE = 60_000;

    private final VmTable table = new VmTable(new EventClock());
    private final List<JournalRecord.Ended> written = new ArrayList<>();
    private long wallMillis = 1_700_000_000_000L;
    private long nanos = 1_000_000_000L;
    private final CreateHistory history = new CreateHistory(() -> nanos, () -> wallMillis, written::add, end -> {});

    private CreateRequest begin(UUID id) {
        AcceptedItem item =
                new AcceptedItem(id, id.toString(), "<domain/>", false, "b", "", "NORMAL", 0, true, nanos, 0);
        Vm vm = table.reserve(id, id.toString(), false).vm();
        CreateRequest request = new CreateRequest(vm, item, CreateClass.NORMAL, 1, nanos, nanos);
        history.begins(request);
        return request;
    }

    private void fail(UUID id) {
        begin(id);
        table.listen(history);
        table.down(table.get(id).orElseThrow(), ExitInfo.startFailed("no"));
    }

    private void failMany(int first, int count) {
        VmTable many = new VmTable(new EventClock());
        many.listen(history);
        for (int i = 0; i < count; i++) {
            UUID id = new UUID(1, first + i);
            AcceptedItem item =
                    new AcceptedItem(id, id.toString(), "<domain/>", false, "b", "", "NORMAL", 0, true, nanos, 0);
            Vm vm = many.reserve(id, id.toString(), false).vm();
            history.begins(new CreateRequest(vm, item, CreateClass.NORMAL, 1, nanos, nanos));
            many.down(vm, ExitInfo.startFailed("no"));
        }
    }

    @Test
    void theLastThousandAreKeptHoweverOldTheyAre() {
        failMany(0, 1500);
        wallMillis += 60 * MINUTE;

        failMany(2000, 1);

        assertThat(history.newestFirst()).hasSize(1000);
        assertThat(history.newestFirst().get(0).id()).isEqualTo(new UUID(1, 2000));
        assertThat(written).hasSize(1501);
    }

    @Test
    void thoseOfTheLastQuarterOfAnHourAreKeptHoweverManyUpToTenThousand() {
        failMany(0, 4000);
        wallMillis += 14 * MINUTE;
        failMany(10_000, 1);
        assertThat(history.newestFirst()).hasSize(4001);

        failMany(20_000, 8000);

        assertThat(history.newestFirst()).hasSize(10_000);
    }

    @Test
    void oneUnderWayIsNeverDropped() {
        UUID early = new UUID(9, 9);
        CreateRequest request = begin(early);
        request.stations().pass(Station.QUEUED, nanos);
        failMany(0, 12_000);

        assertThat(history.newestFirst().get(0).id()).isEqualTo(early);
        assertThat(history.underWay())
                .singleElement()
                .satisfies(create -> assertThat(create.state()).isEqualTo(CreateRecord.State.QUEUED));
    }

    @Test
    void whatIsWrittenDownIsReadBackAsItWas() {
        fail(new UUID(3, 3));
        CreateHistory next = new CreateHistory(() -> nanos, () -> wallMillis, written::add, end -> {});

        next.restore(written.get(0));

        assertThat(next.newestFirst()).isEqualTo(history.newestFirst());
    }

    @Test
    void aGuestOfLongAgoTakesNoPlaceOfALaterCreateInTheNextLife() {
        AcceptedItem old = new AcceptedItem(new UUID(3, 3), "old", "", false, "b", "", "NORMAL", 0, true, nanos, 0);
        pass(60);
        failMany(0, 1000);
        pass(1);
        AcceptedItem lost = new AcceptedItem(new UUID(3, 4), "lost", "", false, "b", "", "NORMAL", 0, true, nanos, 0);
        CreateHistory next = new CreateHistory(() -> nanos, () -> wallMillis, written::add, end -> {});
        written.forEach(next::restore);

        next.restore(old, CreateRecord.State.UP, "", 0);
        assertThat(next.newestFirst()).isEqualTo(history.newestFirst());

        next.restore(lost, CreateRecord.State.UP, "", 0); // killed before its end was written down
        assertThat(next.newestFirst().get(0).id()).isEqualTo(lost.id());
    }

    private void pass(long minutes) {
        nanos += minutes * MINUTE * 1_000_000;
        wallMillis += minutes * MINUTE;
    }

    @Test
    void anEndThatIsKnownIsNotRestoredTwiceButALaterCreateOfThatUuidIs() {
        UUID id = new UUID(3, 3);
        fail(id);
        CreateHistory next = new CreateHistory(() -> nanos, () -> wallMillis, written::add, end -> {});
        next.restore(written.get(0));
        AcceptedItem same = new AcceptedItem(id, "n", "", false, "b", "", "NORMAL", 0, true, nanos, 0);
        next.restore(same, CreateRecord.State.FAILED, "no", 1);
        assertThat(next.newestFirst()).hasSize(1);

        nanos += 60_000_000_000L;
        wallMillis += MINUTE;
        AcceptedItem later = new AcceptedItem(id, "n", "", false, "c", "", "NORMAL", 0, true, nanos, 0);
        next.restore(later, CreateRecord.State.UP, "", 0);

        assertThat(next.newestFirst()).extracting(CreateRecord::batchId).containsExactly("c", "b");
    }
}
