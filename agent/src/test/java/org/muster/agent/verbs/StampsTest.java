package org.muster.agent.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.VerbCalls;
import org.muster.agent.stats.StatsView;
import org.muster.libvirt.DomainRecord;

/** Whatever is read carries a smaller stamp than a change that it misses: the engine ignores only what is smaller. */
class StampsTest {
    private static final UUID ID = new UUID(1, 1);
    private static final ObjectMapper JSON = new ObjectMapper();

    private long nanos = Duration.ofHours(1).toNanos();
    private Runnable whenTheClockIsRead = () -> {};
    private final EventClock clock = new EventClock(this::read);
    private final VmTable table = new VmTable(clock);
    private final StatsView stats = new StatsView(StatusWords::of, new NothingKnown(), clock, () -> nanos);
    private final AtomicLong told = new AtomicLong(); // the stamp of the last event
    private final VerbCalls verbs = new VerbCalls(new HostVerbs(table, stats).verbs());

    /** A way to read how the VM is. */
    private interface Reading {
        JsonNode of(StampsTest test) throws IOException;
    }

    StampsTest() {
        table.listen(new StatusEvents(
                (method, params, ownKind) -> told.set(params.get("notify_time").longValue()), stats, clock));
        table.adopt(new DomainRecord(ID, "n", DomainRecord.State.RUNNING, 1, 0), false, 0);
        nanos += Duration.ofMinutes(1).toNanos();
    }

    private long read() {
        Runnable once = whenTheClockIsRead;
        whenTheClockIsRead = () -> {};
        once.run();
        return nanos;
    }

    static Stream<Arguments> readings() {
        return Stream.of(
                reading("Host.getAllVmStats", test -> test.verb("Host.getAllVmStats", "{}")),
                reading("VM.getStats", test -> test.verb("VM.getStats", "{\"vmID\":\"" + ID + "\"}")),
                reading("Host.getVMList", test -> test.verb("Host.getVMList", "{}")),
                reading("VM.getInfo", test -> test.verb("VM.getInfo", "{\"vmID\":\"" + ID + "\"}")),
                reading("the greeting", StampsTest::greeting));
    }

    private static Arguments reading(String name, Reading reading) {
        return Arguments.of(name, reading);
    }

    private JsonNode verb(String name, String params) throws IOException {
        JsonNode answer = JSON.readTree(JSON.writeValueAsBytes(verbs.call(name, params)));
        return answer.isArray() ? answer.get(0) : answer;
    }

    private JsonNode greeting() {
        var notice = StatusEvents.all(table, stats).orElseThrow();
        String stamp = notice.params().get("notify_time").asText();
        return JSON.createObjectNode()
                .put("status", notice.params().at("/" + ID + "/status").textValue())
                .put("statusTime", stamp);
    }

    private void change() {
        assertThat(table.destroying(ID, true)).isPresent();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("readings")
    void aChangeInTheSameMillisecondIsNewer(String name, Reading reading) throws IOException {
        JsonNode before = reading.of(this);
        change();

        assertThat(before.get("status").textValue()).as(name).isEqualTo("Up");
        assertThat(before.get("statusTime").asLong()).as(name).isLessThan(told.get());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("readings")
    void whoeverReadsTheClockBeforeAChangeSeesTheChange(String name, Reading reading) throws IOException {
        whenTheClockIsRead = () -> {
            change();
            nanos += Duration.ofSeconds(1).toNanos();
        };
        JsonNode after = reading.of(this);

        assertThat(after.get("status").textValue())
                .as("%s: what was read before the clock is older than its stamp says", name)
                .isEqualTo("Powering down");
    }

    @Test
    void sinceWhenAVmHasItsStatusDoesNotMoveWithTheQuestion() throws IOException {
        String since = verb("Host.getVMList", "{}").get("statusSince").textValue();
        nanos += Duration.ofHours(1).toNanos();

        JsonNode later = verb("Host.getVMList", "{}");
        assertThat(later.get("statusSince").textValue()).isEqualTo(since);
        assertThat(later.get("statusTime").asLong()).isGreaterThan(Long.parseLong(since));
        change();
        assertThat(verb("Host.getVMList", "{}").get("statusSince").asLong()).isGreaterThan(Long.parseLong(since));
    }
}
