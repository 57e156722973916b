package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.create.Stations.Station;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.metrics.DurationHistogram.Summary;

/** What creates are found to have taken, in simulated time. */
class CreateTimesTest {
    private static final long MILLI = 1_000_000;
    private static final List<Phase> CHAIN =
            List.of(Phase.VALIDATE, Phase.JOURNAL, Phase.QUEUE_WAIT, Phase.PREPARE, Phase.TO_RUNNING, Phase.PUBLISH);

    private final VmTable table = new VmTable(new EventClock());
    private final MetricRegistry registry = new MetricRegistry();
    private long wallMillis = 1_700_000_000_000L;
    private long nanos = 1_000_000_000L;
    private final CreateTimes times = new CreateTimes(registry, new CallInflation(), () -> wallMillis);
    private final List<CreateRecord> ended = new ArrayList<>();
    private final CreateHistory history = new CreateHistory(() -> nanos, () -> wallMillis, record -> {}, this::ended);
    private int made;

    CreateTimesTest() {
        table.listen(history);
    }

    private void ended(CreateRecord end) {
        ended.add(end);
        times.ended(end);
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
        wallMillis += time.toMillis();
    }

    private CreateRequest accept(CreateClass createClass, String batchId) {
        UUID id = new UUID(7, made++);
        AcceptedItem item = new AcceptedItem(
                id, "vm-" + made, "<domain/>", false, batchId, "", createClass.name(), 0, true, nanos, 0);
        Vm vm = table.reserve(id, item.name(), false).vm();
        CreateRequest request = new CreateRequest(vm, item, createClass, 1, nanos, nanos);
        table.announce(vm);
        history.begins(request);
        return request;
    }

    /** One that comes up; the time of each step in order. */
    private void run(CreateClass createClass, String batchId, Duration... steps) {
        CreateRequest request = accept(createClass, batchId);
        Station[] way = {
            Station.DECODED, Station.VALIDATED, Station.QUEUED, Station.SLOT, Station.CALL, Station.RETURNED
        };
        request.stations().pass(way[0], nanos);
        for (int i = 1; i < way.length; i++) {
            pass(steps[i - 1]);
            request.stations().pass(way[i], nanos);
        }
        assertThat(table.beginLaunch(request.vm())).isTrue();
        history.sawRunning(request.vm());
        pass(steps[steps.length - 1]);
        table.endLaunch(request.vm(), true, wallMillis);
    }

    private static Duration millis(long millis) {
        return Duration.ofMillis(millis);
    }

    private void run(CreateClass createClass, long queueMillis, long callMillis) {
        run(createClass, "b", millis(1), millis(2), millis(queueMillis), millis(3), millis(callMillis), millis(1));
    }

    @Test
    void theSumsOfThePhasesAreTheSumOfTheTotalsAndAllCountTheSame() {
        Random random = new Random(42);
        for (int i = 0; i < 300; i++) {
            run(
                    CreateClass.values()[random.nextInt(4)],
                    "b",
                    Duration.ofNanos(random.nextInt(5_000_000)),
                    Duration.ofNanos(random.nextInt(5_000_000)),
                    Duration.ofNanos(random.nextInt(2_000_000_000)),
                    Duration.ofNanos(random.nextInt(50_000_000)),
                    Duration.ofNanos(random.nextInt(900_000_000)),
                    Duration.ofNanos(random.nextInt(100_000)));
        }

        CreateStats stats = times.stats();

        assertThat(stats.timed()).isEqualTo(300);
        assertSumsMatch(stats.all(), 300);
        long inClasses = 0;
        for (Map<Phase, Summary> each : stats.classes().values()) {
            assertSumsMatch(each, each.get(Phase.TOTAL).count());
            inClasses += each.get(Phase.TOTAL).count();
        }
        assertThat(stats.classes()).hasSize(4);
        assertThat(inClasses).isEqualTo(300);
    }

    private static void assertSumsMatch(Map<Phase, Summary> phases, long count) {
        assertThat(phases.values())
                .allSatisfy(summary -> assertThat(summary.count()).isEqualTo(count));
        assertThat(CHAIN.stream()
                        .mapToLong(phase -> phases.get(phase).sumNanos())
                        .sum())
                .isEqualTo(phases.get(Phase.TOTAL).sumNanos());
    }

    @Test
    void thePhasesOfTheUsualClassAreThereBeforeTheFirstCreate() {
        assertThat(registry.getTimers())
                .containsKey("create.phase.total.normal")
                .allSatisfy((name, timer) -> assertThat(timer.getCount()).isZero());
        assertThat(times.stats().classes()).isEmpty();
    }

    @Test
    void percentilesAreRight() {
        for (int i = 1; i <= 100; i++) {
            run(CreateClass.NORMAL, 10L * i, 500);
        }

        Map<Phase, Summary> all = times.stats().all();

        Percentage close = Percentage.withPercentage(1.6);
        assertThat(all.get(Phase.QUEUE_WAIT).p50Nanos()).isCloseTo(500 * MILLI, close);
        assertThat(all.get(Phase.QUEUE_WAIT).p90Nanos()).isCloseTo(900 * MILLI, close);
        assertThat(all.get(Phase.QUEUE_WAIT).p95Nanos()).isCloseTo(950 * MILLI, close);
        assertThat(all.get(Phase.QUEUE_WAIT).p99Nanos()).isCloseTo(990 * MILLI, close);
        assertThat(all.get(Phase.QUEUE_WAIT).greatestNanos()).isEqualTo(1000 * MILLI);
        assertThat(all.get(Phase.QUEUE_WAIT).meanNanos()).isEqualTo(505.0 * MILLI);
        assertThat(all.get(Phase.CREATE_CALL).p50Nanos()).isEqualTo(500 * MILLI);
        assertThat(all.get(Phase.CREATE_CALL).greatestNanos()).isEqualTo(500 * MILLI);
    }

    @Test
    void oneThatHungForTwoMinutesHasItsTrueLengthInEveryPhase() {
        run(CreateClass.NORMAL, 40_000, 120_000);

        Map<Phase, Summary> all = times.stats().all();

        assertThat(all.get(Phase.QUEUE_WAIT).greatestNanos()).isEqualTo(40_000 * MILLI);
        assertThat(all.get(Phase.CREATE_CALL).greatestNanos()).isEqualTo(120_000 * MILLI);
        assertThat(all.get(Phase.TO_RUNNING).greatestNanos()).isEqualTo(120_000 * MILLI);
        assertThat(all.get(Phase.TOTAL).greatestNanos()).isEqualTo(160_007 * MILLI);
        assertSumsMatch(all, 1);
    }

    @Test
    void theSlowestAreKeptWithTheirPhasesAndNoMoreThanTwenty() {
        for (int i = 1; i <= 200; i++) {
            run(CreateClass.NORMAL, (i * 37) % 200, 10);
        }

        List<CreateRecord> slowest = times.stats().slowest();

        assertThat(slowest).hasSize(20);
        for (int i = 0; i < slowest.size(); i++) {
            assertThat(slowest.get(i).phaseNanos())
                    .containsEntry(Phase.QUEUE_WAIT, (199 - i) * MILLI)
                    .containsKeys(Phase.values()[0], Phase.CREATE_CALL, Phase.TOTAL);
        }
    }

    @Test
    void oneThatFailedCountsAsThatAndIsInNoFigure() {
        CreateRequest bad = accept(CreateClass.HA, "b");
        bad.stations().pass(Station.DECODED, nanos);
        pass(millis(50));
        table.down(bad.vm(), ExitInfo.startFailed("no"));
        run(CreateClass.HA, 0, 10);

        CreateStats stats = times.stats();

        assertThat(stats.outcomes()).isEqualTo(new EnumMap<>(Map.of(State.FAILED, 1L, State.UP, 1L)));
        assertThat(stats.timed()).isEqualTo(1);
        assertThat(stats.all().get(Phase.VALIDATE).count()).isEqualTo(1);
    }

    @Test
    void oneOfAFormerLifeIsNotInTheFiguresForMostOfItsWayIsNotKnown() {
        CreateRequest resumed = accept(CreateClass.NORMAL, "b").resumed(nanos);
        resumed.stations().pass(Station.SLOT, nanos);
        assertThat(table.beginLaunch(resumed.vm())).isTrue();
        table.endLaunch(resumed.vm(), true, wallMillis);

        assertThat(times.stats().outcomes()).containsEntry(State.UP, 1L);
        assertThat(times.stats().timed()).isZero();
        assertThat(times.stats().all()).isEmpty();
    }

    @Test
    void afterAResetOnlyWhatEndsLaterCountsAndTheRegistryGoesOn() {
        run(CreateClass.NORMAL, 100, 10);
        wallMillis += 5000;
        times.reset();
        assertThat(times.stats().timed()).isZero();
        assertThat(times.stats().slowest()).isEmpty();
        assertThat(times.stats().sinceMillis()).isEqualTo(wallMillis);

        run(CreateClass.NORMAL, 300, 10);

        assertThat(times.stats().all().get(Phase.QUEUE_WAIT).leastNanos()).isEqualTo(300 * MILLI);
        assertThat(registry.getTimers().get("create.phase.queue-wait.normal").getCount())
                .isEqualTo(2);
    }

    @Test
    void aBatchsSpanIsFromItsFirstMessageToItsLastEnd() {
        run(CreateClass.NORMAL, 0, 100); // 107 ms each, one after the other
        run(CreateClass.NORMAL, 0, 100);

        CreateStats.Span span = CreateTimes.span(ended);

        assertThat(span.started()).isEqualTo(2);
        assertThat(span.makespanNanos()).isEqualTo(214 * MILLI);
        assertThat(span.perSecond()).isEqualTo(2 / 0.214);
        assertThat(CreateTimes.of(ended, 7).all().get(Phase.TOTAL).count()).isEqualTo(2);
        assertThat(CreateTimes.span(List.of())).isEqualTo(new CreateStats.Span(0, 0));
    }

    @Test
    void aBatchsSpanGoesOnOverARestart() {
        long begin = wallMillis;
        run(CreateClass.NORMAL, 0, 100);
        ended.add(ofAFormerLife(State.UP, begin, 0)); // killed before its end was written down
        ended.add(ofAFormerLife(State.PAUSED, begin, begin + 15_000));
        ended.add(ofAFormerLife(State.FAILED, begin, begin + 60_000));

        CreateStats.Span span = CreateTimes.span(ended);

        assertThat(span).isEqualTo(new CreateStats.Span(3, 15_000 * MILLI));
        assertThat(CreateTimes.span(List.of(ofAFormerLife(State.UP, 0, 0)))).isEqualTo(new CreateStats.Span(1, 0));
    }

    private CreateRecord ofAFormerLife(State state, long acceptedAtMillis, long endedAtMillis) {
        return new CreateRecord(
                new UUID(7, made++),
                "vm",
                "b",
                CreateClass.NORMAL,
                0,
                state,
                "",
                0,
                acceptedAtMillis,
                0,
                endedAtMillis,
                1,
                Map.of());
    }
}
