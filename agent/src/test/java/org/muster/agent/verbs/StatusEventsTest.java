package org.muster.agent.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.NotificationHub;
import org.muster.agent.stats.StatsView;
import org.muster.libvirt.DomainRecord;

/** The notification as the engine takes it apart: engine-contract 6.1. */
class StatusEventsTest {
    private static final UUID ID = new UUID(1, 1);

    private final List<String> methods = new ArrayList<>();
    private final List<JsonNode> params = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong(Duration.ofHours(1).toNanos()); // stands still between two events
    private final EventClock clock = new EventClock(nanos::get);
    private final VmTable table = new VmTable(clock);
    private final StatusEvents events = new StatusEvents(
            (method, content, ownKind) -> {
                assertThat(ownKind).as("VDSM has it too").isFalse();
                methods.add(method);
                params.add(content);
                nanos.addAndGet(Duration.ofMillis(1).toNanos());
            },
            new StatsView(StatusWords::of, new NothingKnown(), clock, System::nanoTime),
            clock);

    StatusEventsTest() {
        table.listen(events);
    }

    @Test
    void everyStatusIsToldWithItsStamp() {
        Vm vm = table.reserve(ID, "n", false).vm();
        table.announce(vm);
        table.beginLaunch(vm);
        table.beginStart(vm);
        table.endLaunch(vm, true, 1);

        assertThat(methods).containsOnly("|virt|VM_status|" + ID);
        assertThat(params.stream().map(p -> p.get(ID.toString()).get("status").textValue()))
                .containsExactly("WaitForLaunch", "Powering up", "Up");
        JsonNode last = params.get(2);
        assertThat(last.get("notify_time").isIntegralNumber()).isTrue();
        assertThat(last.get("notify_time").longValue())
                .isEqualTo(table.get(ID).orElseThrow().statusTime());
        assertThat(last.size()).as("every key but the time must be a UUID").isEqualTo(2);
    }

    @Test
    void aDownTellsWhyAndARemovalNothing() {
        Vm vm = table.reserve(ID, "n", false).vm();
        table.announce(vm);
        table.remove(vm, ExitInfo.startFailed("it broke"));

        assertThat(params).hasSize(2);
        JsonNode down = params.get(1).get(ID.toString());
        assertThat(down.get("status").textValue()).isEqualTo("Down");
        assertThat(down.get("exitCode").isInt()).isTrue();
        assertThat(down.get("exitReason").intValue()).isEqualTo(1);
        assertThat(down.get("exitMessage").textValue()).isEqualTo("it broke");
    }

    @Test
    void aMonitorThatStopsAnsweringIsTold() {
        Vm vm = table.reserve(ID, "n", false).vm();

        events.responsive(vm, false);
        events.responsive(vm, true);

        assertThat(params.stream()
                        .map(p -> p.get(ID.toString()).get("monitorResponse").textValue()))
                .containsExactly("-1", "0");
    }

    @Test
    void oneThatIsBeingEndedPowersDownAndGoesOnIfThatFails() {
        Vm vm = table.reserve(ID, "n", false).vm();
        table.announce(vm);
        table.destroying(ID, true);
        assertThat(params).as("it does not run yet").hasSize(1);
        table.destroying(ID, false);
        table.beginLaunch(vm);
        table.beginStart(vm);
        table.endLaunch(vm, true, 1);

        table.destroying(ID, true);
        table.destroying(ID, true);
        table.destroying(ID, false);

        assertThat(params.stream().map(p -> p.get(ID.toString()).get("status").textValue()))
                .containsExactly("WaitForLaunch", "Powering up", "Up", "Powering down", "Up");
        assertThat(params.stream().map(p -> p.get("notify_time").longValue())).isSorted();
    }

    @Test
    void anEngineThatComesIsToldHowAllAre() {
        StatsView view = new StatsView(StatusWords::of, new NothingKnown(), clock, System::nanoTime);
        assertThat(StatusEvents.all(table, view)).isEmpty();
        UUID other = new UUID(1, 2);
        table.adopt(new DomainRecord(ID, "n", DomainRecord.State.PAUSED, 5, 0), false, 0);
        table.restoreDown(other, "m", ExitInfo.startFailed("it broke"));

        NotificationHub.Notice notice = StatusEvents.all(table, view).orElseThrow();

        assertThat(notice.method()).matches("\\|virt\\|VM_status\\|[0-9a-f-]{36}");
        assertThat(notice.params().get(ID.toString()).toString())
                .isEqualTo("{\"status\":\"Paused\",\"pauseCode\":\"EOTHER\"}");
        assertThat(notice.params().at("/" + other + "/exitReason").intValue()).isEqualTo(1);
        assertThat(notice.params().get("notify_time").longValue())
                .isGreaterThanOrEqualTo(table.get(other).orElseThrow().statusTime());
        assertThat(notice.params()).hasSize(3);
    }

    @Test
    void theWordsAreTheContracts() {
        assertThat(StatusWords.of(VmStatus.PAUSED)).isEqualTo("Paused");
        assertThat(StatusWords.of(VmStatus.POWERING_DOWN)).isEqualTo("Powering down");
        assertThat(StatusWords.of(VmStatus.DOWN)).isEqualTo("Down");
    }
}
