package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.muster.client.Json;

class LaunchWatchTest {
    private long nanos = 5_000_000_000L;
    private final LaunchWatch watch = watch(false);

    private LaunchWatch watch(boolean paused) {
        LaunchWatch made =
                new LaunchWatch(() -> nanos, paused, List.of(Launch.pending("a", "vm-a"), Launch.pending("b", "vm-b")));
        made.sending();
        return made;
    }

    private static JsonNode status(String vmId, String status) throws Exception {
        return Json.parse("{\"" + vmId + "\":{\"status\":\"" + status + "\"},\"notify_time\":1}");
    }

    private Launch a() {
        return watch.launches().get(0);
    }

    @Test
    void secondsCountFromSendingOnTheInjectedClock() throws Exception {
        nanos += 1_500_000_000L;
        watch.onEvent("|virt|VM_status|a", status("a", "Up"), 1);
        assertThat(a().seconds()).isEqualTo(1.5);
        assertThat(a().outcome()).isEqualTo(Launch.Outcome.UP);
        assertThat(watch.silence()).isZero();
        nanos += 7;
        assertThat(watch.silence()).isEqualTo(Duration.ofNanos(7));
    }

    @Test
    void onlyEndsCountAndTheFirstIsKept() throws Exception {
        for (String onTheWay : List.of("WaitForLaunch", "Powering up", "Paused", "Migration Source")) {
            watch.onEvent("|virt|VM_status|a", status("a", onTheWay), 1);
        }
        watch.onEvent("|virt|VM_migration_status|a", status("a", "Up"), 1);
        watch.onEvent("|virt|VM_status|stranger", status("stranger", "Up"), 1);
        assertThat(watch.awaitMoreThan(-1, Duration.ZERO)).isZero();
        watch.onEvent("|virt|VM_status|a", status("a", "Down"), 1);
        watch.onEvent("|virt|VM_status|a", status("a", "Up"), 1);
        assertThat(a().outcome()).isEqualTo(Launch.Outcome.FAILED);
        assertThat(watch.awaitMoreThan(0, Duration.ofDays(1))).isEqualTo(1);
    }

    @Test
    void pausedIsAnEndWhereItWasAskedFor() throws Exception {
        LaunchWatch paused = watch(true);
        paused.onEvent("|virt|VM_status|a", status("a", "Paused"), 1);
        assertThat(paused.launches().get(0).outcome()).isEqualTo(Launch.Outcome.PAUSED);
    }

    @Test
    void missingOnceIsNotGoneMissingTwiceInARowIs() throws Exception {
        JsonNode both = Json.parse("[{\"vmId\":\"a\",\"status\":\"Powering up\"},{\"vmId\":\"b\",\"status\":\"Up\"}]");
        watch.polled(Json.array());
        watch.polled(both);
        watch.polled(Json.array());
        assertThat(a().isPending()).isTrue();
        watch.polled(Json.array());
        assertThat(a().outcome()).isEqualTo(Launch.Outcome.FAILED);
        assertThat(watch.launches().get(1).outcome()).isEqualTo(Launch.Outcome.UP);
    }

    @Test
    void theSummaryKnowsMeanAndDeviation() {
        Launch first = Launch.pending("a", "vm-a").ended(Launch.Outcome.UP, 1, "event", "");
        Launch second = Launch.pending("b", "vm-b").ended(Launch.Outcome.UP, 3, "event", "");
        assertThat(new Summary(List.of(first, second)).line())
                .isEqualTo(
                        "started 2 of 2 in 3.000 s; each: best 1.000 s, worst 3.000 s, mean 2.000 s, deviation 1.000 s");
        assertThat(new Summary(List.of(Launch.pending("a", "a"))).line()).isEqualTo("started 0 of 1, 1 still pending");
    }
}
